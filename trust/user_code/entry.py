"""An entry of the table: a function that is not ours, its inputs, and how it is handed to gradwitness."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gradwitness import checking
from gradwitness.report.report import Report
from trust.user_code.numbers import KINDS, Kind, Numbers

Around = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True)
class UserFunction:
    """A correct function in some style.

    name, style   what it computes, and the module it is in
    call          "check", for a forward and a backward; "check_loss", for a function that returns a loss and its gradients
    functions     (forward, backward), or (function,)
    draw          random numbers -> the inputs, or (params, *data); for bound=True, (functions, inputs): methods of a new object
    options       further arguments of the call
    needs         a package that it imports, besides NumPy
    """

    name: str
    style: str
    call: Literal["check", "check_loss"]
    functions: tuple[Callable[..., Any], ...]
    draw: Callable[[Numbers], Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    bound: bool = False
    needs: str = ""

    @property
    def missing(self) -> str:
        """The package that it needs and that is not installed; empty if there is none."""
        return self.needs if self.needs and importlib.util.find_spec(self.needs) is None else ""

    def at(self, draw: int) -> tuple[tuple[Callable[..., Any], ...], tuple[Any, ...]]:
        """The functions and their inputs at a draw."""
        drawn = self.draw(Numbers(draw, kind_of(draw)))
        return drawn if self.bound else (self.functions, drawn)

    def report(self, draw: int, around: Around = lambda gradients: gradients) -> Report:
        """The report at a draw.

        around   wraps the function that returns the gradients: a test plants errors there
        """
        functions, inputs = self.at(draw)
        *others, last = functions
        given = inputs if self.call == "check_loss" else (inputs,)
        examine = getattr(checking, self.call)
        report = examine(*others, around(last), *given, **self.options)
        assert isinstance(report, Report)
        return report


def kind_of(draw: int) -> Kind:
    """The kind of the numbers at a draw: half are ordinary, the others take turns."""
    return "ordinary" if draw % 2 == 0 else KINDS[1 + draw // 2 % (len(KINDS) - 1)]


def pair(
    forward: Callable[..., Any], backward: Callable[..., Any], draw: Callable[[Numbers], Any], **options: Any
) -> UserFunction:
    """An entry for a forward and a backward, named after the forward."""
    return _entry("check", (forward, backward), draw, **options)


def loss(function: Callable[..., Any], draw: Callable[[Numbers], Any], **options: Any) -> UserFunction:
    """An entry for a function that returns a loss and its gradients."""
    return _entry("check_loss", (function,), draw, **options)


def _entry(
    call: Literal["check", "check_loss"],
    functions: tuple[Callable[..., Any], ...],
    draw: Callable[[Numbers], Any],
    *,
    bound: bool = False,
    needs: str = "",
    **options: Any,
) -> UserFunction:
    first = functions[0]
    name = first.__qualname__.removesuffix(".forward").removesuffix("_forward")
    return UserFunction(name, first.__module__.rpartition(".")[2], call, functions, draw, options, bound, needs)
