"""How a framework's own layer stores the parameters of an op, and how that layer is built, loaded and called."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self


class Inexpressible(Exception):
    """A layer lacks an option that a call of the op asks for. The message names the layer and the option."""


def called(layer: Any, *data: Any, **_static: Any) -> Any:
    """The plain call of a layer: on the data alone."""
    return layer(*data)


@dataclass(frozen=True)
class Layout(ABC):
    """How a framework's own layer stores the parameters of an op: for everyone who converts weights.

    parameters       the reference's names of the stored arguments
    from_reference   (params, **static) -> tensors under the layer's names, in its layouts; params has the reference's names
                     and layouts, static has the op's keyword arguments (groups, heads)
    to_reference     the inverse: (stored, **static) -> params
    merged           parameters of which the layer stores the sum only (the two biases of a GRU). They come back with other
                     values, and the layer computes the same with them
    layer            (params, *data, **static) -> the framework's own layer in the sizes of params and data; data has the op's
                     other positional arguments. Raises `Inexpressible` where the layer lacks an option of static
    call             (layer, *data, **static) -> what the op returns; data has the reference's layouts
    no_layer         why the framework has no such layer; the Layout of an op has either layer or no_layer. A Layout that only
                     serves a model (a layer without its bias) may have neither: the model's cells verify it

    Both conversions take and return the framework's tensors and are differentiable. Where the layer stores more than the
    reference has (the second bias of a recurrent layer), from_reference fills it in so that the layer computes the same, and
    to_reference adds it up again.

    Each framework has its own subclass, which loads a layer strictly: every name and every shape must fit, both ways.
    """

    parameters: tuple[str, ...]
    from_reference: Callable[..., dict[str, Any]]
    to_reference: Callable[..., dict[str, Any]]
    merged: tuple[str, ...] = ()
    layer: Callable[..., Any] | None = None
    call: Callable[..., Any] = called
    no_layer: str = ""

    @classmethod
    def renamed(cls, names: Mapping[str, str], **how: Any) -> Self:
        """The layout of a layer that stores the reference's arrays under its own names: reference's name -> the layer's name."""
        own = {name: reference for reference, name in names.items()}
        return cls(
            tuple(names),
            lambda params, **_: {names[key]: value for key, value in params.items()},
            lambda stored, **_: {own[key]: value for key, value in stored.items()},
            **how,
        )

    @classmethod
    def without_layer(cls, *parameters: str, reason: str) -> Self:
        """The layout where the framework has no layer: its functions take the reference's arrays as they are."""
        return cls.renamed({name: name for name in parameters}, no_layer=reason)

    def evaluate(self, params: Mapping[str, Any], *data: Any, **static: Any) -> Any:
        """What the framework's own layer computes: it is built, loaded with from_reference(params), and called on the data.

        Raises `Inexpressible` where the layer lacks an option of static or where the framework has no layer; ValueError where a
        name or a shape does not fit the layer.
        """
        if self.layer is None:
            raise Inexpressible(self.no_layer)
        layer = self.layer(params, *data, **static)
        return self.run(layer, self.from_reference(params, **static), data, static)

    @abstractmethod
    def run(self, layer: Any, stored: Mapping[str, Any], data: tuple[Any, ...], static: Mapping[str, Any]) -> Any:
        """Load a layer with exactly what is stored, and call it. Raises ValueError where a name or a shape does not fit."""


def compare_names_and_shapes(layer: str, wanted: Mapping[str, tuple[int, ...]], stored: Mapping[str, tuple[int, ...]]) -> None:
    """Raise ValueError unless a layer's variables have exactly the stored names and shapes. The message lists what differs."""
    wrong = [f"{name} {tuple(shape)} is not in the layer" for name, shape in stored.items() if name not in wanted]
    wrong += [f"{name} {tuple(shape)} is missing" for name, shape in wanted.items() if name not in stored]
    both = [name for name in wanted if name in stored and tuple(wanted[name]) != tuple(stored[name])]
    wrong += [f"{name} is {tuple(stored[name])}; the layer has {tuple(wanted[name])}" for name in both]
    if wrong:
        raise ValueError(f"{layer}: {'; '.join(wrong)}")


def input_bias_alone(both: Layout, zeros_like: Callable[[Any], Any]) -> Layout:
    """The layout of a GRU whose bias at the hidden state is zero and not trained, from the layout of a GRU with both biases.

    zeros_like   the framework's own function
    """
    parameters = ("weight_input", "weight_hidden", "bias")

    def from_reference(params: dict[str, Any], **_: object) -> dict[str, Any]:
        weight_input, weight_hidden, bias = (params[name] for name in parameters)
        return both.from_reference(dict(zip(both.parameters, (weight_input, weight_hidden, bias, zeros_like(bias)), strict=True)))

    def to_reference(stored: dict[str, Any], **_: object) -> dict[str, Any]:
        *kept, _hidden = (both.to_reference(stored)[name] for name in both.parameters)
        return dict(zip(parameters, kept, strict=True))

    return replace(both, parameters=parameters, from_reference=from_reference, to_reference=to_reference, merged=())
