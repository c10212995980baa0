"""What is timed: which networks, sizes and phases, by whom, in which order. Nothing here imports a framework."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import adapters
from benchmarks.sizes import MODELS, OPS, PEERS
from conformance.matrix import Selection
from conformance.names import unknown
from gradwitness import frameworks

SIZES = tuple(dict.fromkeys(size for sizes in MODELS.values() for size in sizes))
PHASES = ("forward", "forward+backward", "step")
"""The loss; the loss and the gradient of every parameter and of the input; a training step: loss, backward, SGD update."""


@dataclass(frozen=True)
class Implementation:
    """Who computes: a framework or a peer, in one of its modes, on a device, in a precision (benchmarks/precision.py)."""

    framework: str
    mode: str
    device: str
    precision: str = "float32"

    def __str__(self) -> str:
        reduced = f"-{self.precision}" if self.precision != "float32" else ""
        return f"{self.framework}-{self.mode}-{self.device}{reduced}"

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
    peer: Sequence[str] = ()
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
        there_are: dict[str, Iterable[str]] = {"peer": PEERS, "model": MODELS, "op": OPS, "size": SIZES, "phase": PHASES}
        for option, names in there_are.items():
            for asked in getattr(self, option):
                if asked not in names:
                    raise ValueError(unknown(option, asked, list(names)))
        if self.passes < 1:
            raise ValueError(f"{self.passes} passes; wanted at least 1")
        if not self.problems:
            have = "; ".join(f"{model} has {', '.join(MODELS[model])}" for model in self.model or MODELS)
            raise ValueError(f"nothing of size {', '.join(self.size)}: {have}")
        if len(self.implementations) == 1:
            names = (*self.adapter, *self.peer) or adapters.NAMES
            have = "; ".join(
                f"{name} has {', '.join(frameworks.specs()[name].modes if name in frameworks.specs() else ('eager',))}"
                for name in names
            )
            raise ValueError(f"nothing to compare the reference with in mode {', '.join(self.mode)}: {have}")

    @property
    def complete(self) -> bool:
        """Whether nothing is left out."""
        return not any((self.adapter, self.peer, self.mode, self.device, self.model, self.op, self.size, self.phase))

    @cached_property
    def implementations(self) -> tuple[Implementation, ...]:
        """The reference, then every selected mode of every selected adapter on every selected device, then the peers. Whoever
        asks for an adapter wants no peer besides, unless asked for; and the other way round.
        """
        names = self.adapter or (() if self.peer else adapters.NAMES)
        peers = self.peer or (() if self.adapter else tuple(PEERS))
        on_cpu = "cpu" in Selection(device=self.device).devices() and (not self.mode or "eager" in self.mode)
        return (
            REFERENCE,
            *(
                Implementation(name, mode, device)
                for device in Selection(device=self.device).devices()
                for name in names
                for mode in frameworks.spec_of(name).modes
                if not self.mode or mode in self.mode
            ),
            *(Implementation(name, "eager", "cpu") for name in peers if on_cpu),
        )

    def implementations_of(self, name: str) -> tuple[Implementation, ...]:
        """Those that have a model or an op; peers have a few models."""
        return tuple(who for who in self.implementations if name in PEERS.get(who.framework, (name,)))

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
        models = self.model or (tuple(MODELS) if self.size or not self.op else ())
        ops = self.op or (() if self.model or self.size else tuple(OPS))
        return (
            *(
                (model, size)
                for model, sizes in MODELS.items()
                for size in sizes
                if model in models and (not self.size or size in self.size)
            ),
            *((op, size) for op, size in OPS.items() if op in ops),
        )

    @property
    def adapters(self) -> tuple[str, ...]:
        """The selected ones."""
        return tuple(self.adapter or adapters.NAMES)

    def places(self) -> Iterator[Place]:
        """Everything that is prepared and verified."""
        return (Place(who, model, size) for model, size in self.problems for who in self.implementations_of(model))

    def timings(self) -> Iterator[Timing]:
        """Everything that is timed: within a group one pass over all implementations after the other."""
        for model, size in self.problems:
            for phase in self.phases_of(model):
                for number in range(self.passes):
                    for who in self.implementations_of(model):
                        yield Timing(Place(who, model, size), phase, number)
