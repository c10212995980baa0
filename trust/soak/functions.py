"""python -m trust soak --functions: the catalogue in each framework's own spelling, as functions of strangers.

`check_function` gets the function of an adapter, the inputs of a case and nothing else. None may be called wrong that
conformance/known_differences.toml does not have on record. functions_run.py shares the checks among workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import adapters
from adapters.layout import Inexpressible
from conformance.known import Accuracy, Difference, known
from conformance.matrix import Cell
from conformance.run import subject
from gradwitness import check_function, frameworks
from gradwitness.report.findings import FAULTS, UNCERTAIN
from gradwitness.report.report import Report
from gradwitness.subjects.pair import tree_map
from gradwitness.subjects.tensors.origins import load
from reference import OPS
from trust.soak.results import Outcome

Check = tuple[str, str, str, str, int]
"""Adapter, op, case, dtype, seed."""
DTYPES = ("float32", "float64", "bfloat16")
OVERLOOKED = {
    (
        "torch",
        "batch_norm",
    ): "the CPU's backward for x (N, C) that lies contiguously reads a weight with strides as if it did, too: "
    "dx is wrong (2.13.0)",
}
"""Functions that read some tensors as if they lay contiguously in memory; the matrix has no strides. Reported by nobody yet."""
EVERYWHERE = ("torch", "tensorflow", "jax")
BIAS = "XLA's sum on the CPU adds bfloat16 in bfloat16: the gradient of a bias of 612 terms loses its digits (0.10.2)"
BEYOND = {
    (EVERYWHERE, "binary_cross_entropy", "saturated", ("bfloat16",)): (
        "it cuts p off at 1 - 1e-7, which is 1 in bfloat16: log(0) comes"
    ),
    (EVERYWHERE, "embedding", "padding", DTYPES): (
        "padding_idx takes a row out of training: its gradient is 0 by definition, where the values change with it"
    ),
    (("tensorflow",), "soft_cross_entropy", "rows_apart", ("float32", "bfloat16")): (
        "the fused op's gradient is that of targets that sum to 1, and rounded ones do not: as not_summing_to_1, on record"
    ),
    (("tensorflow",), "conv2d", "large", ("bfloat16",)): (
        "with explicit padding the CPU's backward adds in bfloat16, and not in float32 as with SAME: docs/findings.md (2.21.0)"
    ),
    (("torch",), "layer_norm", "sequence_large", ("bfloat16",)): (
        "the CPU adds the gradients of weight and bias of 128 rows in bfloat16: docs/findings.md (2.13.0)"
    ),
    (("jax",), "conv2d", "large", ("bfloat16",)): BIAS,
    (("jax",), "separable_conv2d", "large", ("bfloat16",)): BIAS,
    (("tensorflow",), "selu", "tails", ("bfloat16",)): (
        "the kernel computes exp(x) - 1, which is 0 in bfloat16 from -1e-3 on: the gradient is that of the other branch (2.21.0)"
    ),
}
"""(adapters, op, case, dtypes) -> why it is called wrong, and is; the matrix has no 16-bit dtypes, and the reference's rules."""


def checked(check: Check) -> Outcome:
    """What comes of a check. One that raises is an alarm: to its user it has failed, and the others go on."""
    found = _report_of(check)
    return found if isinstance(found, Outcome) else _outcome(check, found)


def checked_at_once(name: str, op: str, case: str, seed: int) -> dict[str, Outcome]:
    """What comes of one call with tensors of float64 that judges the values in the other dtypes as well, for each dtype."""
    report = _report_of((name, op, case, "float64", seed), others := [dtype for dtype in DTYPES if dtype != "float64"])
    if isinstance(report, Outcome):
        return dict.fromkeys(DTYPES, report)
    parts = {dtype: [finding for finding in report if finding.about.partition(":")[0] == dtype] for dtype in others}
    told = [finding for part in parts.values() for finding in part]
    parts["float64"] = [finding for finding in report if finding not in told]
    return {
        dtype: _outcome((name, op, case, dtype, seed), replace(report, findings=tuple(parts[dtype])), others) for dtype in DTYPES
    }


