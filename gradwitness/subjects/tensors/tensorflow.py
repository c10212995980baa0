"""TensorFlow: GradientTape. Keras layers and models run on given parameters through stateless_call."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python import pywrap_tfe
from tensorflow.python.eager import context as eager
from tensorflow.python.framework import config

from gradwitness.arrays import Array
from gradwitness.frameworks import load, reproducible
from gradwitness.rounding.exact import Exact
from gradwitness.rounding.framework import NotWatched
from gradwitness.rounding.tensorflow.exact import exact, narrowed
from gradwitness.subjects.reach import codes_of
from gradwitness.subjects.tensors.backend import Calling, Inside, Precision, Pull
from gradwitness.subjects.tensors.places import Place, exchanged, places

CUSTOM_GRADIENT, RULES = "tensorflow.python.ops.custom_gradient", ("_eager_mode_decorator", "_graph_mode_decorator")
"""Where tf.custom_gradient calls what it decorates."""
DECOMPOSITIONS = ("Eig", "SelfAdjointEigV2", "Svd")
"""Operations whose vectors have arbitrary phases where they are complex."""
RANDOM = ("Random", "Multinomial", "Rng", "TruncatedNormal")
"""In the names of operations that draw numbers."""
SAMPLERS = ("RandomGamma", "StatelessRandomGammaV2", "StatelessRandomGammaV3")
"""Operations of random numbers whose gradient is implicit."""


class TensorFlow:
    """See `Backend`."""

    name, title = "tensorflow", "TensorFlow"
    layouts = ()
    cure = "Convert: tf.constant(x)"

    def without_values(self, tensor: Any) -> str:
        """Inside of tf.function tensors are symbols."""
        return "" if isinstance(tensor, tf.Variable) or hasattr(tensor, "numpy") else "of a graph"

    def holds(self, value: Any) -> bool:
        """A tensor or a variable; the handle of a variable is neither."""
        return isinstance(value, (tf.Tensor, tf.Variable)) and value.dtype not in (tf.resource, tf.variant)

    def marked(self, tensor: Any) -> bool:
        """Tensors of TensorFlow do not say."""
        return False

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
        found = self._trained(function)
        return {name: getattr(variable, "_value", variable) for name, variable in found.items()}

    def trained(self, function: Any) -> list[str]:
        """Variables of TensorFlow and of Keras."""
        own = {id(variable) for variable in self._trained(function).values()}
        of_keras = _keras(function)
        held = {id(v): v.path for v in (of_keras.variables if of_keras else ()) if v.trainable}
        inner = {id(v._value) for v in (of_keras.variables if of_keras else ())}
        for place in places(function, lambda value: isinstance(value, tf.Variable) and value.trainable):
            if id(place.tensor) not in inner:
                held[id(place.tensor)] = place.key if isinstance(place.key, str) else place.tensor.name.partition(":")[0]
        return [name for key, name in held.items() if key not in own]

    def unused(self, run: Callable[[], object]) -> list[str]:
        """tf.custom_gradient knows of tensors by position alone. What it does is seen from outside: by a profiler."""
        ran: set[Any] = set()
        rules: dict[str, Any] = {}

        def profile(frame: types.FrameType, event: str, _: Any) -> None:
            if event == "call":
                ran.add(frame.f_code)
                if frame.f_code.co_name in RULES and frame.f_globals.get("__name__") == CUSTOM_GRADIENT:
                    given = tf.nest.flatten(frame.f_locals.get("kwargs", {}))
                    code = getattr(frame.f_locals.get("f"), "__code__", None)
                    if code is not None and any(self.holds(value) for value in given):
                        rules[code.co_name] = code

        before = sys.getprofile()
        sys.setprofile(profile)
        try:
            run()
        finally:
            sys.setprofile(None)
            resume = getattr(before, "enable", lambda: sys.setprofile(before))  # cProfile's is no function
            resume()
        return [name for name, code in rules.items() if not ran & (set(codes_of(code)) - {code})]

    def of_triangles(self, outs: Sequence[Any]) -> bool:
        """None is known."""
        return False

    def has_phases(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> bool:
        """By its graph, if there is one."""
        with suppress(Exception):  # code that cannot be traced raises anything
            return any(node.op in DECOMPOSITIONS and tf.as_dtype(node.attr["T"].type).is_complex for node in _nodes(run, inputs))
        return False

    def samples(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> bool:
        """By its graph, if there is one."""
        with suppress(Exception):  # likewise
            return any(node.op in SAMPLERS for node in _nodes(run, inputs))
        return False

    def calling(self, function: Any, mode: str = "eager") -> Calling:
        """Variables are exchanged for tensors that hold their values; in a compiled function while it is traced."""
        held = [place for place in places(function, self.holds) if not self.without_values(place.tensor)]
        of_keras = _keras(function)  # what tf.function keeps of earlier traces has no values
        own = {name: id(variable) for name, variable in self._trained(function).items()}
        inner = {id(getattr(variable, "_value", None)) for variable in (of_keras.variables if of_keras else ())}
        held = [place for place in held if id(place.tensor) not in inner]
        states = any(isinstance(place.tensor, tf.Variable) for place in held) or bool(of_keras)

        kept: dict[Any, Any] = {}

        def exchange(parameters: Mapping[str, Any], precision: Precision) -> Inside:
            given = {own[name]: value for name, value in parameters.items()}
            new = {
                id(place.tensor): _copy(place.tensor, precision, kept) for place in held if id(place.tensor) not in given
            } | given
            values = {id(v): rounded(v._value, precision) for v in of_keras.variables if id(v) not in given} if of_keras else {}
            return partial(_exchanged, held, new, of_keras, values | given, precision, states)

        compiled: dict[Precision, Any] = {}

        def call(
            parameters: Mapping[str, Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], precision: Precision
        ) -> tuple[Any, Inside]:
            if mode == "eager":
                inside = exchange(parameters, precision)
                with inside():
                    return function(*args, **kwargs), inside

            def body(parameters: Mapping[str, Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
                with exchange(parameters, precision)():
                    out = _traced(function, args, kwargs)
                if mode == "xla" and (drawing := _drawing()):
                    raise NotWatched(f"It draws random numbers ({drawing}), and XLA draws others: no result can be compared")
                return out

            if precision not in compiled:
                compiled[precision] = load("tensorflow").compile(body, mode)
            return compiled[precision](dict(parameters), args, dict(kwargs)), nullcontext

        return call

    def prepared(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Layers of Keras make their parameters."""
        if "keras" in sys.modules:
            keras_module().built(function, args, kwargs)

    def _trained(self, function: Any) -> Mapping[str, Any]:
        """Variables by their names: Keras' own, and those of TensorFlow."""
        if hasattr(function, "stateless_call"):
            return {variable.path: variable for variable in function.trainable_variables}
        if isinstance(function, tf.Module):
            return {variable.name.partition(":")[0]: variable for variable in function.trainable_variables}
        return {}

    def evaluator(self, _: Any, run: Callable[[Sequence[Any]], list[Any]]) -> Callable[[Sequence[Any]], list[Any]]:
        """Without a tape."""
        return run

    def vjp(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> tuple[list[Any], Pull]:
        """The tape is kept, so that the pull can be asked again."""
        leaves = [tf.identity(value) for value in inputs]  # a tape knows tensors by identity
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(leaves)
            outs = run(leaves)

        def pull(douts: Sequence[Any]) -> list[Any]:
            pairs = [(out, dout) for out, dout in zip(outs, douts, strict=True) if dout is not None]
            try:
                found = tape.gradient([out for out, _ in pairs], leaves, output_gradients=[dout for _, dout in pairs])
            except ValueError as error:
                if "custom_gradient function expected to return" not in str(error):
                    raise
                cure = "Arguments that come by keyword are not differentiated by a custom gradient: call it by position"
                raise ValueError(f"{error} {cure}") from error
            return [None if gradient is None else tf.convert_to_tensor(gradient) for gradient in found]

        return outs, pull

    def narrowed(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> str:
        """By its graph, if there is one."""
        with suppress(Exception):  # likewise
            return narrowed(_nodes(run, inputs))
        return ""

    def exact(self) -> Exact:
        """By its graph, in float64."""
        return exact(self.vjp)

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
        """No TF32, and a seed for the ops that draw random numbers and have none."""
        return _context()

    def random_state(self) -> Callable[[], None]:
        """Of the counter behind tf.random."""
        context = eager.context()
        generator = getattr(context, "_rng", None)  # there once a seed is set
        kept = generator.getstate() if generator is not None else None

        def put_back() -> None:
            if generator is not None and generator.getstate() != kept:
                generator.setstate(kept)
                if context._context_handle is not None:  # a kernel that drew numbers goes on where it ended
                    pywrap_tfe.TFE_ContextClearCaches(context._context_handle)

        return put_back

    def stir(self) -> None:
        """One number further, if a seed is set."""
        generator = getattr(eager.context(), "_rng", None)
        if generator is not None:
            generator.random()

    def drawn(self) -> object:
        """The counter behind tf.random."""
        generator = getattr(eager.context(), "_rng", None)
        return generator and generator.getstate()

    def version(self) -> str:
        """Name and version."""
        return load("tensorflow").version()


BACKEND = TensorFlow()


def keras_module() -> Any:
    """keras.py, which imports Keras."""
    return importlib.import_module("gradwitness.subjects.tensors.keras")


def _keras(function: Any) -> Any:
    """What a function holds of Keras; None where Keras is not loaded, so that there can be nothing of it."""
    return (keras_module().held_by(function) or None) if "keras" in sys.modules else None


def _traced(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """A call inside of a graph; by AutoGraph where it decides by the value of a tensor."""
    try:
        return function(*args, **kwargs)
    except tf.errors.OperatorNotAllowedInGraphError:
        if not isinstance(function, (types.FunctionType, types.MethodType)):
            raise
        return tf.autograph.to_graph(function)(*args, **kwargs)


def _drawing() -> str:
    """The name of an operation in this graph that draws random numbers; empty where there is none."""
    graph = tf.compat.v1.get_default_graph().as_graph_def()
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    return next((node.op for node in nodes if any(word in node.op for word in RANDOM)), "")


@contextmanager
def _exchanged(
    held: list[Place], new: Mapping[int, Any], of_keras: Any, values: Mapping[int, Any], precision: Precision, eagerly: bool
) -> Iterator[None]:
    """Everything has other values. What was compiled before has the old ones inside, and is run as it is written."""
    before = tf.config.functions_run_eagerly()
    with ExitStack() as stack:
        stack.enter_context(exchanged(held, new))
        if of_keras is not None:
            stack.enter_context(of_keras.exchanged(values, precision.computed or precision.stored))
        if eagerly:
            stack.callback(tf.config.run_functions_eagerly, before)
            tf.config.run_functions_eagerly(True)
        yield


def _copy(value: Any, precision: Precision, kept: dict[Any, Any]) -> Any:
    """A tensor for a tensor; for a variable another one, to which a function may assign. There is one for each precision.

    It is trained if the first one is: tf.custom_gradient tells its rule of those alone.
    """
    if not isinstance(value, tf.Variable):
        return rounded(value, precision)
    with tf.init_scope():
        start = rounded(value, precision)
        if (id(value), precision) not in kept:
            kept[id(value), precision] = tf.Variable(start, trainable=value.trainable)
        kept[id(value), precision].assign(start)
    return kept[id(value), precision]


@contextmanager
def _context() -> Iterator[None]:
    """The seed of the process, and the counter that goes with it, are put back: there is no public way to ask for them.

    Deterministic ops stay as the process has them. They may be other functions: softmax_cross_entropy_with_logits has another
    gradient where they are asked for.
    """
    context = eager.context()
    seed, rng = context._seed, getattr(context, "_rng", None)
    deterministic = config.is_op_determinism_enabled()
    with reproducible("tensorflow"):
        try:
            if not deterministic:
                config.disable_op_determinism()
            if seed is None:
                tf.random.set_seed(0)
            yield
        finally:
            context._seed, context._rng = seed, rng


def rounded(value: Any, precision: Precision) -> Any:
    """A copy: floats, and complex numbers, in a precision; anything else as it is."""
    value = tf.identity(tf.convert_to_tensor(value))
    for dtype in (precision.stored, precision.computed):
        if dtype is not None and (value.dtype.is_floating or value.dtype.is_complex):
            wide = tf.complex128 if dtype == "float64" else tf.complex64
            value = tf.cast(value, wide if value.dtype.is_complex else dtype)
    return value


def _nodes(run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> Iterator[Any]:
    """The operations of a function, traced."""
    graph = tf.function(lambda *leaves: run(leaves), autograph=False).get_concrete_function(*inputs).graph.as_graph_def()
    return chain(graph.node, *(function.node_def for function in graph.library.function))
