"""The reference's pooling layers in TensorFlow."""
