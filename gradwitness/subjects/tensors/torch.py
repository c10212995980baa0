"""PyTorch: autograd. The parameters and buffers of a module are exchanged for others while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.autograd import forward_ad
from torch.nn.modules.lazy import LazyModuleMixin

from gradwitness.arrays import Array
from gradwitness.frameworks import load, reproducible
from gradwitness.rounding.torch.exact import Exact, narrowed
from gradwitness.rounding.torch.graph import is_own, nodes
from gradwitness.subjects.tensors.backend import Calling, Inside, Precision, Pull
from gradwitness.subjects.tensors.graphless import Evaluator
from gradwitness.subjects.tensors.places import exchanged, places

OF_TRIANGLES = ("CholeskyInverseBackward0", "CholeskySolveBackward0")
"""Nodes of functions whose factor is triangular, by PyTorch's documentation, and whose gradient is that of a formula for full
matrices. PyTorch's own tests differentiate them in the triangle alone, with a real diagonal."""
SAMPLERS = ("StandardGammaBackward0", "_DirichletBackward")
"""Nodes of random numbers whose gradient is implicit: of gamma, chi-squared, Student's t, beta and Dirichlet variables."""


class Torch:
    """See `Backend`."""

    name, title = "torch", "PyTorch"
    layouts = ("transposed", "sliced", "expanded")
    cure = "Convert: torch.from_numpy(x)"

    def without_values(self, tensor: Any) -> str:
        """Tensors of the meta device have a shape alone; sparse, nested and quantised ones are no arrays of numbers."""
        if tensor.is_meta:
            return "on the meta device"
        if tensor.is_nested or tensor.is_quantized:
            return "that is nested" if tensor.is_nested else "that is quantised"
        return "" if tensor.layout is torch.strided else f"of layout {tensor.layout}"

    def holds(self, value: Any) -> bool:
        """A tensor, a parameter, a subclass."""
        return isinstance(value, torch.Tensor)

    def marked(self, tensor: torch.Tensor) -> bool:
        """requires_grad."""
        return bool(tensor.requires_grad)

    def dtype(self, tensor: torch.Tensor) -> str:
        """Without "torch."."""
        return str(tensor.dtype).removeprefix("torch.")

    def array(self, tensor: torch.Tensor) -> Array:
        """From any device, sparse or not."""
        values = tensor.detach()
        values = (values.to_dense() if values.layout != torch.strided else values).resolve_conj().resolve_neg().cpu()
        if values.is_complex():
            values = torch.view_as_real(values)
        return np.array(
            values.float().numpy(force=True) if values.is_floating_point() and values.itemsize < 4 else values.numpy(force=True)
        )

    def tensor(self, array: Array, like: torch.Tensor, dtype: str) -> torch.Tensor:
        """A leaf of no graph."""
        wanted = getattr(torch, dtype)
        values = torch.from_numpy(np.array(array))
        if wanted.is_complex:
            return torch.view_as_complex(values.to(wanted.to_real()).contiguous()).to(like.device)
        return values.to(device=like.device, dtype=wanted)

    def zeros(self, tensor: Any) -> Any:
        """Zeros like it."""
        return torch.zeros_like(tensor)

    def laid_out(self, tensor: torch.Tensor, layout: str) -> torch.Tensor:
        """Columns first; every second element of a larger tensor; or one number, seen many times."""
        if layout == "expanded":
            return tensor.reshape(-1)[:1].reshape((1,) * tensor.dim()).expand(tensor.shape) if tensor.numel() else tensor
        if layout == "transposed" and tensor.dim() > 1:
            return tensor.movedim(0, -1).clone(memory_format=torch.contiguous_format).movedim(-1, 0)
        larger = tensor.new_full((*tensor.shape, 2), float("nan"))
        larger[..., 0] = tensor
        return larger[..., 0]

    def prepared(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Lazy modules of PyTorch."""
        if any(isinstance(m, LazyModuleMixin) and m.has_uninitialized_params() for m in getattr(function, "modules", list)()):
            with torch.no_grad():
                function(*args, **kwargs)

    def parameters(self, function: Any) -> Mapping[str, torch.Tensor]:
        """Those that are trained; of the module of a bound method, too."""
        module = getattr(function, "__self__", function)
        if not isinstance(module, torch.nn.Module):
            return {}
        return {name: value for name, value in module.named_parameters() if value.requires_grad}

    def trained(self, function: Any) -> list[str]:
        """Parameters of modules that a function holds."""
        own = {id(value) for value in self.parameters(function).values()}
        held = places(function, lambda value: isinstance(value, torch.nn.Parameter) and value.requires_grad)
        names = {id(place.tensor): place.key for place in held if id(place.tensor) not in own}
        return [name if isinstance(name, str) else "a parameter" for name in names.values()]

    def unused(self, run: Callable[[], object]) -> list[str]:
        """None: they are always called."""
        return []

    def of_triangles(self, outs: Sequence[Any]) -> bool:
        """By the nodes of the graph. Those of a torch.autograd.Function, of Python or C++, are the user's."""
        found = nodes(outs)
        return not any(map(is_own, found)) and any(type(node).__name__ in OF_TRIANGLES for node in found)

    def has_phases(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> bool:
        """PyTorch raises an error where a result depends on them."""
        return False

    def samples(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> bool:
        """By the nodes of the graph."""
        return any(type(node).__name__ in SAMPLERS for node in nodes(self.vjp(run, inputs)[0]))

    def calling(self, function: Any, mode: str = "eager") -> Calling:
        """Modules find copies of their buffers where they keep them, and the given parameters."""
        held = places(function, self.holds)
        own = {name: id(value) for name, value in self.parameters(function).items()}
        run = load("torch").compile(function, mode)

        def call(
            parameters: Mapping[str, Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], precision: Precision
        ) -> tuple[Any, Inside]:
            given = {own[name]: value for name, value in parameters.items()}
            others = {id(place.tensor): place.tensor for place in held if id(place.tensor) not in given}
            copies = {key: copied(tensor, precision) for key, tensor in others.items()}
            inside = partial(exchanged, held, {**copies, **given})
            with inside():
                return run(*args, **kwargs), inside

        return call

    def evaluator(self, function: Any, run: Callable[[Sequence[Any]], list[Any]]) -> Callable[[Sequence[Any]], list[Any]]:
        """Without a graph where that changes nothing."""

        def plainly(inputs: Sequence[Any]) -> list[Any]:
            with torch.enable_grad():  # for functions that differentiate something of their own
                return run([value.detach() for value in inputs])

        return Evaluator(function, lambda inputs: self.vjp(run, inputs)[0], plainly)

    def vjp(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> tuple[list[Any], Pull]:
        """The graph is kept, so that the pull can be asked again."""
        with torch.enable_grad():
            leaves = [value.detach().requires_grad_() for value in inputs]
            outs = run(leaves)

        def pull(douts: Sequence[Any]) -> list[Any]:
            attached, cotangents = self._attached(outs, douts)
            if not attached:
                return [None] * len(leaves)
            return list(torch.autograd.grad(attached, leaves, cotangents, retain_graph=True, allow_unused=True))

        return outs, pull

    def narrowed(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> str:
        """In eager mode."""

        def differentiated() -> None:
            outs, pull = self.vjp(run, inputs)
            pull([torch.ones_like(out) for out in outs])

        return narrowed(self.vjp(run, inputs)[0], differentiated)

    def exact(self) -> Exact:
        """On shadows in float64."""
        return Exact()

    def second(
        self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any], cotangents: Sequence[Any]
    ) -> tuple[list[Any], Pull]:
        """create_graph makes the gradients part of a graph of their own."""
        leaves = [value.detach().requires_grad_() for value in inputs]
        douts = [value.detach().requires_grad_() for value in cotangents]
        outs, first = self._attached(run(leaves), douts)
        found = torch.autograd.grad(outs, leaves, first, create_graph=True, allow_unused=True) if outs else [None] * len(leaves)
        if any(g.grad_fn is not None and g.grad_fn.name() == "torch::autograd::Error" for g in found if g is not None):
            raise RuntimeError("its backward is marked @once_differentiable")
        gradients = [torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, found, strict=True)]

        def pull(further: Sequence[Any]) -> list[Any]:
            attached, second = self._attached(gradients, further)
            if not attached:
                return [None] * len(leaves + douts)
            return list(torch.autograd.grad(attached, [*leaves, *douts], second, retain_graph=True, allow_unused=True))

        return gradients, pull

    def _attached(self, outs: Sequence[Any], douts: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Those outputs that hang on a graph and have a cotangent, and their cotangents."""
        pairs = [(out, dout) for out, dout in zip(outs, douts, strict=True) if out.requires_grad and dout is not None]
        return [out for out, _ in pairs], [dout for _, dout in pairs]

    def jvp(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
        """By dual numbers."""
        with forward_ad.dual_level():
            outs = run([forward_ad.make_dual(value.detach(), t) for value, t in zip(inputs, tangents, strict=True)])
            found = [forward_ad.unpack_dual(out).tangent for out in outs]
        return [torch.zeros_like(out) if tangent is None else tangent for out, tangent in zip(outs, found, strict=True)]

    def vmapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """torch.func.vmap."""
        mapped: Callable[..., Any] = torch.func.vmap(function)
        return mapped

    def reproducible(self) -> AbstractContextManager[None]:
        """Deterministic algorithms; gradients are on."""
        return _context()

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


BACKEND = Torch()


@contextmanager
def _context() -> Iterator[None]:
    with reproducible("torch"), torch.enable_grad():
        yield


def copied(value: torch.Tensor, precision: Precision) -> torch.Tensor:
    """A leaf of its own graph, for functions that differentiate what they hold themselves."""
    return rounded(value.detach().clone(), precision).requires_grad_(value.requires_grad)


def rounded(value: torch.Tensor, precision: Precision) -> torch.Tensor:
    """Floats, and complex numbers, in a precision; anything else as it is."""
    for dtype in (precision.stored, precision.computed):
        if dtype is not None and (value.is_floating_point() or value.is_complex()):
            real = getattr(torch, dtype)
            value = value.to(real.to_complex() if value.is_complex() else real)
    return value
