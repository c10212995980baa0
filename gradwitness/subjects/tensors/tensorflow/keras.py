"""Keras layers, models and losses on other values and in another precision, without a change to any of them.

Inside of a `keras.StatelessScope` a variable has the value that the scope has for it, and what is assigned to it stays in the
scope: moving statistics, the states of seed generators. Nothing flows back through what is assigned, as nothing does where
TensorFlow assigns to a variable. What a layer computes in is said by its dtype policy, to which it casts
its inputs; the inputs of a functional model, losses and variables have dtypes of their own. All of them are exchanged for the
time of a call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from gradwitness.subjects.reach import reached

TYPED = (keras.Layer, keras.Loss, keras.Variable, keras.KerasTensor)


@dataclass(frozen=True)
class Held:
    """What a function holds of Keras: variables, and objects that have a dtype."""

    variables: tuple[Any, ...]
    typed: tuple[Any, ...]

    def __bool__(self) -> bool:
        return bool(self.variables or self.typed)

    @contextmanager
    def exchanged(self, values: Mapping[int, Any], dtype: str | None) -> Iterator[None]:
        """Variables have `values` by their ids, and everything computes in a dtype; in its own if that is None."""
        scope = _Scope()
        scope.state_mapping.update(values)
        with ExitStack() as stack:
            if dtype is not None:
                stack.enter_context(_computing(self.typed, dtype))
            stack.enter_context(scope)
            yield


class _Scope(keras.StatelessScope):  # type: ignore[misc]  # Keras has no types
    """A scope in which an assignment cuts the graph, as it does where there is none."""

    def add_update(self, update: tuple[Any, Any]) -> None:
        """The value alone is assigned. The gradient of what is read of a parameter goes on to the parameter."""
        variable, value = update
        value, before = tf.stop_gradient(value), self.get_current_value(variable)
        if variable.trainable and before is not None and before.dtype == value.dtype:
            value += before - tf.stop_gradient(before)
        super().add_update((variable, value))


def held_by(function: Any) -> Held:
    """Of everything that can be reached from a function."""
    things = list(reached(function))
    variables = tuple(thing for thing in things if isinstance(thing, keras.Variable))
    return Held(variables, tuple(thing for thing in things if isinstance(thing, TYPED)))


def built(function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Let layers make their parameters, which they do when they are called first. No state is changed by that."""
    layers = [thing for thing in reached(function) if isinstance(thing, keras.Layer) and not thing.built]
    if not layers:
        return
    if isinstance(function, keras.Layer):
        symbols = [
            keras.KerasTensor(a.shape, keras.backend.standardize_dtype(a.dtype)) if hasattr(a, "dtype") else a for a in args
        ]
        with suppress(Exception):  # a call that takes tensors alone has to be called with them
            function(*symbols, **kwargs)
    if not all(layer.built for layer in layers):
        function(*args, **kwargs)


@contextmanager
def _computing(typed: tuple[Any, ...], dtype: str) -> Iterator[None]:
    """A policy for each object; for numbers without a dtype as well."""
    policy, floatx = keras.DTypePolicy(dtype), keras.config.floatx()
    before: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for thing in typed:
            own = vars(thing)
            for name, new in (("_dtype_policy", policy), ("_dtype", dtype)):
                if name in own and (name == "_dtype_policy" or "float" in str(own[name])):
                    before.append((own, name, own[name]))
                    own[name] = new
        if dtype in ("float16", "bfloat16", "float32", "float64"):
            keras.config.set_floatx(dtype)
        yield
    finally:
        keras.config.set_floatx(floatx)
        for own, name, value in before:
            own[name] = value
