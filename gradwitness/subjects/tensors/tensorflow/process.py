"""TensorFlow in this process: its settings, its seed, and the counter behind tf.random."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import tensorflow as tf
from tensorflow.python import pywrap_tfe
from tensorflow.python.eager import context as eager
from tensorflow.python.framework import config

from gradwitness.frameworks import load, reproducible


class Process:
    """See `backend.Process`."""

    def reproducible(self) -> AbstractContextManager[None]:
        """No TF32, and a seed for the ops that draw random numbers and have none."""
        return _context()

    def untraced(self) -> AbstractContextManager[None]:
        """Without tf.function."""
        return _eagerly()

    def retraced(self) -> AbstractContextManager[None]:
        """Nothing is traced."""
        return self.untraced()

    def random_state(self) -> Callable[[], None]:
        """Of the counter behind tf.random."""
        context = eager.context()
        generator = getattr(context, "_rng", None)  # there once a seed is set
        kept = generator.getstate() if generator is not None else None

        def put_back() -> None:
            if generator is not None and generator.getstate() != kept:
                generator.setstate(kept)
                if context._context_handle is not None:  # a kernel that drew numbers goes on where it ended
                    pywrap_tfe.TFE_ContextClearCaches(context._context_handle)

        return put_back

    def stir(self) -> None:
        """One number further, if a seed is set."""
        generator = getattr(eager.context(), "_rng", None)
        if generator is not None:
            generator.random()

    def drawn(self) -> object:
        """The counter behind tf.random."""
        generator = getattr(eager.context(), "_rng", None)
        return generator and generator.getstate()

    def version(self) -> str:
        """Name and version."""
        return load("tensorflow").version()


@contextmanager
def _eagerly() -> Iterator[None]:
    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(before)


@contextmanager
def _context() -> Iterator[None]:
    """The seed of the process, and the counter that goes with it, are put back: there is no public way to ask for them.

    Deterministic ops stay as the process has them. They may be other functions: softmax_cross_entropy_with_logits has another
    gradient where they are asked for.
    """
    context = eager.context()
    seed, rng = context._seed, getattr(context, "_rng", None)
    deterministic = config.is_op_determinism_enabled()
    with reproducible("tensorflow"):
        try:
            if not deterministic:
                config.disable_op_determinism()
            if seed is None:
                tf.random.set_seed(0)
            yield
        finally:
            context._seed, context._rng = seed, rng
