"""How a function is called: whether its custom gradient is used, and whether by position and by keyword it is the same one."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator

import numpy as np

from gradwitness.functions.at import At, beyond
from gradwitness.report.findings import Finding, elements
from gradwitness.subjects.errors import UserError

CURE = (
    "TensorFlow does not know of arguments that come by keyword: it differentiates the body instead of calling the custom "
    "gradient. Call it by position"
)
NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def calls(at: At) -> Iterator[Finding]:
    """Custom gradients that are not used, and differences between arguments by position and by keyword."""
    for name in at.subject.backend.unused(lambda: at.pulled(at.call())):
        yield Finding(f"custom gradient of {name}", "wrong", f"It is not used. {CURE}")
    function = at.subject.function
    if not isinstance(function, types.FunctionType) and not at.subject.backend.parameters(function):
        yield from _other_way(at)


def _other_way(at: At) -> Iterator[Finding]:
    """The same arguments by keyword, if they came by position, and the other way round.

    Called by position, a rule is what its author means. That it is another one by keyword is good to know.
    """
    subject = at.subject
    try:
        kinds = {p.kind for p in inspect.signature(subject.function).parameters.values()}
    except (TypeError, ValueError):
        return
    if not kinds <= set(NAMED):
        return
    subject.passed = "position" if subject.by_name or subject.keywords else "keyword"
    try:
        call = at.call()
        found = at.pulled(call)
    except UserError:
        return  # it is to be called in one way alone
    finally:
        way, subject.passed = subject.passed, ""
    names = [*at.out_names, *(f"d{leaf.name}" for leaf in subject.leaves)]
    here, usual = [*call.outs, *found], [*at.outs, *at.gradients]
    for name, one, other, spread in zip(names, here, usual, [*at.out_spreads, *at.spreads], strict=True):
        got, wanted = [np.zeros(spread.shape) if value is None else value for value in (one, other)]
        wrong = np.asarray(beyond(got, wanted, spread)) & ~np.isnan(wanted)  # nan is told of already
        if wrong.any():
            index = tuple(int(i) for i in np.argwhere(wrong)[0])
            values = (
                f"{'None' if one is None else f'{got[index]:.6g}'} came; the way that it was called gives {wanted[index]:.6g}"
            )
            about = f"{name}, arguments by {way}"
            message = f"There {values}. {CURE if subject.backend.name == 'tensorflow' else ''}"
            if way == "position":
                yield Finding(about, "wrong", message, **elements(wrong))
            else:
                yield Finding(about, "note", message)
