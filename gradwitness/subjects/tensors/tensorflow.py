"""TensorFlow: GradientTape. Keras layers and models run on given parameters through stateless_call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context as eager

from gradwitness.arrays import Array
from gradwitness.frameworks import load, reproducible
from gradwitness.subjects.tensors.backend import Calling, Inside, Precision, Pull
from gradwitness.subjects.tensors.places import exchanged, places


class TensorFlow:
    """See `Backend`."""

    name, title = "tensorflow", "TensorFlow"
    layouts = ()

    def holds(self, value: Any) -> bool:
        """A tensor or a variable."""
        return isinstance(value, (tf.Tensor, tf.Variable))

    def dtype(self, tensor: Any) -> str:
        """Its name."""
        return str(tensor.dtype.name)

    def array(self, tensor: Any) -> Array:
        """From any device; of a gradient of a look-up, too, which is sparse."""
        values = np.array(tf.convert_to_tensor(tensor).numpy())
        if values.dtype.kind == "c":
            return np.stack([values.real, values.imag], -1)
        narrow = values.dtype.itemsize < 4 and (values.dtype.kind == "f" or "float" in values.dtype.name)
        return values.astype(np.float32) if narrow else values

    def tensor(self, array: Array, like: Any, dtype: str) -> Any:
        """On the device of `like`."""
        wanted = tf.as_dtype(dtype)
        values = np.array(array)
        if wanted.is_complex:
            values = values[..., 0] + 1j * values[..., 1]
        with tf.device(like.device):
            return tf.identity(tf.constant(values.astype(wanted.as_numpy_dtype)))

    def zeros(self, tensor: Any) -> Any:
        """Zeros like it."""
        return tf.zeros_like(tensor)

    def laid_out(self, tensor: Any, layout: str) -> Any:
        """Tensors of TensorFlow have one layout."""
        raise ValueError(f"no layout {layout!r}")

    def parameters(self, function: Any) -> Mapping[str, Any]:
        """Those that are trained, of Keras and of tf.Module."""
        if hasattr(function, "stateless_call"):
            return {variable.path: variable.value for variable in function.trainable_variables}
        if isinstance(function, tf.Module):
            return {variable.name.partition(":")[0]: variable for variable in function.trainable_variables}
        return {}

    def calling(self, function: Any, mode: str = "eager") -> Calling:
        """Variables are exchanged for tensors that hold their values."""
        held = places(function, self.holds)
        own = {name: id(value) for name, value in self.parameters(function).items()}
        run = load("tensorflow").compile(function, mode)

        def call(
            parameters: Mapping[str, Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], precision: Precision
        ) -> tuple[Any, Inside]:
            copies = {id(place.tensor): rounded(place.tensor, precision) for place in held}
            inside = partial(exchanged, held, {**copies, **{own[name]: value for name, value in parameters.items()}})
            with inside():
                return run(*args, **kwargs), inside

        return call

    def vjp(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> tuple[list[Any], Pull]:
        """The tape is kept, so that the pull can be asked again."""
        leaves = [tf.identity(value) for value in inputs]  # a tape knows tensors by identity
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(leaves)
            outs = run(leaves)

        def pull(douts: Sequence[Any]) -> list[Any]:
            pairs = [(out, dout) for out, dout in zip(outs, douts, strict=True) if dout is not None]
            found = tape.gradient([out for out, _ in pairs], leaves, output_gradients=[dout for _, dout in pairs])
            return [None if gradient is None else tf.convert_to_tensor(gradient) for gradient in found]

        return outs, pull

    def second(
        self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any], cotangents: Sequence[Any]
    ) -> tuple[list[Any], Pull]:
        """A tape around a tape."""

        def gradients(inputs_and_cotangents: Sequence[Any]) -> list[Any]:
            leaves, douts = inputs_and_cotangents[: len(inputs)], list(inputs_and_cotangents[len(inputs) :])
            with tf.GradientTape() as tape:
                tape.watch(leaves)
                outs = run(leaves)
            zero = tf.UnconnectedGradients.ZERO
            found = tape.gradient(outs, leaves, output_gradients=douts, unconnected_gradients=zero)
            return [tf.convert_to_tensor(gradient) for gradient in found]

        return self.vjp(gradients, [*inputs, *cotangents])

    def jvp(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
        """ForwardAccumulator."""
        leaves = [tf.identity(value) for value in inputs]
        with tf.autodiff.ForwardAccumulator(leaves, list(tangents)) as accumulator:
            outs = run(leaves)
        return [tf.zeros_like(out) if t is None else t for out, t in zip(outs, map(accumulator.jvp, outs), strict=True)]

    def vmapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """tf.vectorized_map takes one argument."""
        return lambda *batch: tf.vectorized_map(lambda each: function(*each), batch)

    def reproducible(self) -> AbstractContextManager[None]:
        """Deterministic ops, and a seed for those that draw random numbers and have none."""
        return _context()

    def random_state(self) -> Callable[[], None]:
        """Of the counter behind tf.random."""
        context = eager.context()
        generator = getattr(context, "_rng", None)  # there once a seed is set
        kept = generator.getstate() if generator is not None else None

        def put_back() -> None:
            if generator is not None:
                generator.setstate(kept)

        return put_back

    def version(self) -> str:
        """Name and version."""
        return load("tensorflow").version()


BACKEND = TensorFlow()


@contextmanager
def _context() -> Iterator[None]:
    """The seed of the process, and the counter that goes with it, are put back: there is no public way to ask for them."""
    context = eager.context()
    seed, rng = context._seed, getattr(context, "_rng", None)
    with reproducible("tensorflow"):
        try:
            if seed is None:
                tf.random.set_seed(0)
            yield
        finally:
            context._seed, context._rng = seed, rng


def rounded(value: Any, precision: Precision) -> Any:
    """A copy: floats, and complex numbers, in a precision; anything else as it is."""
    value = tf.identity(value)
    for dtype in (precision.stored, precision.computed):
        if dtype is not None and (value.dtype.is_floating or value.dtype.is_complex):
            wide = tf.complex128 if dtype == "float64" else tf.complex64
            value = tf.cast(value, wide if value.dtype.is_complex else dtype)
    return value
