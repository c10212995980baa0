"""The reference's convolutions in TensorFlow."""
