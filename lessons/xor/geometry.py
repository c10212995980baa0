"""Where the hidden layer puts the four points, and whether one straight cut can part them there.

The output layer cuts the space of the hidden units once, straight. (0, 1) and (1, 0) have to come to one side, (0, 0) and (1, 1)
to the other. A cut exists if and only if the segment between the first two does not touch the segment between the others. In the
plane of the inputs they cross, which is all that is hard about XOR. The hidden layer has to pull them apart.
"""

from __future__ import annotations

import numpy as np

from gradwitness.arrays import Array
from reference.activations import relu
from reference.layers import linear
from reference.models.two_layer import XOR_X


def hidden_values(params: dict[str, Array]) -> Array:
    """What the hidden units give for the four points, (4, hidden)."""
    with np.errstate(all="ignore"):
        before, _ = linear.forward(XOR_X, params["hidden.weight"], params["hidden.bias"])
        after, _ = relu.forward(before)
    return after


def gap(params: dict[str, Array]) -> float:
    """The distance between the segment from (0, 1) to (1, 0) and the one from (0, 0) to (1, 1), as the hidden units see them.

    0 where they touch: then no straight cut parts the points. nan where the hidden units overflow.
    """
    values = hidden_values(params)
    if not np.isfinite(values).all():
        return float("nan")
    scale = float(values.max()) or 1.0  # squares of what too large a rate leaves overflow
    zero, up, right, both = values / scale
    return scale * min(_nearest(up, right, zero, both), _nearest(zero, both, up, right))


def shown(gap: float) -> str:
    """A gap as it is printed."""
    return f"{gap:.4f}" if gap < 1e6 else f"{gap:.1e}"


def _nearest(a: Array, b: Array, c: Array, d: Array) -> float:
    """The distance of the segments ab and cd, from the nearest points of their lines and, beyond an end, of the ends.

    Source: Ericson, "Real-time collision detection", 2005, section 5.1.9.
    """
    u, v, w = b - a, d - c, a - c
    uu, vv, uv, uw, vw = u @ u, v @ v, u @ v, u @ w, v @ w
    square = uu * vv - uv * uv
    s = np.clip((uv * vw - uw * vv) / square, 0, 1) if square > 1e-12 * uu * vv else 0.0
    t = np.clip((uv * s + vw) / vv, 0, 1) if vv > 0 else 0.0
    s = np.clip((uv * t - uw) / uu, 0, 1) if uu > 0 else 0.0
    return float(np.linalg.norm(w + s * u - t * v))
