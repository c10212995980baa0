"""What a function is given, as one tree: every value in it has a path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gradwitness.subjects.signatures import as_positional
from gradwitness.subjects.tensors.naming import names_of
from gradwitness.subjects.tensors.tree import Path, replaced


class Given:
    """The inputs and keyword arguments of a function.

    tree      {"inputs": {name: value}, "kwargs": {name: value}}, and what else belongs to it
    by_name   whether inputs came as a dict by name
    """

    def __init__(self, function: Callable[..., Any], inputs: Any, kwargs: Mapping[str, Any] | None) -> None:
        keywords, values = as_positional(function, inputs, kwargs or {})
        names = list(keywords) or names_of(function, len(values))
        self.by_name = bool(keywords)
        self.tree: dict[str, Any] = {"inputs": dict(zip(names, values, strict=True)), "kwargs": dict(kwargs or {})}

    @property
    def names(self) -> list[str]:
        """Of the inputs."""
        return list(self.tree["inputs"])

    def replaced(self, new: Mapping[Path, Any]) -> dict[str, Any]:
        """The tree with other values at some paths."""
        return dict(replaced(self.tree, new))

    @contextmanager
    def extended(self, keywords: Mapping[str, Any]) -> Iterator[None]:
        """Inside, these are given by keyword as well."""
        before = self.tree["kwargs"]
        self.tree["kwargs"] = {**before, **keywords}
        try:
            yield
        finally:
            self.tree["kwargs"] = before

    def arguments(self, tree: Mapping[str, Any] | None = None) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What the function is called with, by position and by keyword."""
        tree = self.tree if tree is None else tree
        inputs, kwargs = tree["inputs"], tree["kwargs"]
        return ((), {**inputs, **kwargs}) if self.by_name else (tuple(inputs.values()), dict(kwargs))
