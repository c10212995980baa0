"""The checks of the arguments of convolutions, the windows of a convolution, and arguments for cases and domains.

All checks raise ValueError, which names the op, the argument, what came and what was wanted.
"""

from collections.abc import Sequence

import numpy as np

from ..case import Array, Inputs, invalid, require_floats
from ..domain import Arguments, Pick
from .windows import Size, Windows, fitting, lay, per_axis, spelled

_IMAGES = {1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}
_KERNEL = {1: ("kL",), 2: ("kH", "kW"), 3: ("kD", "kH", "kW")}


def require_images(op: str, x: Array, axes: int) -> None:
    """Check that x is (N, C, *spatial) with so many spatial axes and at least one channel."""
    require_floats(op, x=x)
    if not (x.ndim == axes + 2 and x.shape[1] > 0):
        raise invalid(op, "x", f"of shape {x.shape}", f"{_IMAGES[axes]} with C >= 1")


def require_groups(op: str, groups: int, channels: int, whose: str) -> None:
    """Check that the number of groups divides the channels."""
    fits = isinstance(groups, (int, np.integer)) and groups >= 1 and channels % groups == 0
    if not fits:
        raise invalid(op, "groups", repr(groups), f"a divisor of {channels}, the channels of {whose}")


def require_kernel(op: str, name: str, weight: Array, x: Array, wanted: tuple[int | str, ...]) -> None:
    """Check that the weight has the dtype of x and the wanted shape: numbers, or letters for any number but 0."""
    require_floats(op, x=x, **{name: weight})
    fits = weight.ndim == len(wanted) and all(isinstance(w, str) or s == w for s, w in zip(weight.shape, wanted, strict=True))
    fits = fits and weight.size > 0
    if not fits:
        raise invalid(op, name, f"of shape {weight.shape}", f"({', '.join(map(str, wanted))}), none of them 0")


def require_bias(op: str, bias: Array, x: Array, channels: int) -> None:
    """Check that the bias has the dtype of x and one number for each channel of the output."""
    require_floats(op, x=x, bias=bias)
    if bias.shape != (channels,):
        raise invalid(op, "bias", f"of shape {bias.shape}", f"({channels},)")


def windows_on(
    op: str, size: Sequence[int], kernel: Sequence[int], *, stride: Size, padding: Size, dilation: Size, name: str = "weight"
) -> Windows:
    """The windows of a kernel on images of a size. At least one must fit."""
    axes = len(size)
    strides, dilations = per_axis(op, "stride", stride, axes), per_axis(op, "dilation", dilation, axes)
    paddings = per_axis(op, "padding", padding, axes, least=0)
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True))
    room = tuple(s + 2 * p for s, p in zip(size, paddings, strict=True))
    fits = all(r <= p for r, p in zip(reach, room, strict=True))
    if not fits:
        raise invalid(op, name, f"a kernel that reaches over {reach}", f"no more than {room}, the size of x and its padding")
    return lay(tuple(size), tuple(kernel), strides, paddings, dilations)


