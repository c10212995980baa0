"""Gradwitness: is this gradient right?

The engine: Monte Carlo arithmetic says what rounding alone can do, numerical differentiation says what the
derivative is within an error bar, the verdict compares. It knows no op, no case and no adapter, and importing it
loads no framework.
"""

from gradwitness.derivative.oracle import Vacuous, check
from gradwitness.rounding.arithmetic import Unstable
from gradwitness.verdict import Disagreement, K

__all__ = ["Disagreement", "K", "Unstable", "Vacuous", "check"]
__version__ = "0.1.0"
