"""JAX: jax.vjp, operation by operation or under jit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from gradwitness.frameworks import Array, require_device, require_dtype, require_mode

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_default_matmul_precision", "highest")  # no TF32 on GPUs, no bfloat16 passes on TPUs


def from_numpy(array: Array, device: str = "cpu") -> jax.Array:
    """An array on device with a copy of the values."""
    require_device("jax", device, devices())
    return jax.device_put(np.array(array), jax.devices(device)[0])  # device_put may alias what it is given


def to_numpy(tensor: jax.Array) -> Array:
    """A copy of the values."""
    return np.array(tensor)


def compile(fn: Callable[..., Any], mode: str = "eager") -> Callable[..., Any]:
    """jax.jit for jit."""
    require_mode("jax", mode)
    return fn if mode == "eager" else jax.jit(fn)


def vjp(fn: Callable[..., Any], mode: str = "eager") -> Callable[[Any, Any], tuple[Any, Any]]:
    """(args, dout) -> (out, grads) by jax.vjp."""

    def run(args: Any, dout: Any) -> tuple[Any, Any]:
        out, pull = jax.vjp(fn, *args)
        require_dtype("jax", out, dout)
        return out, pull(dout)

    return compile(run, mode)


def devices() -> list[str]:
    """The CPU, and CUDA where JAX sees a GPU."""
    try:
        return ["cpu", "cuda"] if jax.devices("cuda") else ["cpu"]
    except RuntimeError:  # how jax says that a platform is not there
        return ["cpu"]


def wait(tree: Any) -> None:
    """JAX dispatches asynchronously on every device."""
    jax.block_until_ready(tree)


def version() -> str:
    """Name and version."""
    return f"jax {jax.__version__}"
