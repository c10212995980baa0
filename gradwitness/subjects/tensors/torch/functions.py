"""Functions and modules of PyTorch. Parameters and buffers are exchanged for others while one runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any

import torch
from torch.nn.modules.lazy import LazyModuleMixin

from gradwitness.frameworks import load
from gradwitness.subjects.reach import reached
from gradwitness.subjects.tensors.backend import Calling, Inside, Rewrite
from gradwitness.subjects.tensors.places import Place, exchanged, places
from gradwitness.subjects.tensors.precision import Precision
from gradwitness.subjects.tensors.torch.rewritten import rewritten
from gradwitness.subjects.tensors.torch.values import Values, copied


class Functions(Values):
    """See `backend.Functions`."""

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

    def lost(self, *_: Any) -> bool:
        """None does."""
        return False

    def rewritten(self, calling: Calling, rewrite: Callable[[], Rewrite]) -> Calling:
        """See rewritten.py."""
        return rewritten(calling, rewrite)

    def calling(self, function: Any, mode: str = "eager") -> Calling:
        """Modules find copies of their buffers where they keep them, and the given parameters, with the hooks of their own."""
        held = [*places(function, self.holds), *scripted(function)]
        trained = self.parameters(function)
        own = {name: id(value) for name, value in trained.items()}
        hooks = [(name, hook) for name, value in trained.items() for hook in (value._backward_hooks or {}).values()]
        run = load("torch").compile(function, mode)

        def call(
            parameters: Mapping[str, Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], precision: Precision
        ) -> tuple[Any, Inside]:
            given = {own[name]: value for name, value in parameters.items()}
            others = {id(place.tensor): place.tensor for place in held if id(place.tensor) not in given}
            copies = {key: copied(tensor, precision) for key, tensor in others.items()}
            inside = partial(exchanged, held, {**copies, **given})
            for name, hook in hooks:
                if parameters[name].requires_grad:
                    parameters[name].register_hook(hook)
            with inside():
                return run(*args, **kwargs), inside

        return call


class _Slots:
    """The tensors of a module of TorchScript. They lie in C++, where no dict of Python reaches."""

    def __init__(self, module: torch.jit.ScriptModule) -> None:
        self._module = module

    def __setitem__(self, name: str, tensor: torch.Tensor) -> None:
        self._module._c.setattr(name, tensor)


def scripted(function: Any) -> Iterator[Place]:
    """The places of parameters and buffers of modules that were scripted or traced."""
    modules = {
        id(part): part for thing in reached(function) if isinstance(thing, torch.jit.ScriptModule) for part in thing.modules()
    }
    for module in modules.values():
        for name, tensor in chain(module.named_parameters(recurse=False), module.named_buffers(recurse=False)):
            yield Place(_Slots(module), name, tensor)
