"""JAX: jax.vjp. Flax modules run on the variables that come as their first input."""

from __future__ import annotations

from gradwitness.subjects.tensors.jax.differentiation import Differentiation
from gradwitness.subjects.tensors.jax.functions import Functions


class Jax(Functions, Differentiation):
    """See `Backend`."""

    name, title = "jax", "JAX"
    cure = "Convert: jnp.asarray(x)"


BACKEND = Jax()
