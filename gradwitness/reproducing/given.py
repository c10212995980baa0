"""Inputs as arrays by path, which can be made smaller and rounder, and inputs again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.reproducing import keras_layers
from gradwitness.reproducing.texts import NoSource, is_random_key, literal
from gradwitness.subjects.arguments import kind
from gradwitness.subjects.tensors import given
from gradwitness.subjects.tensors.handed import plain
from gradwitness.subjects.tensors.origins import load, origin
from gradwitness.subjects.tensors.precision import is_real
from gradwitness.subjects.tensors.tree import Path, branches, replaced, tensors, written

Arrays = Mapping[Path, Array]


@dataclass
class Given:
    """What a function is given.

    arrays   every tensor and array by its path
    dtypes   their dtypes
    names    what they are called in a script
    own      the parameters of a module of PyTorch, or of a layer of Keras, by the names that they have there
    """

    function: Callable[..., Any]
    inputs: Any
    kwargs: Mapping[str, Any]
    arrays: dict[Path, Array] = field(default_factory=dict)
    dtypes: dict[Path, str] = field(default_factory=dict)
    names: dict[Path, str] = field(default_factory=dict)
    own: dict[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        handed = given.Given(self.function, self.inputs, self.kwargs)
        self.tree, self._by_name = handed.tree, handed.by_name
        self._likes = dict(tensors(self.tree, _holds))
        for path, value in self._likes.items():
            framework = origin(value)
            self.arrays[path] = load(framework).array(value) if framework else plain(value)
            self.dtypes[path] = load(framework).dtype(value) if framework else np.asarray(value).dtype.name
            self.names[path] = _identifier(written(path[1:]), self.names.values())

        if origin(self.function) == "torch" and hasattr(self.function, "named_parameters"):
            self.own = {name: load("torch").array(value) for name, value in self.function.named_parameters()}
        elif keras_layers.is_layer(self.function):
            self.own = keras_layers.parameters(self.function)
        self.own_names = {name: _identifier(name, self.names.values()) for name in self.own}

    def floats(self) -> list[Path]:
        """The paths of floats."""
        return [path for path, dtype in self.dtypes.items() if is_real(dtype)]

    def of(self, arrays: Arrays) -> tuple[Any, dict[str, Any]]:
        """Inputs and keyword arguments with other values."""
        new = {path: self._like(path, array) for path, array in arrays.items()}
        tree = replaced(self.tree, new)
        return (tree["inputs"] if self._by_name else tuple(tree["inputs"].values())), tree["kwargs"]

    def _like(self, path: Path, array: Array) -> Any:
        value = self._likes[path]
        framework = origin(value)
        if framework:
            return load(framework).tensor(array, value, self.dtypes[path])
        return np.asarray(array).astype(self.dtypes[path])

    def rounded(self, path: Path, array: Array) -> Array:
        """An array as the dtype of its tensor holds it."""
        value = self._likes[path]
        framework = origin(value)
        return load(framework).array(self._like(path, array)) if framework else np.asarray(self._like(path, array))

    def call(self, function: str, convert: str) -> str:
        """The call of a function as code. Raises NoSource for an argument that cannot be written down.

        convert   makes a tensor of integers
        """
        inputs = {key: self._code(("inputs", key), value, convert) for key, value in self.tree["inputs"].items()}
        keywords = {key: self._code(("kwargs", key), value, convert) for key, value in self.tree["kwargs"].items()}
        args = [] if self._by_name else list(inputs.values())
        keywords |= inputs if self._by_name else {}
        if self.own and keras_layers.is_layer(self.function):
            args.insert(0, f"[{', '.join(self.own_names.values())}]")
        elif self.own:
            parameters = ", ".join(f"{name!r}: {own}" for name, own in self.own_names.items())
            by_name = ", ".join(f"{key!r}: {value}" for key, value in keywords.items())
            args_ = "".join(f"{arg}, " for arg in args)
            return f"torch.func.functional_call({function}, {{{parameters}}}, ({args_}), {{{by_name}}})"
        return f"{function}({', '.join([*args, *(f'{key}={value}' for key, value in keywords.items())])})"

    def _code(self, path: Path, value: Any, convert: str) -> str:
        if path in self.names:
            return self.names[path] if is_real(self.dtypes[path]) else f"{convert}({self.names[path]})"
        parts = {key: self._code((*path, key), branch, convert) for key, branch in branches(value)}
        if type(value) is dict:
            return "{" + ", ".join(f"{key!r}: {part}" for key, part in parts.items()) + "}"
        if type(value) is list:
            return "[" + ", ".join(parts.values()) + "]"
        if type(value) is tuple:
            return "(" + "".join(f"{part}, " for part in parts.values()) + ")"
        try:
            return literal(value)
        except NoSource:
            cure = "make what it holds inputs of a plain function"
            raise NoSource(f"{written(path[1:])} is {kind(value)}, which is not written down: {cure}") from None


def _holds(value: Any) -> bool:
    """Whether it is a tensor or an array of numbers; a random key of JAX is none, and goes as it is."""
    if is_random_key(value):
        return False
    tensor = bool(origin(value)) and hasattr(value, "shape") and hasattr(value, "dtype")
    return tensor or isinstance(value, (np.ndarray, np.generic))


def _identifier(name: str, taken: Any) -> str:
    plain_name = "".join(c if c.isalnum() else "_" for c in name).strip("_") or "input"
    plain_name = f"input_{plain_name}" if plain_name[0].isdigit() else plain_name
    return plain_name if plain_name not in taken else f"{plain_name}_{len(list(taken))}"
