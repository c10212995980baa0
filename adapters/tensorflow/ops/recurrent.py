"""The reference's recurrent layers in TensorFlow."""
