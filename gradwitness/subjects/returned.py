"""What a forward returned: cotangents in its structure, and what is said where it has no floats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradwitness.subjects import validation
from gradwitness.subjects.arguments import is_float, kind
from gradwitness.subjects.errors import BadCall


def mirrored(out: Any, douts: Any) -> Any:
    """The cotangents in the structure of out; zeros where out has no floats."""
    if is_float(out):
        dout = next(douts)
        return dout if isinstance(out, np.ndarray) or type(dout) is not np.ndarray else dout[()]
    if isinstance(out, Mapping):
        return {key: mirrored(branch, douts) for key, branch in out.items()}
    if isinstance(out, (tuple, list)):
        parts: list[Any] = [mirrored(branch, douts) for branch in out]
        return type(out)(*parts) if hasattr(out, "_fields") else type(out)(parts)
    return np.zeros(np.shape(out)) if isinstance(out, (np.ndarray, int)) else None


def no_floats(returned: Any) -> BadCall:
    """What is said of it."""
    wanted = "a float, an array of floats, or a tuple, list or dict of them"
    if returned is None:
        return BadCall("what forward returns", "None", wanted, "Does it end with return?")
    if origin := validation.framework_of(returned):
        cure = "Convert it: out.detach().numpy()" if origin == "torch" else "Convert it: np.asarray(out)"
        return BadCall(
            "what forward returns", f"a {type(returned).__name__} of {origin}", wanted, f"{cure}. Or see check_function"
        )
    if hasattr(returned, "__next__"):
        return BadCall("what forward returns", kind(returned), wanted, "It has a yield: collect the values, and return them")
    if isinstance(returned, (np.ndarray, np.generic, complex)) and np.asarray(returned).dtype.kind == "c":
        return BadCall("what forward returns", kind(returned), wanted, "Return the real and the imaginary part as two arrays")
    whole = isinstance(returned, (int, np.integer)) or (isinstance(returned, np.ndarray) and returned.dtype.kind in "iub")
    return BadCall("what forward returns", kind(returned), wanted, "Does it store into an array of integers?" if whole else "")
