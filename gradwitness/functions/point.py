"""Where the numerical derivative of a framework's function is taken: in float64, if it runs in it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from gradwitness.judging.point import Point
from gradwitness.report.findings import Finding
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.tensors.function import Differentiated
from gradwitness.subjects.tensors.precision import CLAIMED, EXACT, FLOAT64, OWN, Precision


def point_of(subject: Differentiated, seed: int, state: Any) -> tuple[Point, list[Finding]]:
    """The function at its inputs, in float64; without the rounding of casts to a narrower dtype inside it, where that
    can be undone; in its own dtype if that is all it runs in, and a note about that.

    The precision of the subject stays so.
    """
    state.restore()
    subject.look_inside()
    if subject.operations.narrowed:
        if (exact := _undone(subject, seed, state, EXACT)) is not None:
            return exact, []
        subject.precision = FLOAT64
    try:
        point = Point(subject, seed, state)
        _ = point.claims  # its backward may refuse float64 where forward does not
    except UserError as error:
        if set(subject.dtypes) == {"float64"}:
            raise
        if (exact := _undone(subject, seed, state, CLAIMED)) is not None:
            return exact, []
        subject.precision = OWN
        own = " and ".join(dict.fromkeys(subject.dtypes))
        message = f"{error}. The numerical derivative is taken in {own}, whose rounding hides more"
        return Point(subject, seed, state), [Finding("float64", "note", message)]
    if not subject.operations.narrowed:
        return _beside_rules(point, subject, seed, state), []
    return point, []


def _undone(subject: Differentiated, seed: int, state: Any, precision: Precision) -> Point | None:
    """The point where casts inside round nothing. None for code that leaves the framework: it cannot be watched, in forward or
    in backward.
    """
    with suppress(UserError):
        subject.precision = precision
        point = Point(subject, seed, state)
        subject.undone = bool(point.claims)
        return point
    return None


def _beside_rules(point: Point, subject: Differentiated, seed: int, state: Any) -> Point:
    """The point without the rounding of casts that are in rules of the user alone, as where residuals are kept in bfloat16.

    Rules are traced after they ran on numbers: what they keep of the first call is then no tracer.
    """
    state.restore()
    plain = subject.operations
    subject.look_at_rules()
    if not subject.operations.narrowed:
        return point
    if (exact := _undone(subject, seed, state, EXACT)) is not None:
        return exact
    subject.precision, subject.operations = FLOAT64, plain
    return point
