"""The ops on the path of a network: what each of them is given while the network's forward runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np

from conformance.loops import Params
from conformance.recipes import Recipe
from conformance.recipes.recipe import Batch
from gradwitness.subjects.pair import Subject
from reference import OPS, Op

SEED = 0
"""Of the cotangent that an op on the path is differentiated with."""


@dataclass(frozen=True)
class Call:
    """An op on the path, with its arguments.

    depth   0 for an op that the network calls itself, 1 for one that such an op calls, ...
    """

    name: str
    depth: int
    inputs: tuple[Any, ...]
    static: dict[str, Any]

    @property
    def subject(self) -> Subject:
        """The op at these very values, as the engine takes it."""
        op = current(self.name)
        return Subject(op.forward, op.backward, self.inputs, self.static, SEED, detached=op.detached)


def current(name: str) -> Op:
    """An op with the forward and the backward that networks call now, for whoever exchanged one."""
    module = sys.modules[OPS[name].forward.__module__]
    return Op.of(module)


@contextmanager
def recorded() -> Iterator[list[Call]]:
    """While it lasts, the calls of every op's forward, in the order in which they begin."""
    calls: list[Call] = []
    depth = 0

    def recording(name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
        def record(*inputs: Any, **static: Any) -> Any:
            nonlocal depth
            calls.append(Call(name, depth, inputs, static))
            depth += 1
            try:
                return forward(*inputs, **static)
            finally:
                depth -= 1

        return record

    with ExitStack() as stack:
        for name, op in OPS.items():
            module = sys.modules[op.forward.__module__]
            stack.enter_context(patch.object(module, "forward", recording(name, module.forward)))
        yield calls


def path_of(recipe: Recipe, weights: tuple[Params, Params], batch: Batch) -> list[Call]:
    """Every op that a recipe's network calls for a batch, and every op that these call."""
    arguments, keywords = recipe.arguments(*weights, batch)
    with recorded() as calls, np.errstate(all="ignore"):  # after too large a rate, parameters overflow
        recipe.op.forward(*arguments, **keywords)
    return calls


def network_of(recipe: Recipe, weights: tuple[Params, Params], batch: Batch) -> Subject:
    """The whole network for a batch, as the engine takes it."""
    arguments, keywords = recipe.arguments(*weights, batch)
    return Subject(recipe.op.forward, recipe.op.backward, arguments, keywords, SEED, detached=recipe.op.detached)
