"""Questions about functions of PyTorch, TensorFlow and JAX.

    check.py     `check_function`: is the derivative right that the framework gets?
    asked.py     its arguments
    point.py     the function where its gradients are judged, in float64 if it runs there
    gradients.py the first gradient against differences
    rounded.py   differences that the rounding of the inputs makes
    at.py        the function at its point, and what rounding may do to what it returns
    faults/      faults that values do not show: overwritten inputs, a second backward, unused outputs, chance
    calls.py     by position and by keyword, a custom gradient that is not used
    layouts.py   the same values in another order of memory
    second.py    second derivatives
    transforms.py forward mode, vmap
    narrow.py    what it returns in a dtype and a mode, against itself in exact arithmetic
    result.py    one result against its truth, in words
    apart.py     how far results are from the truth, and whether rounding explains it
    truth.py     where that exact arithmetic comes from
    op.py        an op of the reference as the truth
    phases.py    vectors of complex matrices, whose phases are arbitrary
    samplers.py  random numbers whose gradient is implicit

Importing this package loads no framework.
"""
