"""The verdict of a rule about a pair, and who raised what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from traceback import walk_tb

import reference
from trust.peers.examined import Examined, Inapplicable, Rule, Undecided

REFERENCE = Path(reference.__file__).parent


def verdict(rule: Rule, at: Examined) -> str:
    """The verdict of a rule.

    passed
    alarmed
    not applicable: reason   the rule cannot be asked
    cannot tell: reason      it was asked, and says neither
    died: error              the pair raised the error, which is no rule's kill
    refused: error           the rule raised it: its user sees a failure
    """
    try:
        rule(at)
    except AssertionError:
        return "alarmed"
    except Inapplicable as reason:
        return f"not applicable: {reason}"
    except Undecided as reason:
        return f"cannot tell: {reason}"
    except Exception as error:
        files = (Path(frame.f_code.co_filename) for each in _causes(error) for frame, _ in walk_tb(each.__traceback__))
        said = "died" if any(REFERENCE in file.parents for file in files) else "refused"
        return f"{said}: {type(error).__name__}: {str(error)[:120]}"
    return "passed"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that it was raised from."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__
