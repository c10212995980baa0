"""Gradwitness: is this gradient right?

Monte Carlo arithmetic says what rounding alone can do. Numerical differentiation gives the derivative with an error bar. The
verdict compares. Nothing here knows an op, a case or an adapter. Importing this package loads no framework. Read in this order:

    rounding/       what rounding alone can do to a result: `measure`
    subjects/       what is examined: `Subject`
    verdict.py      the only comparison: `judge`, `Disagreement`
    derivative/     numerical derivatives with an error bar: `check`
    evidence.py     what the reference says about one point in one dtype: `Evidence`
    witnesses.py    who is the odd one out in a disagreement: `witnesses`
    frameworks/     arrays in and out, vector-Jacobian products and devices of each framework
"""

from gradwitness.derivative.oracle import Vacuous, check
from gradwitness.rounding.arithmetic import Unstable
from gradwitness.verdict import Disagreement, K

__all__ = ["Disagreement", "K", "Unstable", "Vacuous", "check"]
__version__ = "0.2.0.dev0"
