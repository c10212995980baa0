"""The networks of `python -m benchmarks run`: a model, of whose size one number is swept. Nothing here computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

SWEPT = ("width", "batch", "depth", "length")


class Problem(NamedTuple):
    """A model at a size.

    sweep, number   what is swept, and its value here
    arguments       what the model's problem in benchmarks/networks.py takes
    """

    model: str
    sweep: str
    number: int
    arguments: tuple[int, ...]

    @property
    def size(self) -> str:
        """The arguments in words: "64x256x256"."""
        return "x".join(map(str, self.arguments))

    def __str__(self) -> str:
        return f"{self.model} {self.sweep} {self.number}"


class Sweep(NamedTuple):
    """number -> arguments, for each of the numbers."""

    numbers: tuple[int, ...]
    arguments: Callable[[int], tuple[int, ...]]


WIDE = (16, 64, 256, 1024, 2048, 4096, 8192)
BATCHES = (4, 16, 64, 256, 1024, 4096)
IMAGES = (2, 8, 32, 128, 512, 1024)
DEEP = (1, 2, 4, 8, 16, 32)
LONG = (8, 16, 32, 64, 128, 256)

SWEEPS: dict[str, dict[str, Sweep]] = {
    # (batch, inputs, hidden, hidden, ...)
    "mlp": {
        "width": Sweep(WIDE, lambda n: (64, n, n)),
        "batch": Sweep(BATCHES, lambda n: (n, 256, 256)),
        "depth": Sweep(DEEP, lambda n: (64, 256, *[256] * n)),
    },
    # (batch, context, width, layers)
    "gpt": {
        "depth": Sweep(DEEP, lambda n: (8, 64, 128, n)),
        "length": Sweep((16, 32, 64, 128, 256, 512), lambda n: (8, n, 128, 2)),
        "width": Sweep((32, 64, 128, 256, 512, 1024), lambda n: (8, 64, n, 2)),
        "batch": Sweep((1, 4, 16, 64, 128, 256), lambda n: (n, 64, 128, 2)),
    },
    # (batch, side, kernel, channels of the images and after each stage)
    "lenet": {
        "batch": Sweep(IMAGES, lambda n: (n, 28, 5, 1, 6, 16)),
        "width": Sweep((4, 8, 16, 32, 64, 128), lambda n: (32, 28, 5, 1, n, 2 * n)),
    },
    # (batch, steps, inputs, hidden)
    "lstm_classifier": {
        "length": Sweep(LONG, lambda n: (32, n, 64, 64)),
        "width": Sweep((16, 32, 64, 128, 256, 512, 1024), lambda n: (32, 16, n, n)),
        "batch": Sweep((1, 4, 16, 64, 256, 1024), lambda n: (n, 16, 64, 64)),
    },
    # (batch, side, channels of the images, after the stem and after each block)
    "resnet": {
        "batch": Sweep((2, 8, 32, 64, 128, 256), lambda n: (n, 16, 3, 16, 16, 32)),
        "width": Sweep((4, 8, 16, 32, 64, 128), lambda n: (16, 16, 3, n, n, 2 * n)),
        "depth": Sweep((1, 2, 4, 8, 12, 16), lambda n: (16, 16, 3, *[16] * (n + 1))),
    },
    "gru_classifier": {"length": Sweep(LONG, lambda n: (32, n, 64, 64))},
    # (batch, inputs, hidden, codes or embedding)
    "vae": {"batch": Sweep(BATCHES, lambda n: (n, 784, 512, 32))},
    "siamese": {"batch": Sweep(BATCHES, lambda n: (n, 784, 512, 32))},
    # (batch, inputs, hidden)
    "two_layer": {"width": Sweep(WIDE, lambda n: (64, n, n))},
}
"""Model -> its sweeps, the most telling first."""

QUICK = ("mlp", "width", (64, 256, 1024))
"""The sweep of `run --quick`, and its three sizes."""


def problems() -> Iterator[Problem]:
    """Every model at every size."""
    for model, sweeps in SWEEPS.items():
        for sweep, (numbers, arguments) in sweeps.items():
            for number in numbers:
                yield Problem(model, sweep, number, arguments(number))


def main_sweep(problem: Problem) -> bool:
    """Whether it belongs to its model's first sweep."""
    return problem.sweep == next(iter(SWEEPS[problem.model]))
