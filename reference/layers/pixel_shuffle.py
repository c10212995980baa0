"""Pixel shuffle: r^2 channels become a square of r by r pixels.

    y[n, c, h r + i, w r + j] = x[n, c r^2 + i r + j, h, w],    i, j = 0 .. r - 1

Derivation.  A permutation of the elements. Its vjp is the inverse permutation:

    dx[n, c r^2 + i r + j, h, w] = dout[n, c, h r + i, w r + j]

Shapes: x (N, C r^2, H, W), y (N, C, H r, W r). In `tf.nn.depth_to_space` the channel index changes fastest: i r C + j C + c. Both
orders agree where C is 1.
Source: Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural network",
CVPR 2016.
"""

from ..case import Array, Case, invalid, require_floats
from ..domain import Arguments, Pick
from .avg_pool2d import normal
from .windows import per_axis


def forward(x: Array, /, *, upscale_factor: int) -> tuple[Array, int]:
    """Channels to pixels. x (N, C r^2, H, W) -> y (N, C, H r, W r).

    Raises ValueError where x is no array of floats of four axes, r is no integer of at least 1, or r^2 does not divide the
    channels.
    """
    require_floats("pixel_shuffle", x=x)
    (r,) = per_axis("pixel_shuffle", "upscale_factor", upscale_factor, 1)
    if x.ndim != 4:
        raise invalid("pixel_shuffle", "x", f"of shape {x.shape}", "(N, C r^2, H, W)")
    n, channels, height, width = x.shape
    if channels % r**2 != 0:
        raise invalid("pixel_shuffle", "x", f"of {channels} channels", f"a multiple of {r}^2")
    squares = x.reshape(n, channels // r**2, r, r, height, width)
    return squares.transpose(0, 1, 4, 2, 5, 3).reshape(n, channels // r**2, height * r, width * r), r


def backward(dout: Array, cache: int) -> tuple[Array]:
    """dout (N, C, H r, W r) -> dx (N, C r^2, H, W)."""
    r = cache
    n, channels, height, width = dout.shape
    squares = dout.reshape(n, channels, height // r, r, width // r, r)
    return (squares.transpose(0, 1, 3, 5, 2, 4).reshape(n, channels * r**2, height // r, width // r),)


def domain(pick: Pick) -> Arguments:
    r = pick.size(1, 3)
    return (pick.floats(pick.size(1, 2), pick.size(1, 2) * r**2, pick.size(1, 2), pick.size(1, 2)),), {"upscale_factor": r}


CASES = [
    Case("generic", normal(2, 8, 3, 4), {"upscale_factor": 2}),
    Case("one", normal(1, 1, 1, 1), {"upscale_factor": 1}),
    Case("by_three", normal(1, 18, 3, 2), {"upscale_factor": 3}),
    Case("one_channel", normal(2, 4, 3, 5), {"upscale_factor": 2}),
    Case("large", normal(2, 48, 8, 9), {"upscale_factor": 4}),
]
