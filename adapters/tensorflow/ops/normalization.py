"""The reference's normalisation layers, dropout and residual connections in TensorFlow."""
