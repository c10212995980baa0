"""Padding of images: a border of zeros, of mirrored pixels or of repeated ones.

    y_ij = x_{r(i) c(j)}, or 0 outside,  with h = i - top

    zero       r = h within the image, none outside
    reflect    r mirrors h at the first and the last row, which are not repeated:  |h| above,  2 (H - 1) - h below
    replicate  r = h clipped to [0, H - 1]

Derivation.  y copies pixels, so the gradient of a pixel of x is the sum over its copies: the middle of dout, and the border
folded onto it, one axis after the other (a corner is folded twice).

    dx_hw = sum over r(i) = h, c(j) = w of dout_ij

Shapes: x (N, C, H, W), y (N, C, top + H + bottom, left + W + right); padding is an integer for all sides, or ((top, bottom),
(left, right)).
`torch.nn.functional.pad` counts from the last axis: (left, right, top, bottom).
Source: Johnson, Alahi and Fei-Fei, "Perceptual losses for real-time style transfer and super-resolution", ECCV 2016 (reflect).
"""

from typing import Literal

import numpy as np

from ..case import Array, Case, invalid, require_floats
from ..domain import Arguments, Pick
from .avg_pool2d import normal
from .windows import per_axis

Mode = Literal["zero", "reflect", "replicate"]
Sides = tuple[tuple[int, ...], tuple[int, ...]]

NUMPY = {"zero": "constant", "reflect": "reflect", "replicate": "edge"}


def forward(x: Array, /, *, padding: int | Sides, mode: Mode = "zero") -> tuple[Array, tuple[Sides, Mode]]:
    """x with a border. x (N, C, H, W) -> y (N, C, top + H + bottom, left + W + right).

    Raises ValueError where x is no array of floats of four axes, mode is none of the three, or a side is negative or finds
    nothing to reflect or to replicate.
    """
    require_floats("pad2d", x=x)
    if x.ndim != 4:
        raise invalid("pad2d", "x", f"of shape {x.shape}", "(N, C, H, W)")
    if mode not in NUMPY:
        raise invalid("pad2d", "mode", repr(mode), "'zero', 'reflect' or 'replicate'")
    pairs = padding if isinstance(padding, tuple) else (padding, padding)
    if len(pairs) != 2:
        raise invalid("pad2d", "padding", repr(padding), "an integer, or ((top, bottom), (left, right))")
    vertical, horizontal = (per_axis("pad2d", "padding", pair, 2, least=0) for pair in pairs)
    for length, sides in zip(x.shape[2:], (vertical, horizontal), strict=True):
        most = {"zero": max(sides), "reflect": length - 1, "replicate": max(sides) if length else 0}[mode]
        if not max(sides) <= most:
            raise invalid("pad2d", "padding", max(sides), f"at most {most}, to {mode} an axis of length {length}")
    y = np.pad(x, ((0, 0), (0, 0), vertical, horizontal), mode=NUMPY[mode])  # type: ignore[call-overload]  # stubs want a literal
    return y, ((vertical, horizontal), mode)


def backward(dout: Array, cache: tuple[Sides, Mode]) -> tuple[Array]:
    """dout (N, C, top + H + bottom, left + W + right) -> dx (N, C, H, W)."""
    (vertical, horizontal), mode = cache
    folded = _fold(dout.swapaxes(2, 3), horizontal, mode).swapaxes(2, 3)
    return (_fold(folded, vertical, mode),)


def _fold(dout: Array, sides: tuple[int, ...], mode: Mode) -> Array:
    """The gradient of the middle of axis 2, with that of the border added where the border was copied from."""
    before, end = sides[0], dout.shape[2] - sides[1]
    dx = dout[:, :, before:end].copy()
    if mode == "reflect":
        dx[:, :, 1 : before + 1] += dout[:, :, :before][:, :, ::-1]
        dx[:, :, -1 - sides[1] : -1] += dout[:, :, end:][:, :, ::-1]
    elif mode == "replicate":
        dx[:, :, :1] += dout[:, :, :before].sum(axis=2, keepdims=True)
        dx[:, :, -1:] += dout[:, :, end:].sum(axis=2, keepdims=True)
    return dx


def domain(pick: Pick) -> Arguments:
    mode, lengths = pick.one_of(*NUMPY), (pick.size(), pick.size())
    top, bottom, left, right = (pick.size(0, n - 1 if mode == "reflect" else 3) for n in lengths for _ in range(2))
    same = len({top, bottom, left, right}) == 1
    padding = pick.one_of(top, ((top, bottom), (left, right))) if same else ((top, bottom), (left, right))
    return (pick.floats(pick.size(1, 2), pick.size(1, 2), *lengths),), {"padding": padding, "mode": mode}


_SIDES = ((2, 1), (0, 3))

CASES = [
    Case("generic", normal(2, 3, 4, 5), {"padding": _SIDES}),
    Case("reflect", normal(2, 3, 4, 5), {"padding": _SIDES, "mode": "reflect"}),
    Case("replicate", normal(2, 3, 4, 5), {"padding": _SIDES, "mode": "replicate"}),
    Case("one", normal(1, 1, 1, 1), {"padding": 1}),
    Case("one_replicated", normal(1, 1, 1, 1), {"padding": 1, "mode": "replicate"}),
    Case("reflect_all_there_is", normal(1, 2, 3, 4), {"padding": ((2, 2), (3, 3)), "mode": "reflect"}),
    Case("replicate_more_than_there_is", normal(1, 2, 3, 4), {"padding": ((4, 0), (1, 5)), "mode": "replicate"}),
    Case("none_at_all", normal(2, 3, 4, 5), {"padding": 0, "mode": "reflect"}),
    Case("large", normal(2, 8, 25, 24), {"padding": 3, "mode": "reflect"}),
]
