"""The exact value of a function that mpmath has, to fifty digits."""

from __future__ import annotations

import importlib
from typing import Any

NAMES = {
    "exp": "exp", "expm1": "expm1", "log": "log", "log1p": "log1p", "log2": "", "sin": "sin", "cos": "cos", "tan": "tan",
    "asin": "asin", "arcsin": "asin", "acos": "acos", "arccos": "acos", "atan": "atan", "arctan": "atan", "sinh": "sinh",
    "cosh": "cosh", "tanh": "tanh", "asinh": "asinh", "arcsinh": "asinh", "acosh": "acosh", "atanh": "atanh",
    "arctanh": "atanh", "erf": "erf", "erfc": "erfc", "erfinv": "erfinv", "lgamma": "loggamma", "gammaln": "loggamma",
    "digamma": "digamma", "sqrt": "sqrt", "sinc": "",
}  # fmt: skip
"""Name of a framework's function -> mpmath's; empty where that means something else."""
DIGITS = 50


def exact(function: Any, x: float, order: int) -> str:
    """The value, or with order 1 the derivative, at x; empty where mpmath does not have the function, or is not installed."""
    name = NAMES.get(getattr(function, "__name__", ""), "")
    try:
        mpmath: Any = importlib.import_module("mpmath")
    except ImportError:
        return ""
    if not name:
        return ""
    with mpmath.workdps(DIGITS):
        try:
            found = mpmath.diff(getattr(mpmath, name), mpmath.mpf(x), order)
        except (ValueError, ZeroDivisionError):
            return ""
        if isinstance(found, mpmath.mpc):
            found = found.real
        return str(mpmath.nstr(found, 25))
