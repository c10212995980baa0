"""Questions about several functions that should compute the same, and about numbers from elsewhere.

    compare.py      `compare`: do these functions compute the same?
    runs.py         the calls of all functions, and what their rounding does
    probes.py       what is asked first: do results fit each other, do they move, do they come again?
    results.py      a finding for each output and gradient
    judge.py        `judge`: is the distance of these numbers from a function's value rounding? (truths.py: the reference)
    whose.py        which framework a function belongs to
    handed.py       the same inputs as tensors of each framework, or as arrays
    sides.py        a function with its inputs: what it returns, its gradients, its exact values
    names.py        which result of one function is which of another
    scale.py        the truth and the scale of honest error: that of the first function whose rounding can be watched
    verdicts.py     one result of all functions: the same to the bit, within rounding, wrong, ill-conditioned
    blame.py        which of them is wrong
    conventions.py  which convention explains that they differ: a change of one that makes it agree with another
    trials.py       the changes that are tried, of modules and parameters (trial.py: one of them)
    rewrites.py     those of a user's own code (code.py: what it says, calls and keeps from outside)
    elsewhere.py    what numbers from another program have in common with the truth that they are not (orders.py: of an axis)

Importing this package loads no framework.
"""
