"""Models on real data: the first batch of each recipe is one more case of its model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np

from conformance.recipes import RECIPES, Recipe
from reference import MODELS, Case, Op

ID = "real_data"


@dataclass(frozen=True, eq=False)
class OnData:
    """A case whose arrays are read when they are asked for. Listing cases needs no scikit-learn."""

    recipe: Recipe
    id: str = ID
    kink: bool = False
    zero: tuple[str, ...] = ()

    @cached_property
    def _batch(self) -> dict[str, Any]:
        return dict(next(self.recipe.batches()))

    def inputs(self, _rng: np.random.Generator) -> tuple[Any, ...]:
        """The parameters at the start, and x where it is differentiable."""
        return self.recipe.arguments(*self.recipe.start(), self._batch)[0]

    @property
    def attrs(self) -> dict[str, Any]:
        """The other arrays of the batch, the running statistics and the configuration."""
        return self.recipe.arguments(*self.recipe.start(), self._batch)[1]


def _on_data(op: Op) -> Op:
    recipes = [
        recipe for name, recipe in RECIPES.items() if name == op.name
    ]  # the data of XOR, four points, is a case of two_layer already
    return replace(op, cases=(*op.cases, *(cast("Case", OnData(recipe)) for recipe in recipes)))


ON_DATA = {name: _on_data(op) for name, op in MODELS.items()}
"""The models, each with the case of its real data."""
