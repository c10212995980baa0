"""A layer or a model of Keras as code: its config says how it is made. What it trains are arguments; all else are constants.

A layer of the user's own class is made from its config, too, after the source of its class.
"""

from __future__ import annotations

import pprint
import sys
from collections.abc import Callable, Iterator
from typing import Any

from gradwitness.arrays import Array

FLOATS = ("float16", "bfloat16", "float32", "float64")
LEFT_OUT = ("_initializer", "_regularizer", "_constraint", "build_config", "compile_config", "quantization_config")
"""Ends of the names of what a config says beside: how values begin, what is added to a loss."""
TEXT = '''
def {called}(parameters, *args, **kwargs):
    """The {kind}, with these values of what it trains, in their dtype."""
    dtype = parameters[0].dtype.name
    config = {config}
    layer = keras.layers.deserialize(config{own})
    layer(*args, **kwargs)  # makes its variables
    fixed = {fixed}
    fixed = [keras.ops.cast(value, variable.dtype) for value, variable in zip(fixed, layer.non_trainable_variables)]
    return layer.stateless_call(parameters, fixed, *args, **kwargs)[0]
'''


def is_layer(function: Any) -> bool:
    """Whether it is a layer or a model of Keras that runs on TensorFlow."""
    keras = sys.modules.get("keras")
    return keras is not None and keras.backend.backend() == "tensorflow" and isinstance(function, keras.Layer)


def obstacle(layer: Any) -> str:
    """Why it cannot be written down; empty if it can."""
    own = {type(one).__name__ for one in own_layers(layer)}
    try:
        whole = sys.modules["keras"].layers.serialize(layer)
    except NotImplementedError:
        return f"{' or '.join(sorted(own))} is a layer of yours without get_config, so nobody knows how it was made"
    for config in _configs(whole):
        where, kind = config.get("module") or "", config["class_name"]
        if not (where.startswith("keras") or kind == "__keras_tensor__" or kind in own):
            return "it holds a function or a class of yours"
        if kind == "DTypePolicy" and config["config"]["name"] not in FLOATS:
            return f"it mixes dtypes ({config['config']['name']})"
    return ""


def own_layers(layer: Any) -> list[Any]:
    """The layers in it that are of the user's own classes."""
    return [one for one in layer._flatten_layers() if not type(one).__module__.startswith("keras.src.")]


def parameters(layer: Any) -> dict[str, Array]:
    """The values of what it trains, in its order."""
    return {variable.path: variable.numpy() for variable in layer.trainable_variables}


def text(layer: Any, called: str, define: Callable[[type], None]) -> str:
    """The definition of a function of the parameters and the inputs.

    define    takes the class of a layer of the user's, whose source is needed
    """
    classes = list(dict.fromkeys(type(one) for one in own_layers(layer)))
    for each in classes:
        define(each)
    named = ", ".join(f"{each.__name__!r}: {each.__name__}" for each in classes)
    own = f", custom_objects={{{named}}}" if classes else ""
    plain = _plain(sys.modules["keras"].layers.serialize(layer))
    config = pprint.pformat(plain, width=100, sort_dicts=False).replace("\n", "\n" + " " * 13)
    fixed = [variable.numpy().tolist() for variable in layer.non_trainable_variables]
    return TEXT.format(called=called, kind=type(layer).__name__, config=config, fixed=fixed, own=own)


def _configs(value: Any) -> Iterator[dict[str, Any]]:
    """Every config of an object within a config."""
    if isinstance(value, dict) and "class_name" in value:
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ():
        yield from _configs(inner)


def _plain(value: Any) -> Any:
    """A config without what does not matter here, and with the dtype of the script."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        return value
    if isinstance(value, dict):
        kept = {key: inner for key, inner in value.items() if not _is_left_out(key, inner)}
        if "class_name" in kept and not (kept.get("module") or "keras").startswith("keras"):
            kept |= {"module": None, "registered_name": kept["class_name"]}
        return {key: _Dtype() if key == "dtype" and _is_floating(inner) else _plain(inner) for key, inner in kept.items()}
    return type(value)(map(_plain, value)) if isinstance(value, (list, tuple)) else value


def _is_left_out(key: str, value: Any) -> bool:
    return key.endswith(LEFT_OUT) or (key in ("registered_name", "seed") and value is None)


def _is_floating(dtype: Any) -> bool:
    return (dtype["config"]["name"] if isinstance(dtype, dict) else dtype) in FLOATS


class _Dtype:
    """Stands for a name in the text of a config."""

    def __repr__(self) -> str:
        return "dtype"
