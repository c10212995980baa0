"""Functions of PyTorch, TensorFlow and JAX as the engine takes them: arrays in, arrays out.

Read in this order: tree.py (tensors in nested tuples, lists and dicts), backend.py (what a framework has to offer, and which one
some values belong to), places.py (tensors that a function holds, exchanged for others), function.py (a function, its tensors, and
their gradients by automatic differentiation); then torch.py with graphless.py, tensorflow.py, jax.py.
"""
