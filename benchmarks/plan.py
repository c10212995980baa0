"""What is timed: which networks, sizes and phases, by whom, in which order. Nothing here imports a framework."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import adapters
from gradwitness import frameworks
from tests.matrix import Selection

MODELS = ("two_layer", "mlp")
PHASES = ("forward", "forward+backward", "step")
"""The loss; the loss and the gradient of every parameter and of the input; a training step: loss, backward, SGD update."""


@dataclass(frozen=True)
class Size:
    """x is (batch, inputs), and there are so many hidden units."""

    batch: int
    inputs: int
    hidden: int

    def __str__(self) -> str:
        return f"{self.batch}x{self.inputs}x{self.hidden}"


SIZES = {str(size): size for size in (Size(4, 2, 3), Size(64, 64, 128), Size(256, 256, 512), Size(1024, 1024, 2048))}
"""From the XOR network up."""


OP_SIZES = {
    "linear": "256x512 to 512",
    "conv2d": "16x32x32x32, 3x3 to 64",
    "max_pool2d": "16x64x32x32, 2x2",
    "batch_norm": "16x64x32x32",
    "layer_norm": "512x768",
    "lstm": "32x64 steps, 128 to 128",
    "scaled_dot_product_attention": "8x8 heads, 128x128, 64",
    "gelu": "1024x1024",
    "softmax": "512x1000",
    "cross_entropy": "512x1000",
}
"""The ops that are timed by themselves, forward and forward+backward, and at which size."""
ASKED = {
    "linear": 2.0, "conv2d": 3.0, "max_pool2d": 4.0, "batch_norm": 4.0, "layer_norm": 2.0, "lstm": 2.0,
    "scaled_dot_product_attention": 2.0, "gelu": 4.0, "softmax": 2.0, "cross_entropy": 2.0,
}  # fmt: skip
"""What the reference aims at: forward+backward within so many times what PyTorch takes, eager, on one thread of a CPU."""


@dataclass(frozen=True)
class Implementation:
    """Who computes: a framework, in one of its modes, on a device."""

    framework: str
    mode: str
    device: str

    def __str__(self) -> str:
        return f"{self.framework}-{self.mode}-{self.device}"

    @property
    def asynchronous(self) -> bool:
        """Whether calls return before they have computed: JAX's everywhere, everybody's on a GPU."""
        return self.framework == "jax" or self.device != "cpu"


REFERENCE = Implementation("numpy", "eager", "cpu")


@dataclass(frozen=True)
class Place:
    """An implementation of a model, or of an op, at a size: what is prepared and verified as one."""

    implementation: Implementation
    model: str
    size: str

    def __str__(self) -> str:
        return f"{self.model}-{self.size}-{self.implementation}"


@dataclass(frozen=True)
class Timing:
    """One pass over one phase of a place. Timings with the same group are compared."""

    place: Place
    phase: str
    number: int

    def __str__(self) -> str:
        return f"{self.place}-{self.phase}-pass{self.number}"

    @property
    def group(self) -> tuple[str, str, str]:
        """Model, size, phase."""
        return self.place.model, self.place.size, self.phase


@dataclass(frozen=True)
class Plan:
    """What the options ask for; an empty one asks for everything. The reference is always in it: ratios are taken to it.

    Raises ValueError for a name that is not there, listing what there is, and where the filters leave nothing to compare.
    """

    adapter: Sequence[str] = ()
    mode: Sequence[str] = ()
    device: Sequence[str] = ()
    model: Sequence[str] = ()
    op: Sequence[str] = ()
    size: Sequence[str] = ()
    phase: Sequence[str] = ()
    passes: int = 3

    def __post_init__(self) -> None:
        # Selection knows the adapters, modes and devices there are
        Selection(adapter=self.adapter, mode=self.mode, device=self.device)
        for option, names in {"model": MODELS, "op": tuple(OP_SIZES), "size": tuple(SIZES), "phase": PHASES}.items():
            for asked in getattr(self, option):
                if asked not in names:
                    raise ValueError(f"unknown {option} {asked!r}; there are {', '.join(names)}")
        if self.passes < 1:
            raise ValueError(f"{self.passes} passes; wanted at least 1")
        if len(self.implementations) == 1:
            have = "; ".join(f"{name} has {', '.join(frameworks.MODES[name])}" for name in self.adapter or adapters.NAMES)
            raise ValueError(f"nothing to compare the reference with in mode {', '.join(self.mode)}: {have}")

    @property
    def complete(self) -> bool:
        """Whether nothing is left out."""
        return not any((self.adapter, self.mode, self.device, self.model, self.op, self.size, self.phase))

    @cached_property
    def implementations(self) -> tuple[Implementation, ...]:
        """The reference, then every selected mode of every selected adapter on every selected device."""
        return REFERENCE, *(
            Implementation(name, mode, device)
            for device in Selection(device=self.device).devices()
            for name in self.adapter or adapters.NAMES
            for mode in frameworks.MODES[name]
            if not self.mode or mode in self.mode
        )

    @cached_property
    def phases(self) -> tuple[str, ...]:
        """The selected phases, in order."""
        return tuple(phase for phase in PHASES if not self.phase or phase in self.phase)

    def phases_of(self, name: str) -> tuple[str, ...]:
        """Of a model or an op; an op has no training step."""
        return tuple(phase for phase in self.phases if phase != "step" or name in MODELS)

    @cached_property
    def problems(self) -> tuple[tuple[str, str], ...]:
        """Selected (model, size) and (op, size), in the order in which they are worked through. Whoever asks for a model or a
        size wants no op besides, unless asked for; and the other way round.
        """
        models = self.model or (MODELS if self.size or not self.op else ())
        ops = self.op or (() if self.model or self.size else tuple(OP_SIZES))
        sizes = [size for size in SIZES if not self.size or size in self.size]
        return (
            *((model, size) for model in MODELS if model in models for size in sizes),
            *((op, size) for op, size in OP_SIZES.items() if op in ops),
        )

    @property
    def adapters(self) -> tuple[str, ...]:
        """The selected ones."""
        return tuple(self.adapter or adapters.NAMES)

    def places(self) -> Iterator[Place]:
        """Everything that is prepared and verified."""
        return (Place(who, model, size) for model, size in self.problems for who in self.implementations)

    def timings(self) -> Iterator[Timing]:
        """Everything that is timed: within a group one pass over all implementations after the other."""
        for model, size in self.problems:
            for phase in self.phases_of(model):
                for number in range(self.passes):
                    for who in self.implementations:
                        yield Timing(Place(who, model, size), phase, number)
