"""Scripts that show a disagreement with a framework and NumPy alone, as the maintainers of a framework want to see it.

cases.py           what is shown, and how it is examined again on other inputs: a gradient, a dtype, two functions
given.py           inputs as arrays by path, and inputs again
shrink.py          smaller shapes and rounder values that still show it
source.py          the source of a function, with all that it names
script.py          the script
multiprecision.py  the exact value of a function that mpmath has
"""
