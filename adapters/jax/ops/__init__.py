"""The reference's ops in JAX: jax.nn and jax.numpy, and optax for losses."""
