"""PyTorch in this process: its settings, and its random generators."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import torch

from gradwitness.frameworks import load, reproducible
from gradwitness.frameworks.torch import ERROR, WARN, deterministic
from gradwitness.subjects.tensors.torch.bounds import bounded


class Process:
    """See `backend.Process`."""

    def reproducible(self) -> AbstractContextManager[None]:
        """Deterministic algorithms, where PyTorch has them; gradients are on; integers out of range are an error."""
        return _context()

    def untraced(self) -> AbstractContextManager[None]:
        """Without torch.compile."""
        context: AbstractContextManager[None] = torch.compiler.set_stance("force_eager")
        return context

    def retraced(self) -> AbstractContextManager[None]:
        """Nothing is traced."""
        return self.untraced()

    def random_state(self) -> Callable[[], None]:
        """Of the CPU, and of every GPU that was used."""
        state = torch.get_rng_state()
        cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() and torch.cuda.is_initialized() else None

        def put_back() -> None:
            torch.set_rng_state(state)
            if cuda is not None:
                torch.cuda.set_rng_state_all(cuda)

        return put_back

    def stir(self) -> None:
        """Of the CPU, and of the GPU that is used."""
        torch.default_generator.manual_seed(torch.default_generator.initial_seed() + 1)
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            torch.cuda.manual_seed_all(torch.default_generator.initial_seed())

    def drawn(self) -> object:
        """The generator's state."""
        return torch.get_rng_state().numpy().tobytes()

    def version(self) -> str:
        """Name and version."""
        return load("torch").version()


@contextmanager
def _context() -> Iterator[None]:
    """An operation that has no deterministic algorithm runs all the same, but for a user who asked for an error."""
    strict = torch.get_deterministic_debug_mode() == ERROR
    with reproducible("torch"), torch.enable_grad(), bounded(), warnings.catch_warnings():
        if not strict:
            warnings.filterwarnings("ignore", ".*does not have a deterministic implementation", UserWarning)
            deterministic(WARN)
        yield
