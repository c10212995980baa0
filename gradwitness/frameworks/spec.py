"""What is known of a framework without importing it.

`specs()` has a `FrameworkSpec` for NumPy, PyTorch, TensorFlow and JAX, and for each framework that an installed package adds
through the entry-point group `gradwitness.adapters`:

    [project.entry-points."gradwitness.adapters"]
    autograd = "gradwitness_autograd:SPEC"
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType

GROUP = "gradwitness.adapters"


@dataclass(frozen=True)
class FrameworkSpec:
    """A framework, and where its modules are.

    name        the name that options and reports use
    package     the package that must be installed
    module      the import path of the module that implements `Framework`
    modes       ways to run a function. The first is the plain one; the others compile it
    customary   the mode in which the framework's users train: the quickest for a thousand small steps, compiling included
    slow        modes that start a C++ or Triton compiler for each function: seconds instead of milliseconds
    devices     where it may run, if the machine has it
    adapter     the import path of the adapter's package, for an adapter that lives outside this repository
    may_lack    how many ops, models, optimizers, schedules and clippings of the reference the adapter may lack, each for a
                stated reason; None for any number: the adapter is partial on purpose
    """

    name: str
    package: str
    module: str
    modes: tuple[str, ...] = ("eager",)
    customary: str = "eager"
    slow: tuple[str, ...] = ()
    devices: tuple[str, ...] = ("cpu",)
    adapter: str = ""
    may_lack: int | None = None

    def __post_init__(self) -> None:
        for mode in (self.customary, *self.slow):
            if mode not in self.modes:
                raise ValueError(f"FrameworkSpec {self.name!r}: mode {mode!r} came; wanted one of modes, {', '.join(self.modes)}")

    @property
    def installed(self) -> bool:
        """Whether the framework's package can be found. Nothing is imported."""
        return importlib.util.find_spec(self.package) is not None


_OWN = "gradwitness.frameworks"
_GPU = ("cpu", "cuda")
BUILT_IN = (
    FrameworkSpec("numpy", "numpy", f"{_OWN}.numpy"),
    FrameworkSpec("torch", "torch", f"{_OWN}.torch", modes=("eager", "inductor"), slow=("inductor",), devices=_GPU, may_lack=3),
    FrameworkSpec(
        "tensorflow",
        "tensorflow",
        f"{_OWN}.tensorflow",
        modes=("eager", "graph", "xla"),
        customary="graph",
        devices=_GPU,
        may_lack=3,
    ),
    FrameworkSpec("jax", "jax", f"{_OWN}.jax", modes=("eager", "jit"), customary="jit", devices=_GPU, may_lack=0),
)


@cache
def specs() -> Mapping[str, FrameworkSpec]:
    """Name -> spec. Entry points are read once.

    An entry point that cannot be loaded, is no FrameworkSpec or takes a name that is there already is left out with a warning.
    """
    found = {spec.name: spec for spec in BUILT_IN}
    for point in entry_points(group=GROUP):
        place = f"entry point {point.name!r} of {GROUP} ({point.value})"
        try:
            spec = point.load()
        except Exception as error:  # whatever a stranger's package raises must not stop everybody else
            warnings.warn(f"{place} cannot be loaded: {type(error).__name__}: {error}", stacklevel=2)
            continue
        if not isinstance(spec, FrameworkSpec):
            warnings.warn(f"{place} is a {type(spec).__name__}; wanted a FrameworkSpec", stacklevel=2)
        elif spec.name in found:
            warnings.warn(f"{place} has the name {spec.name!r}, which is taken; choose another", stacklevel=2)
        else:
            found[spec.name] = spec
    return MappingProxyType(found)


def spec_of(name: str) -> FrameworkSpec:
    """The spec of a framework. Raises ValueError for an unknown name, listing what there is."""
    if name not in specs():
        raise ValueError(f"unknown framework {name!r}; there are {', '.join(specs())}")
    return specs()[name]
