"""Correct gradients in the styles of other people: none may be called wrong.

Each module is a style, its code written as users of NumPy write it: own names, no types, no care for longdouble. At its end it
lists its functions, with random inputs for them. `FUNCTIONS` has all by name.

numbers.py   the random inputs: ordinary, saturated, ill-conditioned, uneven
entry.py     one entry: how it is drawn and checked
"""

from __future__ import annotations

from trust.user_code import arrays, attention, classes, dicts, lapack, likelihoods, loops, norms, scalars, special, steps
from trust.user_code.entry import UserFunction

STYLES = (loops, classes, dicts, lapack, special, steps, attention, likelihoods, scalars, arrays, norms)
FUNCTIONS: dict[str, UserFunction] = {f"{one.style}.{one.name}": one for style in STYLES for one in style.FUNCTIONS}
"""style.name -> the entry."""
