"""One change of one of the functions that are compared, and the values that settings usually have."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.code import Called, Change, rewritten

SMALL = 1e-2
"""Numbers up to this keep something from 0: they are an epsilon."""
CALLING = "_calling"
"""Attribute of a function that is examined, under which it is called: each call is traced by itself."""
USUAL: Mapping[str, tuple[Any, ...]] = {
    "eps": (1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-12),
    "negative_slope": (0.01, 0.1, 0.2, 0.3),
    "alpha": (0.01, 0.1, 0.2, 0.3, 1.0),
    "approximate": ("none", "tanh"),
    "align_corners": (True, False, None),
    "antialias": (True, False),
    "count_include_pad": (True, False),
    "norm_first": (True, False),
    "label_smoothing": (0.0, 0.1),
    "momentum_decay": (0.0, 0.004),
    "momentum": (0.1, 0.9, 0.01, 0.99),
    "dampening": (0.0,),
    "initial_accumulator_value": (0.0, 0.1),
    "amsgrad": (True, False),
    "weight_decay": (0.0, 1e-4, 0.004, 0.01),
    "decoupled_weight_decay": (True, False),
    "nesterov": (True, False),
    "rho": (0.9, 0.99),
    "centered": (True, False),
    "beta": (1.0, 1.702),
    "mode": ("nearest", "nearest-exact", "bilinear", "bicubic", "area"),
    "padding_mode": ("zeros", "reflect", "replicate", "circular"),
    "num_groups": (1, 2, 4, 8, 16, 32),
    "scale": (1.0, None),
    "from_logits": (True, False),
    "is_causal": (True, False),
    "ceil_mode": (True, False),
    "batch_first": (True, False),
    "training": (True, False),
    "dim": (-1, 0, 1, 2),
    "reduction": ("mean", "sum", "batchmean", "sum_over_batch_size", "mean_with_sample_weight"),
}
"""Settings, by how their names begin, and the values that frameworks give them unasked, or that ports give them."""


@dataclass(frozen=True)
class Trial:
    """One change of one function.

    words      "with eps=0.001 in LayerNorm"
    changes    objects, the names of attributes, and their values; or dicts, keys and values
    keywords   what the function is given by keyword as well
    arrays     other values of inputs and parameters
    after      what is done to what it returns
    settings   functions of libraries that are called with another value of a setting
    numbers    functions whose code has another number in place of one
    fine       whether it is about an epsilon: a result that is nearer with it is not for that the right one
    lines      the lines of source that go (-) and that come (+), of one that is an edit
    """

    words: str
    changes: tuple[Change, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Array] | None = None
    after: Callable[[Array], Array] | None = None
    settings: tuple[tuple[Called, str, Any], ...] = ()
    numbers: tuple[tuple[types.FunctionType, float, float], ...] = ()
    fine: bool = False
    lines: Callable[[], Sequence[str]] = tuple

    def all_changes(self) -> list[Change]:
        """What is put where for it."""
        calls = {_where(call): call for call, _, _ in self.settings}
        given = {where: {name: value for call, name, value in self.settings if _where(call) == where} for where in calls}
        functions = {id(function): function for function, _, _ in self.numbers}
        others = {key: [(old, new) for function, old, new in self.numbers if id(function) == key] for key in functions}
        return [
            *self.changes,
            *(call.given(**given[where]) for where, call in calls.items()),
            *(rewritten(function, others[key]) for key, function in functions.items()),
        ]

    @property
    def joins(self) -> bool:
        """Whether it is a change of settings and numbers alone, of which another may be made at once."""
        return self.arrays is None and self.after is None

    def joined(self, other: Trial) -> Trial | None:
        """Both at once; None where they change the same."""
        if not self.joins or not other.joins or self._touched & other._touched:
            return None
        return Trial(
            f"{self.words.rstrip(',')}, and {other.words.rstrip(',')},",
            (*self.changes, *other.changes),
            {**self.keywords, **other.keywords},
            settings=(*self.settings, *other.settings),
            numbers=(*self.numbers, *other.numbers),
            fine=self.fine or other.fine,
        )

    @property
    def rewrites(self) -> bool:
        """Whether code would be traced with it that other calls have in common."""
        return bool(self.settings or self.numbers or any(attribute != CALLING for _, attribute, _ in self.changes))

    def in_float32(self) -> Trial:
        """The same with numbers that are rounded to float32."""
        return replace(
            self,
            changes=tuple((thing, attribute, _rounded(value)) for thing, attribute, value in self.changes),
            keywords={name: _rounded(value) for name, value in self.keywords.items()},
            settings=tuple((call, name, _rounded(value)) for call, name, value in self.settings),
            numbers=tuple((function, old, _rounded(new)) for function, old, new in self.numbers),
        )

    @property
    def _touched(self) -> set[Any]:
        """Settings and numbers of one function are several things, and one with whatever replaces the whole function."""
        whole = {(id(thing), attribute) for thing, attribute, _ in self.changes}
        settings = {(*_where(call), name) for call, name, _ in self.settings}
        return {*whole, *settings, *self.keywords, *((id(function), old) for function, old, _ in self.numbers)}


def _rounded(value: Any) -> Any:
    return float(np.float32(value)) if isinstance(value, float) else value


def _where(call: Called) -> tuple[int, Any]:
    return id(call.where[0]), call.where[1]


def is_fine(value: Any) -> bool:
    """Whether a value of a setting may be an epsilon."""
    return isinstance(value, float) and 0 < value < SMALL


def usual(name: str) -> tuple[Any, ...]:
    """The values that a setting usually has."""
    return next((values for start, values in USUAL.items() if name.lower().startswith(start)), ())
