"""The only comparison in the project. It raises.

`judge` compares a result with the truth: each element may differ by K times the scale of honest error. `judge_values` does so for
any dtype of a framework, and `judge_projection` judges all elements together. `judge_within` and `judge_between` compare an
analytic derivative with a numerical one: it must lie within the error bar. K is one number for each width of storage.

limits.py has K, with where it comes from; elements.py and together.py judge; disagreement.py has the error.
"""

from __future__ import annotations

from gradwitness.verdict.disagreement import Disagreement, digits
from gradwitness.verdict.elements import judge, judge_between, judge_values, judge_within
from gradwitness.verdict.limits import K_NARROW, K_PROJECTION, K_SLICES, K, k_of
from gradwitness.verdict.together import judge_projection, judge_slices

__all__ = [
    "K_NARROW",
    "K_PROJECTION",
    "K_SLICES",
    "Disagreement",
    "K",
    "digits",
    "judge",
    "judge_between",
    "judge_projection",
    "judge_slices",
    "judge_values",
    "judge_within",
    "k_of",
]
