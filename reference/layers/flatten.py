"""Flatten: several axes become one, in row-major order.

    y = x with the axes start_axis .. end_axis as one axis

Derivation.  No element changes its value or its place in memory, so the gradient takes the shape of x:

    dx = dout in the shape of x

Shapes: x of any, y with one axis of the product of their lengths in the place of start_axis to end_axis. By default the batch
axis stays. Keras flattens in the order channels last. With data_format="channels_first" it moves the channels before it flattens.
Source: LeCun et al., "Gradient-based learning applied to document recognition", Proceedings of the IEEE 86, 1998.
"""

from ..case import Array, Case, invalid, require_floats
from ..domain import Arguments, Pick, any_shape
from .avg_pool2d import normal


def forward(x: Array, /, *, start_axis: int = 1, end_axis: int = -1) -> tuple[Array, tuple[int, ...]]:
    """x with axes start_axis to end_axis, both included, as one. x (...) -> y (..., product, ...).

    Raises ValueError where x is no array of floats, or the axes are not there or in the wrong order.
    """
    require_floats("flatten", x=x)
    for name, axis in (("start_axis", start_axis), ("end_axis", end_axis)):
        if not -x.ndim <= axis < x.ndim:
            raise invalid("flatten", name, axis, f"an axis of x, whose shape is {x.shape}")
    start, end = start_axis % x.ndim, end_axis % x.ndim
    if not start <= end:
        raise invalid("flatten", "end_axis", end_axis, f"an axis not before start_axis, {start_axis}")
    length = 1
    for n in x.shape[start : end + 1]:
        length *= n
    return x.reshape(*x.shape[:start], length, *x.shape[end + 1 :]), x.shape


def backward(dout: Array, cache: tuple[int, ...]) -> tuple[Array]:
    """dout (..., product, ...) -> dx in the shape of x."""
    return (dout.reshape(cache),)


def domain(pick: Pick) -> Arguments:
    axes = pick.size()
    start = pick.size(0, axes - 1)
    end = pick.size(start, axes - 1)
    options = {"start_axis": pick.one_of(start, start - axes), "end_axis": pick.one_of(end, end - axes)}
    return (pick.floats(*any_shape(pick, axes, axes)),), options


CASES = [
    Case("generic", normal(2, 3, 4, 5)),
    Case("one", normal(1, 1)),
    Case("middle_axes", normal(2, 3, 4, 5), {"start_axis": 1, "end_axis": 2}),
    Case("leading_axes", normal(2, 3, 4, 5), {"start_axis": 0, "end_axis": -2}),
    Case("everything", normal(3, 7), {"start_axis": 0}),
    Case("a_single_axis", normal(2, 3, 4), {"start_axis": 2}),
    Case("large", normal(16, 3, 15, 14)),
]
