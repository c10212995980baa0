"""The reference's layers that resize, pad or rearrange, in JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

Size = int | tuple[int, ...]
Scale = float | tuple[float, ...]


def upsample_nearest2d(x: Array, *, size: Size | None = None, scale_factor: Scale | None = None) -> Array:
    return jax.image.resize(x, _resized(x, size, scale_factor), "nearest")


def upsample_bilinear2d(
    x: Array, *, size: Size | None = None, scale_factor: Scale | None = None, align_corners: bool = False
) -> Array:
    shape = _resized(x, size, scale_factor)
    if not align_corners:
        return jax.image.resize(x, shape, "bilinear", antialias=False)  # by default it averages where the image gets smaller
    # resize aligns the edges of images. In the function beneath it pixel i samples at (i + 1/2 - shift) / scale - 1/2, which is
    # i / scale with this shift. A single pixel is sampled at 0, or all samples near enough to the only one there is.
    pairs = zip(x.shape[2:], shape[2:], strict=True)
    scale = jnp.array([(o - 1) / (n - 1) if min(n, o) > 1 else 2.0 * o for n, o in pairs], x.dtype)
    return jax.image.scale_and_translate(x, shape, (2, 3), scale, 0.5 - 0.5 * scale, "linear", antialias=False)


def pixel_shuffle(x: Array, *, upscale_factor: int) -> Array:
    # Composed: JAX has none.
    n, channels, height, width = x.shape
    r = upscale_factor
    squares = x.reshape(n, channels // r**2, r, r, height, width).transpose(0, 1, 4, 2, 5, 3)
    return squares.reshape(n, channels // r**2, height * r, width * r)


def pad2d(x: Array, *, padding: int | tuple[tuple[int, int], tuple[int, int]], mode: str = "zero") -> Array:
    sides = padding if isinstance(padding, tuple) else ((padding, padding),) * 2
    modes = {"zero": "constant", "reflect": "reflect", "replicate": "edge"}
    return jnp.pad(x, ((0, 0), (0, 0), *sides), mode=modes[mode])


def flatten(x: Array, *, start_axis: int = 1, end_axis: int = -1) -> Array:
    return jax.lax.collapse(x, start_axis, end_axis % x.ndim + 1)


def _resized(x: Array, size: Size | None, scale_factor: Scale | None) -> tuple[int, ...]:
    if scale_factor is None:
        return (*x.shape[:2], *(size if isinstance(size, tuple) else (size, size)))
    scales = scale_factor if isinstance(scale_factor, tuple) else (scale_factor, scale_factor)
    return (*x.shape[:2], *(int(n * s) for n, s in zip(x.shape[2:], scales, strict=True)))
