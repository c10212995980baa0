"""JAX in this process: its settings. It has no random state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import jax

from gradwitness.frameworks import load, reproducible
from gradwitness.subjects.tensors.jax.programs import kept


class Process:
    """See `backend.Process`."""

    _x64 = False

    @contextmanager
    def reproducible(self) -> Iterator[None]:
        """float64 is kept. In their own dtypes functions run as the process has it: there a Python float may be a float32."""
        self._x64 = bool(jax.config.jax_enable_x64)
        with reproducible("jax"), kept():
            yield

    def untraced(self) -> AbstractContextManager[None]:
        """Without jit."""
        context: AbstractContextManager[None] = jax.disable_jit()
        return context

    @contextmanager
    def retraced(self) -> Iterator[None]:
        """Without what JAX remembers. To run loops without jit instead takes a hundred times as long."""
        jax.clear_caches()
        try:
            yield
        finally:
            jax.clear_caches()

    def random_state(self) -> Callable[[], None]:
        """JAX has no state of its own: keys are handed over."""
        return lambda: None

    def stir(self) -> None:
        """There is no state."""

    def drawn(self) -> object:
        """Nothing: there is no state."""
        return None

    def version(self) -> str:
        """Name and version."""
        return load("jax").version()
