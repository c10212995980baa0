"""Precisions in which a framework may compute products: float32 everywhere, TF32 and bfloat16 where a device has them.

Parameters and gradients are float32 in all three. In "tf32" the operands of matrix products and convolutions are rounded to 11
bits, in "bfloat16" to 8, and sums are float32: PyTorch's autocast, which also stores activations in bfloat16, and JAX's precision
of products. An implementation is verified in the precision in which it is timed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

import numpy as np

from benchmarks.devices import actual
from benchmarks.plan import Implementation
from gradwitness.arrays import Array
from gradwitness.rounding.arithmetic import Measured, from_runs, measure
from gradwitness.rounding.noise import Noise
from gradwitness.rounding.perturbed import lift

PRECISIONS = ("float32", "tf32", "bfloat16")
UNITS = {"tf32": 2.0**-11, "bfloat16": 2.0**-8}
"""Unit roundoff of an operand."""
HAVE = {"torch": PRECISIONS, "jax": PRECISIONS, "tensorflow": ("float32", "tf32")}
"""Framework -> what it can be told. Keras sets bfloat16 by a policy of each layer, which the adapter's layers do not have."""
_JAX = {"float32": "highest", "tf32": "tensorfloat32", "bfloat16": "BF16_BF16_F32"}
"""What `jax.default_matmul_precision` takes. A CPU that is told TF32 computes in float32; so it is never told (units.py)."""


class Mixed(Noise):
    """Every operation of forward and backward rounds once, by the unit of a narrow operand. Sums are float32, whose own error is
    too small to count beside it.
    """

    def __init__(self, precision: str, rng: np.random.Generator) -> None:
        super().__init__("float32", rng)
        self.unit = UNITS[precision]

    def round(self, array: Array, scale: float | Array = 1.0) -> Array:
        """As `Noise.round`; a longer sum rounds no more than a short one."""
        return super().round(array, np.minimum(scale, 1.0))


def measured_in(
    precision: str, run: Callable[[Callable[[Array], Array]], Sequence[Array]], seed: int, samples: int
) -> list[Measured]:
    """Truth and spread of what run(lift) returns. lift converts its float32 arrays, as for `gradwitness.rounding...measure`."""
    if precision == "float32":
        return measure(run, "float32", seed=seed, samples=samples)
    with np.errstate(all="ignore"):
        truths = [np.asarray(t) for t in run(lambda array: np.asarray(array).astype(np.float64))]
        lifts = (partial(lift, Mixed(precision, np.random.default_rng((seed, sample)))) for sample in range(samples))
        return from_runs(truths, ([result.view(np.ndarray) for result in run(each)] for each in lifts))


@contextmanager
def timing(who: Implementation) -> Iterator[None]:
    """A framework as it is timed: in the implementation's precision, and not made deterministic."""
    with _PLACES[who.framework](who) if who.framework in _PLACES else nullcontext():
        yield


@contextmanager
def verifying(who: Implementation) -> Iterator[None]:
    """A framework as it is verified: in the implementation's precision; deterministic, as the process is (`own_process`)."""
    with _PRECISE[who.framework](who) if who.framework in _PRECISE else nullcontext():
        yield


@contextmanager
def _torch_precise(who: Implementation) -> Iterator[None]:
    import torch

    places = (torch.backends.cuda.matmul, torch.backends.cudnn)
    before = [place.allow_tf32 for place in places]
    for place in places:
        place.allow_tf32 = who.precision != "float32"
    reduced = torch.autocast(actual(who.device), torch.bfloat16) if who.precision == "bfloat16" else nullcontext()
    try:
        with reduced:
            yield
    finally:
        for place, allowed in zip(places, before, strict=True):
            place.allow_tf32 = allowed


@contextmanager
def _torch(who: Implementation) -> Iterator[None]:
    import torch

    deterministic, chosen = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(mode=False)
    torch.backends.cudnn.benchmark = True
    try:
        with _torch_precise(who):
            yield
    finally:
        torch.use_deterministic_algorithms(deterministic)
        torch.backends.cudnn.benchmark = chosen


@contextmanager
def _tensorflow_precise(who: Implementation) -> Iterator[None]:
    import tensorflow as tf

    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(who.precision == "tf32")
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)


@contextmanager
def _tensorflow(who: Implementation) -> Iterator[None]:
    from tensorflow.python.framework import config  # the public module cannot switch determinism off

    deterministic = config.is_op_determinism_enabled()
    config.disable_op_determinism()
    try:
        with _tensorflow_precise(who):
            yield
    finally:
        if deterministic:
            config.enable_op_determinism()


@contextmanager
def _jax(who: Implementation) -> Iterator[None]:
    import jax

    with jax.default_matmul_precision(_JAX[who.precision]):
        yield


_Settings = Callable[[Implementation], AbstractContextManager[None]]
_PLACES: dict[str, _Settings] = {"torch": _torch, "tensorflow": _tensorflow, "jax": _jax}
_PRECISE: dict[str, _Settings] = {"torch": _torch_precise, "tensorflow": _tensorflow_precise, "jax": _jax}
