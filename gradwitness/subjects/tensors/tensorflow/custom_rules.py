"""Rules of tf.custom_gradient: those that are never called, and those that are told of variables for which tensors stand in."""

from __future__ import annotations

import importlib
import inspect
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import tensorflow as tf

from gradwitness.subjects.reach import codes_of

CUSTOM_GRADIENT, RULES = "tensorflow.python.ops.custom_gradient", ("_eager_mode_decorator", "_graph_mode_decorator")
"""Where tf.custom_gradient calls what it decorates."""
NO_NAMES = (
    "For variables of a module, tensors stand in here, which have no names. Tell them apart by what they are: "
    "`variable is self.weight`; or hand them to the rule by position"
)


def unused(run: Callable[[], object], holds: Callable[[Any], bool]) -> list[str]:
    """The names of those that are passed over while run calls forward and backward. A profiler sees who is called.

    holds   whether a value is a tensor: a rule knows of tensors by position alone, and is asked for none that come by keyword
    """
    ran: set[Any] = set()
    rules: dict[str, Any] = {}

    def profile(frame: types.FrameType, event: str, _: Any) -> None:
        if event == "call":
            ran.add(frame.f_code)
            if frame.f_code.co_name in RULES and frame.f_globals.get("__name__") == CUSTOM_GRADIENT:
                given = tf.nest.flatten(frame.f_locals.get("kwargs", {}))
                code = getattr(frame.f_locals.get("f"), "__code__", None)
                if code is not None and any(holds(value) for value in given):
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


@contextmanager
def told_of(stand_ins: Sequence[Any]) -> Iterator[None]:
    """Inside, rules get these tensors as `variables`, as they get the trained variables for which the tensors stand in.

    TensorFlow finds the variables that a rule uses by watching who reads them. Tensors are not watched: those that the results
    depend on are handed to the rule as arguments of their own.
    """
    module: Any = importlib.import_module(CUSTOM_GRADIENT)
    before = {name: getattr(module, name) for name in RULES}
    try:
        for name, native in before.items():
            setattr(module, name, partial(_decorated, native, stand_ins))
        yield
    finally:
        for name, native in before.items():
            setattr(module, name, native)


def _decorated(
    native: Callable[..., Any], stand_ins: Sequence[Any], f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """What TensorFlow does for a function with a rule, in place of `native`."""
    if any(map(tf.is_tensor, tf.nest.flatten(kwargs))):
        return native(f, args, kwargs)
    given = {id(each) for each in tf.nest.flatten(args)}
    others = [each for each in stand_ins if id(each) not in given]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(others)
        result, rule = f(*args, **kwargs)
        floats = [out for out in tf.nest.flatten(result) if tf.is_tensor(out) and out.dtype.is_floating]
    slopes: list[Any] = []
    with suppress(LookupError):  # it has a rule because one of its operations has none, perhaps
        slopes = tape.gradient(floats, others)
    used = [each for each, slope in zip(others, slopes, strict=False) if slope is not None]
    if not used or not _takes_variables(rule):
        return native(lambda *_, **__: (result, rule), args, kwargs)

    def whole(*douts: Any) -> list[Any]:
        try:
            own, theirs = rule(*douts, variables=used)
        except AttributeError as error:
            raise AttributeError(f"{error} {NO_NAMES}") from error
        return [*(own if isinstance(own, (list, tuple)) else [own]), *theirs]

    return native(lambda *_, **__: (result, whole), (*args, *used), kwargs)


def _takes_variables(rule: Callable[..., Any]) -> bool:
    parameters = inspect.signature(rule).parameters.values()
    return any(each.name == "variables" or each.kind is each.VAR_KEYWORD for each in parameters)
