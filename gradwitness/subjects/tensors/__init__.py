"""Functions of PyTorch, TensorFlow and JAX as the engine takes them: arrays in, arrays out.

Read in this order: tree.py (tensors in nested tuples, lists and dicts), precision.py, backend.py (what a framework has to offer),
origins.py (which framework some values belong to), places.py (tensors that a function holds, exchanged for others), selection.py
(what is differentiated), function.py and call.py (a function, its tensors, and their gradients by automatic differentiation).
Then a framework: torch, tensorflow and jax have a file for each part of backend.py.
"""
