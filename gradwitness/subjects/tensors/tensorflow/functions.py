"""Functions, tf.Modules and layers of Keras, on other values of the variables and tensors that they hold."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from typing import Any

import tensorflow as tf

from gradwitness.frameworks import load
from gradwitness.rounding.framework import NotWatched
from gradwitness.subjects.tensors.backend import Calling, Inside, Rewrite
from gradwitness.subjects.tensors.places import Place, exchanged, places
from gradwitness.subjects.tensors.precision import Precision
from gradwitness.subjects.tensors.tensorflow.custom_rules import told_of, unused
from gradwitness.subjects.tensors.tensorflow.operations import drawing
from gradwitness.subjects.tensors.tensorflow.rewritten import rewritten
from gradwitness.subjects.tensors.tensorflow.values import Values, rounded


class Functions(Values):
    """See `backend.Functions`."""

    def prepared(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Layers of Keras make their parameters."""
        if "keras" in sys.modules:
            keras_module().built(function, args, kwargs)

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
        """tf.custom_gradient knows of tensors by position alone. What it does is seen from outside."""
        return unused(run, self.holds)

    def lost(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], name: str) -> bool:
        """A rule of tf.custom_gradient that names variables from outside gives gradients of variables alone."""
        variable = self._trained(function)[name]
        held = [getattr(each, "_value", each) for each in getattr(function, "variables", ())]
        before = [tf.identity(each) for each in held]
        try:
            with tf.GradientTape() as tape:
                found = tf.nest.flatten(function(*args, **kwargs))
            outs = [out for out in found if tf.is_tensor(out) and out.dtype.is_floating]
            return tape.gradient(outs, getattr(variable, "_value", variable)) is not None
        finally:
            for each, value in zip(held, before, strict=True):
                each.assign(value)

    def rewritten(self, calling: Calling, rewrite: Callable[[], Rewrite]) -> Calling:
        """See rewritten.py."""
        return rewritten(calling, rewrite)

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
            trained = {id(v) for v in (of_keras.variables if of_keras else ()) if v.trainable}
            stand_ins = [*given.values(), *(value for key, value in values.items() if key in trained)]
            return partial(_exchanged, held, new, of_keras, values | given, precision, states, stand_ins)

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
                if mode == "xla" and (name := drawing()):
                    raise NotWatched(f"It draws random numbers ({name}), and XLA draws others: no result can be compared")
                return out

            if precision not in compiled:
                compiled[precision] = load("tensorflow").compile(body, mode)
            return compiled[precision](dict(parameters), args, dict(kwargs)), nullcontext

        return call

    def _trained(self, function: Any) -> Mapping[str, Any]:
        """Variables by their names: Keras' own, and those of TensorFlow."""
        if hasattr(function, "stateless_call"):
            return {variable.path: variable for variable in function.trainable_variables}
        if isinstance(function, tf.Module):
            found: dict[str, Any] = {}
            for variable in function.trainable_variables:
                name = variable.name.partition(":")[0]
                found[f"{name}_{len(found)}" if name in found else name] = variable  # two may have one name
            return found
        return {}


def keras_module() -> Any:
    """keras.py, which imports Keras."""
    return importlib.import_module("gradwitness.subjects.tensors.tensorflow.keras")


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


@contextmanager
def _exchanged(
    held: list[Place],
    new: Mapping[int, Any],
    of_keras: Any,
    values: Mapping[int, Any],
    precision: Precision,
    eagerly: bool,
    stand_ins: Sequence[Any],
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
        if stand_ins:
            stack.enter_context(told_of(stand_ins))
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
