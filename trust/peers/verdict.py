"""The verdict of a rule about a pair, and who raised what."""

from __future__ import annotations

from pathlib import Path
from traceback import walk_tb

import reference
from trust.peers.examined import Examined, Inapplicable, Rule

REFERENCE = Path(reference.__file__).parent


def verdict(rule: Rule, at: Examined) -> str:
    """The verdict of a rule.

    passed
    alarmed
    not applicable: reason   the rule cannot be asked
    died: error              the pair raised the error, which is no rule's kill
    refused: error           the rule raised it: its user sees a failure
    """
    try:
        rule(at)
    except AssertionError:
        return "alarmed"
    except Inapplicable as reason:
        return f"not applicable: {reason}"
    except Exception as error:
        files = (Path(frame.f_code.co_filename) for frame, _ in walk_tb(error.__traceback__))
        said = "died" if any(REFERENCE in file.parents for file in files) else "refused"
        return f"{said}: {type(error).__name__}: {str(error)[:120]}"
    return "passed"
