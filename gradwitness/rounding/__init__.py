"""What rounding alone can do to a result: Monte Carlo arithmetic for NumPy.

Read in this order:

    arithmetic.py    `measure`: the truth and the spread of each result of a function; what is rounded, and why so much
    noise.py         `Noise`: one source of random roundings for each run
    perturbed.py     `Perturbed`: the array whose every operation rounds at random
    operations.py    how each kind of operation rounds: never, once, or as a sum of n terms
"""
