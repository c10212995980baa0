"""The reference's pooling layers in JAX."""
