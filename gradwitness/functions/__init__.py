"""Questions about functions of PyTorch, TensorFlow and JAX.

    check.py     `check_function`: is the derivative right that the framework gets?
    asked.py     its arguments
    gradients.py the first gradient against differences
    rounded.py   differences that the rounding of the inputs makes
    at.py        the function at its point, and what rounding may do to what it returns
    faults.py    faults that values do not show: overwritten inputs, a second backward, unused outputs, chance
    calls.py     by position and by keyword, a custom gradient that is not used
    layouts.py   the same values in another order of memory
    order.py     second derivatives, forward mode, vmap
    narrow.py    what it returns in a dtype and a mode, against itself in exact arithmetic
    truth.py     where that exact arithmetic comes from
    op.py        an op of the reference as the truth

Importing this package loads no framework.
"""
