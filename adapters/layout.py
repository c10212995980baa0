"""How a framework's own layer stores what the reference calls weight and bias."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Layout:
    """How a framework's own layer stores the parameters of an op: for whoever ports weights.

    parameters       the reference's names of the arguments that are stored
    from_reference   (params, **static) -> the framework's names to the framework's layouts; params has the reference's names
                     and layouts, static is what the op takes by keyword (groups, heads)
    to_reference     the inverse: (stored, **static) -> params
    merged           parameters that the framework stores added up (of a GRU's two biases, all or some): what comes back is
                     stored as the same, and computes the same, but is not what was given

    Both take and give the framework's tensors, and are differentiable: the op itself is spelled with from_reference.
    What the framework stores more than the reference has (the second bias of a recurrent layer) from_reference fills so that
    the function is the same; to_reference adds it up again.
    """

    parameters: tuple[str, ...]
    from_reference: Callable[..., dict[str, Any]]
    to_reference: Callable[..., dict[str, Any]]
    merged: tuple[str, ...] = ()

    @classmethod
    def renamed(cls, **names: str) -> Layout:
        """The layout of a layer that stores what the reference has, under other names: reference's name = its own name."""
        own = {name: reference for reference, name in names.items()}
        return cls(
            tuple(names),
            lambda params, **_: {names[key]: value for key, value in params.items()},
            lambda stored, **_: {own[key]: value for key, value in stored.items()},
        )


def input_bias_alone(both: Layout, zeros_like: Callable[[Any], Any]) -> Layout:
    """The layout of a GRU whose bias at the hidden state is zero and held, from that of a GRU with both.

    zeros_like   the framework's own
    """
    parameters = ("weight_input", "weight_hidden", "bias")

    def from_reference(params: dict[str, Any], **_: object) -> dict[str, Any]:
        weight_input, weight_hidden, bias = (params[name] for name in parameters)
        return both.from_reference(dict(zip(both.parameters, (weight_input, weight_hidden, bias, zeros_like(bias)), strict=True)))

    def to_reference(stored: dict[str, Any], **_: object) -> dict[str, Any]:
        *kept, _hidden = (both.to_reference(stored)[name] for name in both.parameters)
        return dict(zip(parameters, kept, strict=True))

    return Layout(parameters, from_reference, to_reference)
