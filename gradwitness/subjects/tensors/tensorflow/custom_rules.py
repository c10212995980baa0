"""Rules of tf.custom_gradient that are never called."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gradwitness.subjects.reach import codes_of

CUSTOM_GRADIENT, RULES = "tensorflow.python.ops.custom_gradient", ("_eager_mode_decorator", "_graph_mode_decorator")
"""Where tf.custom_gradient calls what it decorates."""


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
