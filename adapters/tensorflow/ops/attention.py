"""The reference's attention in TensorFlow."""
