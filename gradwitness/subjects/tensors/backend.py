"""What a framework offers to whoever examines its functions, in four parts; each framework has a folder with a file for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from gradwitness.arrays import Array
from gradwitness.subjects.tensors.precision import Precision

Run = Callable[[Sequence[Any]], list[Any]]
"""The function as its framework differentiates it: tensors to the floats that come out."""
Pull = Callable[[Sequence[Any]], list[Any]]
"""Cotangents, one for each output, to gradients, one for each input: a tensor, or None where the framework gives none."""
Inside = Callable[[], AbstractContextManager[None]]
"""Makes the context in which a function finds what it is given, in its backward too."""
Calling = Callable[[Mapping[str, Any], tuple[Any, ...], Mapping[str, Any], Precision], tuple[Any, Inside]]
"""(parameters, args, kwargs, precision) -> what a function returns, and the context for its backward."""


class Rewrite(Protocol):
    """What some operations give in place of their results: "add", "divide", "maximum", "sqrt", "rsqrt", "norm", "reshape". A norm
    is any result that is a root, as a standard deviation is.
    """

    def __call__(self, name: str, operands: Sequence[Any], result: Any) -> Any:
        """The result itself, or another one. Operands are tensors, and numbers where the code has numbers."""

    def same(self, tensor: Any, other: Any) -> None:
        """From here on, another tensor has the value of one."""


@dataclass(frozen=True)
class Operations:
    """What is known of the operations that a function runs; of code that a framework cannot trace, nothing.

    narrowed   the narrowest dtype that something is cast to on the way; empty if nothing is
    triangles  whether triangular matrices go to a function whose gradient for them does not stay in the triangle
    phases     whether eigenvectors or singular vectors of complex matrices are computed, whose phases are arbitrary; False where
               the framework itself refuses what depends on them
    implicit   whether random numbers are drawn whose gradient is implicit, as those of a gamma distribution
    picks      whether an operation picks one of several right results, and another one in another dtype: random numbers, vectors
               of a decomposition, which have any sign
    rules      whether there may be rules of somebody's own, which decide by which inputs need a gradient
    unseen     whether there are rules of somebody's own whose backward narrowed does not cover
    """

    narrowed: str = ""
    triangles: bool = False
    phases: bool = False
    implicit: bool = False
    picks: bool = False
    rules: bool = True
    unseen: bool = False


class Values(Protocol):
    """Tensors, and the arrays of NumPy that hold the same numbers.

    layouts   ways to lay out the same values in memory, besides the plain one; "expanded" is one number, seen many times
    """

    layouts: tuple[str, ...]

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


class Functions(Protocol):
    """Functions, modules and layers as people write them, and the tensors that they hold."""

    def prepared(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Let modules make the parameters that they make when they are called first."""

    def parameters(self, function: Any) -> Mapping[str, Any]:
        """The parameters of a module, layer or model by their names; none for a plain function."""

    def trained(self, function: Any) -> list[str]:
        """The names of tensors that are trained, which a function holds and which are none of its `parameters`."""

    def unused(self, run: Callable[[], object]) -> list[str]:
        """The names of custom gradients that are passed over while run calls forward and backward."""

    def lost(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], name: str) -> bool:
        """Whether a parameter of a function has a gradient that it loses where it is exchanged for another tensor."""

    def calling(self, function: Any, mode: str = "eager") -> Calling:
        """The function in a mode. It runs on its parameters, and on other floats that it holds, in a precision; nothing that it
        holds is changed.
        """

    def rewritten(self, calling: Calling, rewrite: Callable[[], Rewrite]) -> Calling:
        """The same with other results of some operations, for values alone. Each call has a rewrite of its own."""


class Vjp(Protocol):
    """Differentiates functions."""

    def __call__(self, run: Run, inputs: Sequence[Any], /) -> tuple[list[Any], Pull]:
        """What run returns for these inputs, and its pull."""


class Exact(Protocol):
    """Runs functions with every operation in float64, whatever they cast to inside."""

    def run(self, run: Run) -> Run:
        """The same as run."""

    def vjp(self, run: Run, inputs: Sequence[Any]) -> tuple[list[Any], Pull]:
        """What run returns for these inputs, and its pull."""

    def second(self, run: Run, inputs: Sequence[Any], cotangents: Sequence[Any]) -> tuple[list[Any], Pull]:
        """See `Differentiation`."""


class Differentiation(Protocol):
    """Automatic differentiation."""

    def evaluator(self, function: Any, run: Run) -> Run:
        """The same as run, to be called many times and not to be differentiated; function is what it runs."""

    def differentiator(self, vjp: Vjp) -> Vjp:
        """The same as vjp, to be called many times with one function. What is returned beside the pull may be left out, and the
        code of the function need not run.
        """

    def looping(self, vjp: Vjp) -> Vjp:
        """The same as vjp, to be called many times with one function, whose code runs each time."""

    def vjp(self, run: Run, inputs: Sequence[Any]) -> tuple[list[Any], Pull]:
        """What run returns for these inputs, and its pull. Cotangents of any dtype are cast to that of the outputs."""

    def second(self, run: Run, inputs: Sequence[Any], cotangents: Sequence[Any]) -> tuple[list[Any], Pull]:
        """The gradients of run at these inputs for these cotangents, and their own pull, which ends at inputs and cotangents."""

    def jvp(self, run: Run, inputs: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
        """The derivative along tangents, in forward mode."""

    def vmapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function for arguments that have one more axis in front."""

    def operations(self, run: Run, inputs: Sequence[Any]) -> Operations:
        """What is known of what run does with these inputs. It is called for that, and what it raises is raised; so is what code
        raises that cannot be traced.
        """

    def exact(self, dtypes: Sequence[str] = ()) -> Exact:
        """How a function runs where nothing rounds, on tensors in float64. Raises NotWatched in a framework that cannot.

        dtypes   what the first of its inputs claim to be; those beyond, float64
        """


class Process(Protocol):
    """The framework in this process: its settings and its random generators."""

    def reproducible(self) -> AbstractContextManager[None]:
        """The context in which everything runs."""

    def untraced(self) -> AbstractContextManager[None]:
        """A context in which the framework runs functions that it has traced and compiled as Python."""

    def retraced(self) -> AbstractContextManager[None]:
        """A context in which nothing counts that was traced outside of it; and nothing counts outside that was traced in it."""

    def random_state(self) -> Callable[[], None]:
        """Remember the state of the framework's random generators; what is returned puts it back."""

    def stir(self) -> None:
        """Put the framework's random generators into another state."""

    def drawn(self) -> object:
        """What changes whenever a random number is drawn from the framework's generators on the CPU."""

    def version(self) -> str:
        """Name and version."""


class Backend(Values, Functions, Differentiation, Process, Protocol):
    """One framework.

    name      "torch", "tensorflow" or "jax"
    title     as people write it
    cure      how an array of NumPy becomes a tensor
    """

    name: str
    title: str
    cure: str
