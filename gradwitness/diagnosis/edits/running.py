"""Which of the user's functions run, which of their lines, and what their variables held at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from gradwitness.subjects.errors import of_a_library


@dataclass
class Run:
    """What was seen of a function that ran: its lines, its variables when it returned last, and what it returned.

    in_rule   whether it is part of a rule of PyTorch, which records no graph
    """

    lines: set[int] = field(default_factory=set)
    values: dict[str, Any] = field(default_factory=dict)
    returned: Any = None
    in_rule: bool = False


def watched(call: Callable[[], Any]) -> dict[CodeType, Run]:
    """The user's functions that run in a call. A debugger's trace is set aside meanwhile."""
    seen: dict[CodeType, Run] = {}

    def enter(frame: FrameType, event: str, argument: Any) -> Any:
        del event, argument
        if of_a_library(frame.f_code.co_filename) or frame.f_code.co_filename == "<string>":
            return None
        run = seen.get(frame.f_code) or seen.setdefault(frame.f_code, Run(in_rule=_in_rule(frame)))

        def inside(frame: FrameType, event: str, argument: Any) -> Any:
            if event == "line":
                run.lines.add(frame.f_lineno)
            elif event == "return":
                run.values, run.returned = dict(frame.f_locals), argument
            return inside

        return inside

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        call()
    finally:
        sys.settrace(before)
    return seen


def _in_rule(frame: FrameType | None) -> bool:
    """Whether a call, or one that it is part of, was given the ctx of a Function of PyTorch."""
    while frame is not None:
        if any(hasattr(type(value), "save_for_backward") for value in frame.f_locals.values()):
            return True
        frame = frame.f_back
    return False
