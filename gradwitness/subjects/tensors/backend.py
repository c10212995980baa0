"""What a framework offers to whoever examines its functions, and which framework some values belong to."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, cast

from gradwitness.arrays import Array
from gradwitness.subjects.arguments import branches, kind
from gradwitness.subjects.errors import BadCall


@dataclass(frozen=True)
class Precision:
    """In which floats a function runs.

    stored    what its inputs, and the floats that it holds, are rounded to
    computed  in which it computes
    exact     whether the casts to narrower dtypes inside it round nothing

    None leaves them as they are.
    """

    stored: str | None = None
    computed: str | None = None
    exact: bool = False


Pull = Callable[[Sequence[Any]], list[Any]]
"""Cotangents, one for each output, to gradients, one for each input: a tensor, or None where the framework gives none."""

Inside = Callable[[], AbstractContextManager[None]]
"""Makes the context in which a function finds what it is given, in its backward too."""
Calling = Callable[[Mapping[str, Any], tuple[Any, ...], Mapping[str, Any], Precision], tuple[Any, Inside]]
"""(parameters, args, kwargs, precision) -> what a function returns, and the context for its backward."""

OBJECTS = (
    "Of an object, such as a ParameterList or a dataclass, hand over the tensors: list(...), dict(...), dataclasses.asdict(...)"
)
PACKAGES = {"torch": "torch", "tensorflow": "tensorflow", "keras": "tensorflow", "jax": "jax", "jaxlib": "jax", "flax": "jax"}
"""Package that a type comes from -> framework."""


class Exact(Protocol):
    """Runs functions with every operation in float64, whatever they cast to inside."""

    def run(self, run: Callable[[Sequence[Any]], list[Any]]) -> Callable[[Sequence[Any]], list[Any]]:
        """The same as run."""

    def vjp(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> tuple[list[Any], Pull]:
        """What run returns for these inputs, and its pull."""


class Backend(Protocol):
    """One framework.

    name      "torch", "tensorflow" or "jax"
    title     as people write it
    cure      how an array of NumPy becomes a tensor
    layouts   ways to lay out the same values in memory, besides the plain one; "expanded" is one number, seen many times
    """

    name: str
    title: str
    layouts: tuple[str, ...]
    cure: str

    def without_values(self, tensor: Any) -> str:
        """Why a tensor has no values ("on the meta device"); empty where it has."""

    def holds(self, value: Any) -> bool:
        """Whether a value is a tensor of this framework."""

    def marked(self, tensor: Any) -> bool:
        """Whether a tensor says of itself that it is differentiated: requires_grad. If one does, those that do not are data."""

    def dtype(self, tensor: Any) -> str:
        """The name of its dtype: "float32", "bfloat16", "int64", "complex64"."""

    def array(self, tensor: Any) -> Array:
        """A copy of the values: 16-bit floats as float32, complex numbers as pairs of real ones along a last axis."""

    def tensor(self, array: Array, like: Any, dtype: str) -> Any:
        """A new tensor on the device of `like` with values rounded to a dtype; pairs become complex numbers."""

    def zeros(self, tensor: Any) -> Any:
        """Zeros of the same shape and dtype."""

    def laid_out(self, tensor: Any, layout: str) -> Any:
        """A tensor with the same values in one of the layouts."""

    def prepared(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Let modules make the parameters that they make when they are called first."""

    def parameters(self, function: Any) -> Mapping[str, Any]:
        """The parameters of a module, layer or model by their names; none for a plain function."""

    def trained(self, function: Any) -> list[str]:
        """The names of tensors that are trained, which a function holds and which are none of its `parameters`."""

    def unused(self, run: Callable[[], object]) -> list[str]:
        """The names of custom gradients that are passed over while run calls forward and backward."""

    def of_triangles(self, outs: Sequence[Any]) -> bool:
        """Whether these outputs of a `vjp` hang on a function that takes a triangular matrix, and whose gradient for it does not
        stay in the triangle, and on no rule of the user's.
        """

    def has_phases(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> bool:
        """Whether run computes eigenvectors or singular vectors of complex matrices, whose phases are arbitrary; False where that
        is not known, and where the framework itself says so.
        """

    def samples(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> bool:
        """Whether random numbers are drawn whose gradient is implicit, as those of a gamma distribution, as far as is known."""

    def calling(self, function: Any, mode: str = "eager") -> Calling:
        """The function in a mode. It runs on its parameters, and on other floats that it holds, in a precision; nothing that it
        holds is changed.
        """

    def evaluator(self, function: Any, run: Callable[[Sequence[Any]], list[Any]]) -> Callable[[Sequence[Any]], list[Any]]:
        """The same as run, to be called many times and not to be differentiated; function is what it runs."""

    def vjp(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> tuple[list[Any], Pull]:
        """What run returns for these inputs, and its pull."""

    def narrowed(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> str:
        """The narrowest dtype that something is cast to while run runs; empty if nothing is, or a framework cannot say it."""

    def exact(self) -> Exact:
        """How a function runs without the rounding of such casts. Raises NotWatched in a framework that cannot."""

    def second(
        self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any], cotangents: Sequence[Any]
    ) -> tuple[list[Any], Pull]:
        """The gradients of run at these inputs for these cotangents, and their own pull, which ends at inputs and cotangents."""

    def jvp(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
        """The derivative along tangents, in forward mode."""

    def vmapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function for arguments that have one more axis in front."""

    def reproducible(self) -> AbstractContextManager[None]:
        """The context in which everything runs."""

    def random_state(self) -> Callable[[], None]:
        """Remember the state of the framework's random generators; what is returned puts it back."""

    def stir(self) -> None:
        """Put the framework's random generators into another state."""

    def drawn(self) -> object:
        """What changes whenever a random number is drawn from the framework's generators on the CPU."""

    def version(self) -> str:
        """Name and version."""


def origin(value: Any) -> str:
    """The framework that a value's type, or a type that it is derived from, comes from; empty for anything else."""
    names = (base.__module__.partition(".")[0] for base in type(value).__mro__)
    return next((PACKAGES[name] for name in names if name in PACKAGES), "")


def backend_of(inputs: Any) -> Backend:
    """The framework of the tensors in inputs. Raises BadCall where there are none, or those of two."""
    found = _origins(inputs)
    if len(found) > 1:
        raise BadCall(
            "inputs", f"with tensors of {' and '.join(sorted(found))}", "tensors of one framework", "compare() takes both"
        )
    name = next(iter(found), "")
    if not name:
        raise BadCall(
            "inputs",
            f"without tensors ({_kinds(inputs)})",
            "tensors of PyTorch, TensorFlow or JAX, in tuples, lists and dicts",
            OBJECTS if any(hasattr(value, "__dict__") for value in _each(inputs)) else "For NumPy there are check and check_loss",
        )
    return load(name)


def load(name: str) -> Backend:
    """The backend of a framework by its name."""
    return cast("Backend", importlib.import_module(f"gradwitness.subjects.tensors.{name}").BACKEND)


def _each(inputs: Any) -> list[Any]:
    """What nested inputs hold, however deep."""
    if not isinstance(inputs, (tuple, list, Mapping)):
        return [inputs]
    return [found for _, value in branches(inputs) for found in _each(value)]


def _kinds(inputs: Any) -> str:
    return ", ".join(dict.fromkeys(map(kind, _each(inputs)))) or "nothing"


def _origins(value: Any) -> set[str]:
    found = origin(value)
    if found and hasattr(type(value), "shape") and hasattr(type(value), "dtype"):  # of some, to ask for the shape is an error
        return {found}
    return set().union(*(_origins(branch) for _, branch in branches(value)))
