"""The graph of a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf

from gradwitness.rounding.framework import NotWatched

OPTIMIZER = "disable_meta_optimizer"
"""TensorFlow's name for the option."""


def traced(function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """A concrete function. Raises NotWatched where it cannot be traced."""
    try:
        with np.errstate(all="ignore"):  # a number of the source may overflow the dtype
            return tf.function(lambda *args: function(*args), autograph=False).get_concrete_function(*arguments)
    except Exception as error:  # a function that runs eagerly fails in many ways where it is traced
        raise NotWatched(f"the function cannot be traced: {type(error).__name__}: {error}") from error


@contextmanager
def unoptimized() -> Iterator[None]:
    """A context in which graphs run as they were built. To optimize one takes longer than to run it a few times."""
    before = tf.config.optimizer.get_experimental_options().get(OPTIMIZER, False)
    tf.config.optimizer.set_experimental_options({OPTIMIZER: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({OPTIMIZER: before})