def convolution_windows(
    op: str, axes: int, x: Array, weight: Array, bias: Array, *, stride: Size, padding: Size, dilation: Size, groups: int
) -> Windows:
    """The windows of a convolution: x (N, C, *size), weight (O, C/groups, *kernel), bias (O,)."""
    require_images(op, x, axes)
    require_groups(op, groups, x.shape[1], "x")
    require_kernel(op, "weight", weight, x, ("O", x.shape[1] // groups, *_KERNEL[axes]))
    require_groups(op, groups, weight.shape[0], "the output")
    require_bias(op, bias, x, weight.shape[0])
    return windows_on(op, x.shape[2:], weight.shape[2:], stride=stride, padding=padding, dilation=dilation)


def depthwise_windows(
    op: str, name: str, x: Array, weight: Array, *, stride: Size, padding: Size, dilation: Size, multiplier: int
) -> Windows:
    """The windows of a depthwise convolution: x (N, C, H, W), weight (C * multiplier, 1, kH, kW)."""
    require_images(op, x, 2)
    fits = isinstance(multiplier, (int, np.integer)) and multiplier >= 1
    if not fits:
        raise invalid(op, "multiplier", repr(multiplier), "an integer of at least 1")
    require_kernel(op, name, weight, x, (x.shape[1] * multiplier, 1, *_KERNEL[2]))
    return windows_on(op, x.shape[2:], weight.shape[2:], stride=stride, padding=padding, dilation=dilation, name=name)


def transposed_windows(
    op: str,
    axes: int,
    x: Array,
    weight: Array,
    bias: Array,
    *,
    stride: Size,
    padding: Size,
    output_padding: Size,
    dilation: Size,
    groups: int,
) -> tuple[Windows, tuple[int, ...]]:
    """The windows of a transposed convolution, and the size of its output, on which they lie.

    x (N, C, *positions), weight (C, O/groups, *kernel), bias (O,).
    """
    require_images(op, x, axes)
    if not min(x.shape[2:]) > 0:
        raise invalid(op, "x", f"of shape {x.shape}", "no axis of length 0 behind the channels")
    require_groups(op, groups, x.shape[1], "x")
    require_kernel(op, "weight", weight, x, (x.shape[1], "O/groups", *_KERNEL[axes]))
    require_bias(op, bias, x, groups * weight.shape[1])
    strides, dilations = per_axis(op, "stride", stride, axes), per_axis(op, "dilation", dilation, axes)
    paddings = per_axis(op, "padding", padding, axes, least=0)
    extra = per_axis(op, "output_padding", output_padding, axes, least=0)
    fits = all(e < s for e, s in zip(extra, strides, strict=True))
    if not fits:
        raise invalid(op, "output_padding", repr(output_padding), f"less than stride, {strides}")
    along = zip(x.shape[2:], weight.shape[2:], strides, paddings, dilations, extra, strict=True)
    size = tuple((t - 1) * s + d * (k - 1) + 1 + e - 2 * p for t, k, s, p, d, e in along)
    fits = all(s >= 1 for s in size)
    if not fits:
        raise invalid(
            op, "padding", repr(padding), f"an output of at least 1 along each axis; for x of shape {x.shape} it is {size}"
        )
    return lay(size, weight.shape[2:], strides, paddings, dilations), size


def arguments(x: tuple[int, ...], *weights: tuple[int, ...], bias: int) -> Inputs:
    """A sampler for cases: images, weights of shapes (O, I, *kernel) scaled as for training, and a bias."""
    return lambda rng: (
        rng.normal(size=x),
        *(rng.normal(size=shape) / np.sqrt(np.prod(shape[1:])) for shape in weights),
        rng.normal(size=bias),
    )


def convolved(pick: Pick, axes: int) -> Arguments:
    """The domain of a convolution over so many axes."""
    lengths, kernel, windows = fitting(pick, axes, onto_padding=True, most=3 if axes < 3 else 2)
    groups, inputs, outputs = (pick.size(1, 2) for _ in range(3))
    x = pick.floats(pick.size(1, 2), groups * inputs, *lengths)
    return (x, pick.floats(groups * outputs, inputs, *kernel), pick.floats(groups * outputs)), {**windows, "groups": groups}


def transposed(pick: Pick, axes: int) -> Arguments:
    """The domain of a transposed convolution over so many axes: that of a convolution, with x and y exchanged."""
    size, kernel, windows = fitting(pick, axes, onto_padding=True)
    stride, padding, dilation = (per_axis("transposed", name, windows[name], axes, least=0) for name in windows)
    laid = lay(size, kernel, stride, padding, dilation).outputs
    groups, inputs, outputs = (pick.size(1, 2) for _ in range(3))
    x, weight = pick.floats(pick.size(1, 2), groups * inputs, *laid), pick.floats(groups * inputs, outputs, *kernel)
    rest = tuple((n + 2 * p - d * (k - 1) - 1) % s for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True))
    options = {**windows, "output_padding": spelled(pick, rest), "groups": groups}
    return (x, weight, pick.floats(groups * outputs)), options


def depthwise(pick: Pick, multiplier: int) -> tuple[Array, Array, dict[str, Size]]:
    """For domains of depthwise convolutions: images, weight (C * multiplier, 1, kH, kW), and options of the windows."""
    lengths, kernel, windows = fitting(pick, 2, onto_padding=True)
    channels = pick.size(1, 2)
    x, weight = pick.floats(pick.size(1, 2), channels, *lengths), pick.floats(channels * multiplier, 1, *kernel)
    return x, weight, {**windows, "multiplier": multiplier}
