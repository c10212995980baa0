"""Gradwitness: is this gradient right?

`check` and `check_loss` examine hand-written NumPy gradients in any style, `check_function` functions of frameworks. Each returns
a `Report`. Importing this package loads no framework. Nothing here knows an op, a case or an adapter. Read in this order:

    subjects/       what is examined: whatever style a function is written in, behind one interface; what it can change, put back
    derivative/     numerical derivatives with an error bar, of a function that can only be called, and of one that is watched
    judging/        the gradient that is claimed against the numerical one, along directions
    report/         findings, and how they are told
    checking.py     `check`, `check_loss`
    functions/      `check_function`, for PyTorch, TensorFlow and JAX
    comparing/      `compare`, `judge`: several functions that should compute the same, numbers from elsewhere
    rounding/       what rounding alone can do to a result: Monte Carlo arithmetic
    verdict/        the comparison of results with the truth: `judge`, `Disagreement`
    evidence.py     what the reference says about one point in one dtype: `Evidence`
    witnesses.py    who is the odd one out in a disagreement: `witnesses`
    frameworks/     arrays in and out, vector-Jacobian products and devices of each framework
"""

from gradwitness.checking import assert_check, assert_check_loss, check, check_loss
from gradwitness.comparing.compare import assert_compare, compare
from gradwitness.comparing.judge import assert_judge, judge
from gradwitness.functions.check import assert_check_function, check_function
from gradwitness.report import Finding, Report
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.verdict import Disagreement, K

__all__ = [
    "BadCall",
    "Disagreement",
    "Finding",
    "K",
    "Report",
    "UserError",
    "assert_check",
    "assert_check_function",
    "assert_check_loss",
    "assert_compare",
    "assert_judge",
    "check",
    "check_function",
    "check_loss",
    "compare",
    "judge",
]
__version__ = "0.2.0.dev0"
