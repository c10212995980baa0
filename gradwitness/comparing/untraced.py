"""Functions that frameworks compile run as Python: a change of their code is seen, and no trace of it is kept for later calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def untraced(framework: str) -> Iterator[None]:
    """Inside, jax.jit and tf.function do nothing."""
    if framework == "jax":
        import jax

        with jax.disable_jit():
            yield
    elif framework == "tensorflow":
        import tensorflow as tf

        before = tf.config.functions_run_eagerly()
        tf.config.run_functions_eagerly(True)
        try:
            yield
        finally:
            tf.config.run_functions_eagerly(before)
    else:
        yield
