"""What is known of the operations of a function, by its jaxpr."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import jaxprs_in_params

from gradwitness.rounding.jax.exact import narrowed
from gradwitness.rounding.jax.primitives import VECTORS
from gradwitness.subjects.tensors.backend import Operations, Run

DECOMPOSITIONS = ("eig", "eigh", "svd")
"""Primitives whose vectors have arbitrary phases where they are complex."""
RANDOM = ("random_", "threefry", "rng_")
"""How the names of primitives begin that draw numbers."""
SAMPLER = "random_gamma"
"""The primitive that draws gamma variables, of which others are made; its gradient is implicit."""


def operations(run: Run, inputs: Sequence[Any]) -> Operations:
    """Of a function at these inputs. Raises whatever code does that cannot be traced."""
    jaxpr = jax.make_jaxpr(lambda *leaves: run(leaves))(*inputs).jaxpr
    rules = _any(lambda eqn: eqn.primitive.name.startswith("custom_"), jaxpr)
    return Operations(
        narrowed=narrowed(jaxpr),
        phases=_any(_has_phases, jaxpr),
        implicit=_any(lambda eqn: eqn.primitive.name == SAMPLER, jaxpr),
        picks=_any(lambda eqn: eqn.primitive.name.startswith(RANDOM) or eqn.primitive.name in VECTORS, jaxpr),
        rules=rules,
        unseen=rules,
    )


def _has_phases(eqn: Any) -> bool:
    """Whether an equation decomposes a complex matrix."""
    return eqn.primitive.name in DECOMPOSITIONS and any(jnp.iscomplexobj(atom.aval) for atom in eqn.invars)


def _any(holds: Callable[[Any], bool], jaxpr: Any) -> bool:
    """Whether something holds of one of the equations, or of those inside of them."""
    return any(holds(eqn) or any(_any(holds, inner) for inner in jaxprs_in_params(eqn.params)) for eqn in jaxpr.eqns)
