"""Train a model on its data in NumPy and in every framework, side by side."""
