"""A model of the reference in a framework: which of its layers stores what, and how parameters go there and come back.

A model's parameters are a flat dict in the reference: "hidden.0.linear.weight". Here each layer ("hidden.0.linear") is told how
the framework's own layer stores its parameters (`Layout`) and under which name. The rest is the same for every model, and each
adapter's `Spelling` adds only how its framework is asked for a tensor by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .layout import Layout

RUNNING = ("running_mean", "running_var")
"""What a layer of the reference keeps and nobody differentiates: a model's state."""


@dataclass(frozen=True)
class Layer:
    """One layer of a model.

    layout   how the framework's layer stores the parameters
    own      the framework's name of the layer; empty where it is the reference's
    static   what the layout takes by keyword (heads, groups)
    """

    layout: Layout
    own: str = ""
    static: Mapping[str, Any] = field(default_factory=dict)


Layers = Mapping[str, Layer]


def stored(params: Mapping[str, Any], layers: Layers) -> dict[str, dict[str, Any]]:
    """The framework's name of each layer -> what it stores, in tensors. params has tensors by the reference's names, the running
    statistics among them.

    Raises ValueError for a parameter that belongs to no layer.
    """
    taken: set[str] = set()
    result = {}
    for name, layer in layers.items():
        own = {parameter: f"{name}.{parameter}" for parameter in layer.layout.parameters}
        result[layer.own or name] = layer.layout.from_reference({p: params[full] for p, full in own.items()}, **layer.static)
        taken |= set(own.values())
    if left := set(params) - taken:
        raise ValueError(f"{', '.join(sorted(left))} belong to no layer; there are {', '.join(layers)}")
    return result


def restored(kept: Mapping[str, Mapping[str, Any]], layers: Layers) -> dict[str, Any]:
    """The inverse: tensors by the reference's names and in its layouts. The same serves for gradients: what layouts do to
    numbers, moving and splitting, has its inverse as its transpose. A layer of which nothing is kept is left out.
    """
    return {
        f"{name}.{parameter}": tensor
        for name, layer in layers.items()
        if (own := kept[layer.own or name])
        for parameter, tensor in layer.layout.to_reference(own, **layer.static).items()
    }


def parted(params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is trained, and the running statistics."""
    state = {name: value for name, value in params.items() if name.endswith(RUNNING)}
    return {name: value for name, value in params.items() if name not in state}, state


def numbered(params: Iterable[str], stem: str) -> range:
    """How often a layer is repeated: the k in stem.k.*, as a range."""
    return range(len({name.removeprefix(f"{stem}.").partition(".")[0] for name in params if name.startswith(f"{stem}.")}))
