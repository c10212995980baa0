"""What a backward takes of memory."""

import tracemalloc

import numpy as np

from conformance.memory import ALLOWED, backward_of_conv2d, peak


def test_the_backward_of_conv2d_is_not_wasteful() -> None:
    assert backward_of_conv2d() <= ALLOWED


def test_a_wasteful_function_would_be_seen() -> None:
    tracemalloc.start()
    try:
        assert peak(lambda: np.empty(10**6)) >= 8 * 10**6
    finally:
        tracemalloc.stop()
