"""The quick choice of cells (`--quick`): every op, model and optimizer in every framework and both dtypes, in minutes.

- The first case of each op, model and optimizer, which is its generic one: in every framework, in its customary
  mode.
- Every other case of an op or an optimizer: eagerly, in one framework and one dtype. Which one follows from the
  names of op and case: the choice is the same in every run, and does not change when a case is added. JAX gets a
  third of the cases that another framework gets.
- Each training run in the dtype in which scores are compared; LONG_RUNS are left out.

Left out besides: modes that start a compiler for each function (`FrameworkSpec.slow`), and models on real data.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.recipes import Recipe
from gradwitness.frameworks import spec_of
from reference.case import seed

LONG_RUNS = ("resnet", "gpt")
"""Training runs that take half of the time of all of them: 45 and 60 seconds of processor time each, in one dtype."""

COMPILES_EAGERLY = ("jax",)
"""Frameworks that compile each primitive for each new shape, eagerly too: a case takes ten times as long as in another one."""

SAID = (
    "the generic case of every op, model and optimizer in every framework's customary mode and both dtypes; "
    "every other case of an op or optimizer in one framework and one dtype; "
    f"training runs in one dtype, without {' and '.join(LONG_RUNS)}; second derivatives of half of the ops in two frameworks"
)


def chooses_generic(kind: str, adapter: str, mode: str) -> bool:
    """Whether the generic case of an op, model or optimizer is run in a mode. Optimizers run eagerly alone."""
    spec = spec_of(adapter)
    return mode == (spec.modes[0] if kind == "optimizer" else spec.customary)


def chooses_other(
    name: str, case_id: str, place: tuple[str, str], adapters: Sequence[str], dtypes: Sequence[str], mode: str
) -> bool:
    """Whether another case of an op or optimizer is run at a place, an (adapter, dtype) of those given, in a mode."""
    shares = [adapter for adapter in adapters for _ in range(1 if adapter in COMPILES_EAGERLY else 3)]
    places = [(adapter, dtype) for adapter in shares for dtype in dtypes]
    return mode == spec_of(place[0]).modes[0] and place == places[seed(name, case_id) % len(places)]


def chooses_run(name: str, recipe: Recipe, dtype: str) -> bool:
    """Whether a training run is made in a dtype."""
    return name not in LONG_RUNS and dtype == recipe.scored
