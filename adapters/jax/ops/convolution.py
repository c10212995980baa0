"""The reference's convolutions in JAX."""
