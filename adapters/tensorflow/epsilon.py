"""The epsilon of Keras: its losses take it from the global configuration only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras


@contextmanager
def keras_epsilon(value: float) -> Iterator[None]:
    """Keras's epsilon is value within, and what it was afterwards."""
    before = keras.config.epsilon()
    keras.config.set_epsilon(value)
    try:
        yield
    finally:
        keras.config.set_epsilon(before)
