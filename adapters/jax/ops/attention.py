"""The reference's attention in JAX."""
