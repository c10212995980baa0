"""The matrix: which cells there are. Nothing here imports a framework.

A cell is one case in one adapter, dtype, device and mode; it is a parameter of a test, and its id is enough to find
it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import adapters
from conformance import choice
from conformance.names import unknown
from conformance.real import ID as REAL_DATA
from conformance.real import ON_DATA
from conformance.recipes import RECIPES
from gradwitness import frameworks
from reference import OPS, OPTIMIZERS, Case

Kind = Literal["op", "model", "optimizer", "training"]

DTYPES = ("float64", "float32")
TABLES: dict[Kind, dict[str, Any]] = {
    "op": OPS,
    "model": ON_DATA,
    "optimizer": OPTIMIZERS,
    "training": RECIPES,
}


@dataclass(frozen=True)
class Cell:
    """One place of the matrix.

    seed   of the case's inputs and cotangent; None for the one that its name gives, at which the tests run it
    """

    kind: Kind
    name: str
    case_id: str
    adapter: str
    dtype: str
    device: str
    mode: str
    seed: int | None = None

    def __str__(self) -> str:
        of = "" if self.seed is None else f"-seed{self.seed}"
        return f"{self.name}-{self.case_id}-{self.adapter}-{self.dtype}-{self.device}-{self.mode}{of}"

    @property
    def subject(self) -> Any:
        """The op, model or optimizer: an Op, or an Optimizer."""
        return TABLES[self.kind][self.name]

    @property
    def case(self) -> Case:
        """Its case."""
        case: Case = next(case for case in self.subject.cases if case.id == self.case_id)
        return case

    @property
    def family(self) -> str:
        """The row of the closing table that it counts in."""
        return str(self.subject.family) if self.kind == "op" else {"training": "training"}.get(self.kind, f"{self.kind}s")


@dataclass(frozen=True)
class Selection:
    """What the options ask for; an empty one asks for everything, but for most of the compiled cells: an op or model is compiled
    on its generic case (a model on real data, too), and on its other cases where its mode is asked for or with
    every_case_compiled; and a training run is made in the mode that is customary in its framework, and in the others likewise.
    With quick it asks for the cells of conformance/choice.py among these.

    Raises ValueError for a name that is not there, listing what there is.
    """

    adapter: Sequence[str] = ()
    op: Sequence[str] = ()
    dtype: Sequence[str] = ()
    device: Sequence[str] = ()
    mode: Sequence[str] = ()
    required: Sequence[str] = field(default=())
    every_case_compiled: bool = False
    quick: bool = False

    def __post_init__(self) -> None:
        known = {
            "adapter": adapters.NAMES,
            "op": tuple(name for table in TABLES.values() for name in table),
            "dtype": DTYPES,
            "device": tuple(dict.fromkeys(device for name in adapters.NAMES for device in frameworks.spec_of(name).devices)),
            "mode": tuple(dict.fromkeys(mode for name in adapters.NAMES for mode in frameworks.spec_of(name).modes)),
            "required": adapters.NAMES,
        }
        for option, names in known.items():
            for asked in getattr(self, option):
                if asked not in names:
                    raise ValueError(unknown("adapter" if option == "required" else option, asked, names))

    def __bool__(self) -> bool:
        return any((self.adapter, self.op, self.dtype, self.device, self.mode))

    def devices(self) -> Sequence[str]:
        """Those asked for; else the CPU, and CUDA where the machine has an NVIDIA device, whether or not a
        framework can use it.
        """
        return self.device or (("cpu", "cuda") if Path("/dev/nvidiactl").exists() else ("cpu",))

    def cells(self, kind: Kind) -> Iterator[Cell]:
        """The selected cells, those of one case and dtype together, so that the reference is run once for all of
        them.
        """
        for name, subject in TABLES[kind].items():
            if self.op and name not in self.op:
                continue
            case_ids = ["whole_run"] if kind == "training" else [case.id for case in subject.cases]
            for case_id in case_ids:
                for dtype in self.dtype or DTYPES:
                    if kind == "training" and not subject.steps_judged(dtype):
                        continue
                    for adapter in self.adapter or adapters.NAMES:
                        for mode in frameworks.spec_of(adapter).modes:
                            if self.mode and mode not in self.mode:
                                continue
                            if not self._wants(kind, adapter, mode, case_id, case_ids):
                                continue
                            if self.quick and not self._chooses(kind, name, case_ids, case_id, (adapter, dtype), mode):
                                continue
                            for device in self.devices():
                                yield Cell(kind, name, case_id, adapter, dtype, device, mode)

    def _wants(self, kind: Kind, adapter: str, mode: str, case_id: str, case_ids: Sequence[str]) -> bool:
        """Whether a case is run in a mode. Compilers get generic cases, and models on real data, unless every case is asked for
        or the mode; one that takes ten seconds a model no others in any case, and of a model real data alone. A training run, of
        hundreds of steps, is made in the mode that is customary, and an optimizer runs eagerly alone.
        """
        everything = self.every_case_compiled or mode in self.mode
        generic = case_id in (case_ids[0], REAL_DATA)
        spec = frameworks.spec_of(adapter)
        if mode in spec.slow:
            return case_id == (REAL_DATA if REAL_DATA in case_ids else case_ids[0]) and kind in ("op", "model")
        if kind == "training":
            return everything or mode == spec.customary
        return mode == "eager" or (kind != "optimizer" and (generic or everything))

    def _chooses(self, kind: Kind, name: str, case_ids: Sequence[str], case_id: str, place: tuple[str, str], mode: str) -> bool:
        """Whether the quick choice has a case at a place, which is an adapter and a dtype."""
        if kind == "training":
            return choice.chooses_run(name, RECIPES[name], place[1])
        if case_id == case_ids[0]:
            return choice.chooses_generic(kind, place[0], mode)
        if kind == "model":
            return False
        return choice.chooses_other(name, case_id, place, self.adapter or adapters.NAMES, self.dtype or DTYPES, mode)

    @property
    def statement(self) -> str:
        """How many cells of how many, and which, in one line."""
        chosen, total = (sum(1 for kind in TABLES for _ in each.cells(kind)) for each in (self, replace(self, quick=False)))
        return f"{chosen:,} of {total:,} cells: {choice.SAID}. --all runs all of them (tox run -e verify -- --all)."
