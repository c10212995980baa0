"""TensorFlow: GradientTape, tf.function, and XLA through jit_compile. Keras runs on this backend."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def _quiet() -> Iterator[None]:
    """Six lines about oneDNN and CUDA are written by C++ before any log level is read. Others are warned of by the variable."""
    absent = "TF_CPP_MIN_LOG_LEVEL" not in os.environ
    if absent:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    kept, sink = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(sink)
        if absent:
            del os.environ["TF_CPP_MIN_LOG_LEVEL"]


with _quiet():
    import tensorflow as tf

from gradwitness.frameworks import Array, require_device, require_dtype, require_mode


@contextmanager
def reproducible() -> Iterator[None]:
    """Deterministic ops, no TF32, and a logger that reports errors alone. On leaving it everything is as before."""
    from tensorflow.python.framework import config  # the public module can switch determinism on, and neither ask nor switch off

    logger = tf.get_logger()
    level, tf32, deterministic = logger.level, config.tensor_float_32_execution_enabled(), config.is_op_determinism_enabled()
    try:
        logger.setLevel("ERROR")
        config.enable_tensor_float_32_execution(False)
        config.enable_op_determinism()
        yield
    finally:
        logger.setLevel(level)
        config.enable_tensor_float_32_execution(tf32)
        if not deterministic:
            config.disable_op_determinism()


_PLACES = {"cpu": "/CPU:0", "cuda": "/GPU:0"}


def from_numpy(array: Array, device: str = "cpu") -> tf.Tensor:
    """A tensor on device with a copy of the array's values."""
    require_device("tensorflow", device, devices())
    with tf.device(_PLACES[device]):
        return tf.identity(tf.constant(array))


def to_numpy(tensor: tf.Tensor) -> Array:
    """A copy of the tensor's values."""
    return np.array(tensor.numpy())  # numpy() gives a scalar for a tensor without axes, and may share memory with others


def compile(fn: Callable[..., Any], mode: str = "eager") -> Callable[..., Any]:
    """tf.function for graph, with XLA for xla."""
    require_mode("tensorflow", mode)
    return fn if mode == "eager" else tf.function(fn, autograph=False, jit_compile=mode == "xla")


def vjp(fn: Callable[..., Any], mode: str = "eager") -> Callable[[Any, Any], tuple[Any, Any]]:
    """(args, dout) -> (out, grads) by GradientTape. An argument that out does not depend on gets zeros."""

    def run(args: Any, dout: Any) -> tuple[Any, Any]:
        args = [
            tf.identity(a) for a in args
        ]  # a tape knows tensors by identity: one passed twice would get both gradients, twice
        with tf.GradientTape() as tape:
            tape.watch(args)
            out = fn(*args)
        require_dtype("tensorflow", out, dout)
        grads = tape.gradient(out, args, output_gradients=dout, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return out, [tf.convert_to_tensor(grad) for grad in grads]  # the gradient of a look-up is sparse (IndexedSlices)

    return compile(run, mode)


def devices() -> list[str]:
    """The CPU, and CUDA where TensorFlow sees a GPU."""
    return ["cpu", "cuda"] if tf.config.list_physical_devices("GPU") else ["cpu"]


def wait(tree: Any) -> None:
    """GPU kernels run asynchronously; the CPU does not."""
    if "cuda" in devices():
        tf.test.experimental.sync_devices()


def version() -> str:
    """Name and version."""
    return f"tensorflow {tf.__version__}"
