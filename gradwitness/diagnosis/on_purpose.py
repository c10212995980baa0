"""What a framework's layer leaves out of its gradient because it was told to."""

from __future__ import annotations

from gradwitness.diagnosis.case import Case, Explanation
from gradwitness.judging.point import Point
from gradwitness.subjects.reach import reached


def padding(point: Point, case: Case) -> Explanation | None:
    """The row of an embedding that `padding_idx` names: its gradient is 0, although forward changes with it."""
    rows = {index[0] for index in case.wrong} if case.array.ndim == 2 else set()
    if len(rows) != 1 or not case.fits or case.claimed[[*rows]].any() or not hasattr(point.function, "backend"):
        return None
    for thing in reached(getattr(point.function, "function", None)):
        own = getattr(thing, "__dict__", {}).get("padding_idx")
        if isinstance(own, int) and rows == {own % len(case.array)}:
            words = f"padding_idx={own} of {type(thing).__name__} leaves row {own} out of the gradient, as it is told to"
            return Explanation("detached", f"{words}. If that is meant, all is right: the others agree")
    return None
