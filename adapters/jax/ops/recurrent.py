"""The reference's recurrent layers in JAX."""
