"""K: how many units of rounding spread an honest result may be off.

Where K comes from: `python -m benchmarks.calibrate` computes the worst ratio |framework - truth| / spread of each cell of the
matrix. These are its results for nine ops, two models, sgd and two training runs on x86-64, with torch 2.13.0,
tensorflow 2.21.0 and jax 0.10.2:

    adapter     mode   dtype    cells  median   99%   max  cell of the maximum
    torch       eager  float64     92    0.97  4.18  6.31  linear / large
    torch       eager  float32     92    0.91  4.38  5.22  linear / odd
    tensorflow  eager  float64     91    0.87  5.49  6.23  tanh / large
    tensorflow  eager  float32     92    0.93  4.99  6.36  tanh / large
    tensorflow  graph  float64     87    0.88  5.53  6.23  tanh / large
    tensorflow  graph  float32     87    0.94  5.06  6.36  tanh / large
    tensorflow  xla    float64     87    0.88  6.44  9.33  tanh / tails
    tensorflow  xla    float32     87    0.95  3.41  5.78  tanh / large
    jax         eager  float64     92    1.09  6.26  9.20  tanh / tails
    jax         eager  float32     92    0.98  5.78  5.79  binary_cross_entropy_with_logits / saturated
    jax         jit    float64     87    1.01  6.44  9.33  tanh / tails
    jax         jit    float32     87    0.99  5.78  5.79  binary_cross_entropy_with_logits / saturated

The median is 1: the spread is the scale of honest error. The maxima are elementary functions with errors of several ulps. K = 32
is three times the worst of them. Long reductions need no larger K, because their spread grows with their length.

In 16 bits the spread is measured inside the framework (gradwitness/rounding/framework.py), and K is three times the worst
distance of the catalogue's ops on their generic cases: `K_NARROW`. `python -m benchmarks.rounding` measures it, and
docs/reference/spreads.md has its figures.
"""

from __future__ import annotations

from typing import Any

from gradwitness.rounding.widths import width

K = 32.0
K_NARROW = {"float16": 45.0, "bfloat16": 20.0}
"""K of the 16-bit dtypes. Those of three frameworks' kernels that are furthest from the truth, 14.7 units in float16 and 6.3 in
bfloat16, are convolutions on the CPU, which add in 16 bits."""
K_PROJECTION = 6.0
"""How many units the projection on the truth may be off, see `judge_projection`. Honest results are off by 1.2 at most on generic
cases. In units of the projection's own spread alone it is 2.8, where a convolution adds in bfloat16. 6 lets a factor of 1.03 be
seen in bfloat16."""

K_SLICES = 4.0
"""The same of each slice, see `judge_slices`. Honest results are off by 1.6 at most on generic cases. 4 lets a factor of 1.03 of
one channel be seen in bfloat16."""


def k_of(dtype: Any) -> float:
    """K of a dtype of any framework, or of its name."""
    return K_NARROW.get(width(dtype).name, K)
