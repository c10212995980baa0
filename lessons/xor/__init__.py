"""Train a small network on XOR, which it learns or does not, in NumPy and in every framework."""
