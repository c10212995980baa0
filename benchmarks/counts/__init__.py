"""How many operations a network takes and how many bytes it moves, counted from its layers.

    ops.py       a function for each op: sizes -> `Layer`
    networks.py  model and size -> its layers; `count(model, size, phase)`

What is counted: a multiplication, an addition, a comparison, a division and a call of exp, tanh or erf are one operation each. A
matrix product of (n, i) and (i, o) has 2 n i o. Bytes are those that must be moved at least: each op reads its arguments and
writes its results once, in float32, whatever is computed inside. A fused kernel moves less, an implementation with temporary
arrays more.
"""

from benchmarks.counts.networks import count, layers, parameters
from benchmarks.counts.ops import Count, Layer

__all__ = ["Count", "Layer", "count", "layers", "parameters"]
