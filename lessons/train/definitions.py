"""What a framework defines in another way than the reference, for a recipe's model and optimizer: its adapter's conventions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import adapters
from conformance.recipes import Recipe
from reference import OPTIMIZERS

MEANINGS: dict[tuple[str, Any], str] = {
    ("unbiased", False): "a running variance takes the biased variance of a batch of n, divided by n and not by n - 1",
    ("eps_hat", True): "epsilon is added before the bias of the second moment is corrected",
    ("rate_in_velocity", True): "the velocity holds gradients that are multiplied by the rate already",
}
"""Keyword and value of the reference -> what they say. One that is not here is named alone."""


@dataclass(frozen=True)
class Definitions:
    """The reference's keyword arguments, of the model and of the optimizer, under which it computes what a framework does.

    Only those are here that differ from what the reference does without them.
    """

    model: Mapping[str, Any] = field(default_factory=dict)
    optimizer: Mapping[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.model or self.optimizer)

    def __str__(self) -> str:
        """Each of them, with what it says."""
        parts = []
        for key, value in {**self.model, **self.optimizer}.items():
            meaning = MEANINGS.get((key, value))
            parts.append(f"{key}={value}" + (f": {meaning}" if meaning else ""))
        return "; ".join(parts)

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe under these definitions."""
        return replace(recipe, config={**recipe.config, **self.model}, hyper={**recipe.hyper, **self.optimizer})


def definitions(recipe: Recipe, column: str) -> Definitions:
    """A framework's. Raises gradwitness.frameworks.Unavailable."""
    adapter = adapters.load(column)
    model, optimizer = adapter.models[recipe.model].conventions, adapter.conventions.get(recipe.optimizer, {})
    return Definitions(
        _differing(model, recipe.op.forward, recipe.config),
        _differing(optimizer, OPTIMIZERS[recipe.optimizer].step, recipe.hyper),
    )


def _differing(conventions: Mapping[str, Any], function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Those that change what a function does with the keywords that a recipe gives it."""
    defaults = {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}
    return {key: value for key, value in conventions.items() if {**defaults, **given}.get(key) != value}
