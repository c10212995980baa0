"""A module of PyTorch as code: of the library's own classes by their repr, of the user's by their source and what they hold.

The constructor of a class of the user's is not called, for nobody knows with what it was. The object gets the attributes that it
has, module by module.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any


def of_pytorch(module: Any) -> bool:
    """Whether its class is PyTorch's own."""
    return type(module).__module__.startswith("torch.nn.modules")


def is_layer(module: Any) -> bool:
    """Whether this is a layer of PyTorch itself without buffers, or a Sequential of such layers."""
    if not of_pytorch(module) or any(True for _ in module.buffers()):
        return False
    parts = list(module.children())
    return not parts or (type(module).__name__ == "Sequential" and all(map(is_layer, parts)))


HOOKS = {
    "_forward_pre_hooks": "a hook before its forward",
    "_forward_hooks": "a forward hook",
    "_backward_pre_hooks": "a hook before its backward",
    "_backward_hooks": "a backward hook",
    "forward": "a forward of its own",
}


def left_out(module: Any) -> str:
    """What was put on a module and is not written down, in words: hooks, and a forward in place of that of the class."""
    found = [
        f"{path or 'the module'} ({type(inner).__name__}) has {what}"
        for path, inner in module.named_modules()
        for name, what in HOOKS.items()
        if vars(inner).get(name)
    ]
    found += [f"the parameter {name} has a hook" for name, value in module.named_parameters() if value._backward_hooks]
    return ", ".join(found)


def layer(module: Any) -> str:
    """How it is made: the repr of a layer says it."""
    if type(module).__name__ == "Sequential":
        return f"torch.nn.Sequential({', '.join(map(layer, module.children()))})"
    return f"torch.nn.{module!r}"


def built(module: Any, name: str, define: Callable[[type], None], literal: Callable[[Any], str]) -> list[str]:
    """Lines that make a module with its values.

    define    takes the class of a module of the user's, whose source is needed
    literal   an attribute as code. Raises what it raises for one that is none
    """
    modes = [f"{name}.get_submodule({path!r}).training = {inner.training}" for path, inner in module.named_modules()]
    return [*_made(module, name, define, literal), *_values(module, name), *modes]


def _made(module: Any, name: str, define: Callable[[type], None], literal: Callable[[Any], str]) -> Iterator[str]:
    if of_pytorch(module) and not list(module.children()):
        yield f"{name} = torch.nn.{module!r}"
        return
    if of_pytorch(module):
        yield f"{name} = torch.nn.{type(module).__name__}()"
    else:
        define(type(module))
        yield f"{name} = {type(module).__name__}.__new__({type(module).__name__})"
        yield f"torch.nn.Module.__init__({name})"
        of_all = vars(importlib.import_module("torch").nn.Module())
        for key, value in vars(module).items():
            if key not in of_all:
                yield f"{name}.{key} = {literal(value)}"
    for key, child in module.named_children():
        inner = f"{name}_{key}"
        yield from _made(child, inner, define, literal)
        yield f"{name}.add_module({key!r}, {inner})"
    if not of_pytorch(module):
        for key, value in module.named_parameters(recurse=False):
            yield f"{name}.{key} = torch.nn.Parameter(torch.zeros({tuple(value.shape)}, dtype={value.dtype}))"
        for key, value in module.named_buffers(recurse=False):
            yield f"{name}.register_buffer({key!r}, torch.zeros({tuple(value.shape)}, dtype={value.dtype}))"


def _values(module: Any, name: str) -> Iterator[str]:
    """The values of parameters and buffers, after the dtype of the floats."""
    floats = {value.dtype for value in module.state_dict().values() if value.is_floating_point()}
    if floats:
        yield f"{name}.to({max(floats, key=lambda dtype: dtype.itemsize)})"
    values = ", ".join(f"{key!r}: torch.tensor({_numbers(value)})" for key, value in module.state_dict().items())
    yield f"{name}.load_state_dict({{{values}}})"


def _numbers(value: Any) -> str:
    return f"np.array({repr(value.tolist()).replace('nan', 'np.nan').replace('inf', 'np.inf')})"
