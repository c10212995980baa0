"""JAX: jax.vjp, operation by operation or under jit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import jax
import numpy as np

from gradwitness.frameworks import Array, process_is_owned, require_device, require_dtype, require_held, require_mode

SETTINGS = {
    "jax_enable_x64": True,
    "jax_default_matmul_precision": "highest",  # no TF32 on GPUs, no bfloat16 passes on TPUs
}


_owned: list[str] = []
"""The settings that are in force in every thread, once the process is owned."""


@contextmanager
def reproducible() -> Iterator[None]:
    """float64, and full-precision matrix products, in this thread; in every thread where the process is owned. On leaving it
    everything is as before, also for whoever is inside a context of JAX's own.
    """
    with ExitStack() as stack:
        if process_is_owned() and not _owned:
            _owned.extend(SETTINGS)
            stack.callback(_owned.clear)
            for name, value in SETTINGS.items():
                stack.callback(jax.config.update, name, getattr(jax.config, name))
                jax.config.update(name, value)
        stack.enter_context(jax.enable_x64(True))
        stack.enter_context(jax.default_matmul_precision("highest"))
        yield


def from_numpy(array: Array, device: str = "cpu") -> jax.Array:
    """An array on device with a copy of the values. Raises TypeError for float64 where JAX has it switched off."""
    require_device("jax", device, devices())
    tensor = jax.device_put(np.array(array), jax.devices(device)[0])  # device_put may alias what it is given
    require_held("jax", array, tensor.dtype)
    return tensor


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
