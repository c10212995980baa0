"""What rounding alone can do to a result: Monte Carlo arithmetic for NumPy, PyTorch, JAX and TensorFlow.

Read in this order:

    arithmetic.py    `measure`: the truth and the spread of each result of a function; what is rounded, and why so much
    noise.py         `Noise`: one source of random roundings for each run
    perturbed.py     `Perturbed`: the NumPy array whose every operation rounds at random
    operations.py    how each kind of NumPy operation rounds: never, once, or as a sum of n terms
    projection.py    a constant factor that no element shows alone
    widths.py        the precision of each dtype, and of the sums of its kernels
    framework.py     what the frameworks have in common
    same.py          programs that do the same, which are compiled once
    torch/, jax/, tensorflow/
"""
