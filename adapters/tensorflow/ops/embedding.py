"""The reference's embeddings, positions and the bilinear map in TensorFlow."""
