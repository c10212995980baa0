"""Numerical derivatives with an error bar, and where there is none: kinks and jumps.

Read in this order:

    extrapolation.py    `derivative`: the derivative of a function of one number, and how wrong it may be
    numerics.py         `Numerics`: derivatives of a forward along elements or directions of its inputs; jumps
    oracle.py           `check`: is this backward the derivative of this forward?
    decisions.py        `Decisions`: the comparisons and choices that a forward makes, and how far each is from a tie
    kinks.py            `nearest`: does a point lie so near to a kink that rounding decides on which side it is?
"""