def _report_of(check: Check, dtypes: Sequence[str] | None = None) -> Report | Outcome:
    """The report, or what came in its place."""
    name, op, *_ = check
    if missing := adapters.load(name).missing("ops", op):
        return Outcome("not run", message=missing)
    try:
        return examined(check, dtypes)
    except Exception as error:
        if isinstance(cause := error if isinstance(error, Inexpressible) else error.__cause__, Inexpressible):
            return Outcome("not run", message=str(cause))
        return _alarm(check, "raised", f"{type(error).__name__}: {error}", dtypes)


def _outcome(check: Check, report: Report, dtypes: Sequence[str] | None = None) -> Outcome:
    if report.verdict != "wrong":
        return Outcome("agreed" if report.verdict == "right" else "cannot tell", message=_why(report))
    known_ = on_record(check) or _of_strides(check, report)
    return Outcome("known") if known_ else _alarm(check, "wrong", _why(report), dtypes)


def examined(check: Check, dtypes: Sequence[str] | None = None) -> Report:
    """What check_function says about an adapter's function at the inputs of a case.

    dtypes   in which its values are judged, if not in that of the check, which the tensors have
    """
    name, op, case_id, dtype, seed = check
    case = next(case for case in OPS[op].cases if case.id == case_id)
    with frameworks.reproducible(name):
        at = subject(OPS[op], case, seed)
        put = partial(_tensor, name, dtype)
        inputs = tuple(tree_map(put, list(at.inputs)))
        static = tree_map(put, dict(at.static))
        count = len(at.cotangent) if isinstance(at.cotangent, tuple) else 1
        outputs = [i for i in range(count) if i not in OPS[op].detached]
        return check_function(
            adapters.load(name).ops[op],
            inputs,
            kwargs=static,
            dtypes=dtypes,
            wrt=list(range(len(inputs))),
            outputs=outputs,
            seed=seed,
        )


def on_record(check: Check) -> bool:
    """Whether it is known that the framework differs at this case: to the matrix, in its dtype or in float64, or to BEYOND."""
    name, op, case, dtype, _ = check
    if any(name in names and (op, case) == (o, c) and dtype in dtypes for names, o, c, dtypes in BEYOND):
        return True
    wide = "float32" if dtype == "bfloat16" else dtype
    modes = frameworks.spec_of(name).modes
    cells = [Cell("op", op, case, name, each, "cpu", mode) for mode in modes for each in {wide, "float64"}]
    return any(isinstance(known(cell), (Difference, Accuracy)) for cell in cells)


def _of_strides(check: Check, report: Report) -> bool:
    """Whether all that is wrong are strides that the framework is known to overlook."""
    wrong = [finding.about for finding in report if finding.verdict in FAULTS]
    return check[:2] in OVERLOOKED and all(", strides of " in about for about in wrong)


def _tensor(name: str, dtype: str, array: Any) -> Any:
    tensor = adapters.load(name).framework.from_numpy(array)
    return load(name).tensor(array, tensor, dtype) if array.dtype.kind == "f" else tensor


def _why(report: Report) -> str:
    """What the findings say that make the verdict."""
    deciding = {"wrong": FAULTS, "cannot tell": UNCERTAIN}.get(report.verdict, frozenset())
    said = [f"{f.about}: {f.message or f'{f.wrong} of {f.of}, off by {f.distance:.2g}'}" for f in report if f.verdict in deciding]
    return "; ".join(said[:3])


def _alarm(check: Check, what: str, why: str, dtypes: Sequence[str] | None = None) -> Outcome:
    examined = f"examined({check!r})" if dtypes is None else f"examined({(*check[:3], 'float64', check[4])!r}, {list(dtypes)!r})"
    replay = f"replay: from trust.soak.functions import examined; print({examined})"
    return Outcome("alarm", message=f"{' / '.join(map(str, check))}: {what}, {why}\n{replay}")
