"""The JAX adapter: jax.nn and optax losses, models as pytrees, optax."""

MISSING: dict[str, str] = {}
"""What the reference has and JAX, optax and flax do not -> why."""
