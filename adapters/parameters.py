"""The parameters of a model, from the reference to a framework's model and back.

The reference keeps a model's parameters in a flat dict: "hidden.0.linear.weight". An adapter says for each layer
("hidden.0.linear") which `Layout` it has and what the framework calls it. The functions here do the rest in the same way for
every model. The `NativeModel` of each adapter adds how its framework reads and writes a tensor by its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .layout import Layout

RUNNING = ("running_mean", "running_var")
"""The running statistics of a layer: a model's state, which no gradient trains."""


@dataclass(frozen=True)
class Layer:
    """One layer of a model.

    layout   how the framework's layer stores the parameters
    own      the framework's name of the layer; empty where it is the reference's name
    static   the keyword arguments of the layout (heads, groups)
    """

    layout: Layout
    own: str = ""
    static: Mapping[str, Any] = field(default_factory=dict)


Layers = Mapping[str, Layer]


def stored(params: Mapping[str, Any], layers: Layers) -> dict[str, dict[str, Any]]:
    """The framework's name of each layer -> the tensors that this layer stores.

    params has tensors under the reference's names, running statistics included.

    Raises ValueError for a parameter that belongs to no layer.
    """
    taken: set[str] = set()
    result = {}
    for name, layer in layers.items():
        own = {parameter: f"{name}.{parameter}" for parameter in layer.layout.parameters}
        result[layer.own or name] = layer.layout.from_reference({p: params[full] for p, full in own.items()}, **layer.static)
        taken |= set(own.values())
    if left := set(params) - taken:
        raise ValueError(f"{', '.join(sorted(left))} belong to no layer; the layers are {', '.join(layers)}")
    return result


def restored(kept: Mapping[str, Mapping[str, Any]], layers: Layers) -> dict[str, Any]:
    """The inverse of `stored`: tensors under the reference's names and in its layouts.

    It serves for gradients too: a layout only moves and splits numbers, so its inverse is its transpose. A layer without
    tensors in kept is left out.
    """
    return {
        f"{name}.{parameter}": tensor
        for name, layer in layers.items()
        if (own := kept[layer.own or name])
        for parameter, tensor in layer.layout.to_reference(own, **layer.static).items()
    }


def parted(params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The trained parameters, and the running statistics."""
    state = {name: value for name, value in params.items() if name.endswith(RUNNING)}
    return {name: value for name, value in params.items() if name not in state}, state


def numbered(params: Iterable[str], stem: str) -> range:
    """The numbers k of a repeated layer stem.k.*, as a range."""
    return range(len({name.removeprefix(f"{stem}.").partition(".")[0] for name in params if name.startswith(f"{stem}.")}))
