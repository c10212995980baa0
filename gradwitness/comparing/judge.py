"""`judge`: is the distance of numbers from a file, or from another language, from a function's value rounding?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.elsewhere import in_common, numbers, shortened
from gradwitness.comparing.truths import Truths
from gradwitness.functions.apart import allowances
from gradwitness.functions.result import compared
from gradwitness.report.findings import FAULTS, Finding
from gradwitness.report.report import Report
from gradwitness.rounding.arithmetic import Unstable
from gradwitness.rounding.framework import NotWatched
from gradwitness.rounding.widths import width
from gradwitness.subjects.arguments import kind
from gradwitness.subjects.errors import BadCall
from gradwitness.subjects.state import State
from gradwitness.subjects.tensors.handed import FLOATS, backend_or_none, framework_of, handed, known, plain
from gradwitness.subjects.tensors.origins import load, origin
from gradwitness.subjects.tensors.whose import NUMPY, belonging

NARROWER = {"float64": ("float32", "bfloat16", "float16"), "float32": ("bfloat16", "float16")}
"""Dtypes in which numbers may have been computed that came in a wider one."""


def judge(
    got: Any,
    reference: Any,
    inputs: Any,
    *,
    kwargs: Mapping[str, Any] | None = None,
    names: Sequence[str] | None = None,
    dtype: str | None = None,
    dout: Any = None,
    seed: int = 0,
) -> Report:
    """Is the distance of these numbers from this function's value at these inputs rounding?

    got        what another program returned: an array or a list of numbers; a tuple of them, for several outputs; or a dict by
               name, {"out": ..., "dx": ..., "dweight": ...}, of which any part may be missing
    reference  a function that computes the same: of NumPy, in plain operations, or of PyTorch, TensorFlow or JAX; or the name of
               one of our ops ("layer_norm"). Gradients need a framework, or an op
    inputs     a tuple of what it takes by position, or a dict of it by name: NumPy arrays, or tensors
    kwargs     what it takes by keyword
    names      names for the outputs in the report
    dtype      in which the other program computed: "float32", "bfloat16", ...; that of the numbers if not given
    dout       the cotangent for which got has gradients, one for each output; 1 if not given, for a function with one number
    seed       of Monte Carlo arithmetic

    Returns a `Report`. Raises BadCall (a TypeError) for a call that cannot be used, UserError where the function raises.
    """
    start = time.perf_counter()
    came, dtype = _numbers(got), known(dtype)
    name, side = _belonging(reference, framework_of((inputs, kwargs or {})))
    dtypes = [dtype] if dtype else _possible(got)
    with ExitStack() as stack:
        backend = backend_or_none(name)
        if backend is not None:
            stack.enter_context(backend.reproducible())
            stack.callback(backend.random_state())
        stack.callback(State(reference, inputs, kwargs).finish)
        truths = Truths(name, side, inputs, kwargs or {}, dout, seed)
        matched = _matched(came, truths.names(dtypes[0], came), names)
        findings = tuple(_findings(matched, truths, dtypes, sure=dtype is not None))
    return Report(
        f"numbers against {side if isinstance(side, str) else getattr(side, '__name__', type(side).__name__)}",
        f"{len(matched)} results in {dtypes[0]}, {truths.how}",
        findings,
        truths.runs,
        time.perf_counter() - start,
        (backend.version() if backend else f"numpy {np.__version__}",),
    )


def assert_judge(*args: Any, **kwargs: Any) -> None:
    """`judge` as an assertion. Raises Disagreement, an AssertionError with the report, unless the verdict is right."""
    __tracebackhide__ = True
    judge(*args, **kwargs).raise_if_wrong()


def _belonging(reference: Any, default: str) -> tuple[str, Any]:
    return (NUMPY, reference) if isinstance(reference, str) else belonging("reference", reference, default)


def _named(got: Any) -> dict[str, Any]:
    """What came by name. A list is one array; a tuple has several."""
    if isinstance(got, Mapping):
        return {str(key): value for key, value in got.items()}
    if isinstance(got, tuple):
        return {f"out[{i}]": value for i, value in enumerate(got)}
    return {"out": got}


def _numbers(got: Any) -> dict[str, Array]:
    """The numbers by name."""
    found = _named(got)
    return {key: _array(f"got[{key!r}]" if len(found) > 1 else "got", value) for key, value in found.items()}


def _array(argument: str, value: Any) -> Array:
    try:
        array = plain(handed(value, NUMPY))
    except ValueError as error:
        raise BadCall(argument, kind(value), "numbers in rows of one length") from error
    if array.dtype.kind not in "fiub":
        cure = "Read the file first: np.load, np.loadtxt" if array.dtype.kind == "U" else ""
        raise BadCall(argument, "text" if cure else f"an array of {array.dtype}", "numbers", cure)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _possible(got: Any) -> list[str]:
    """The dtype of the numbers, as they came, and those narrower ones in which they may have been computed."""
    own = max(map(_dtype, _named(got).values()), key=lambda name: width(name).unit)
    return [own, *NARROWER.get(own, ())]


def _dtype(value: Any) -> str:
    """The dtype of numbers: "bfloat16" for a tensor of it, although NumPy has none. Complex ones are pairs of real ones."""
    source = origin(value)
    name = load(source).dtype(value) if source and hasattr(value, "dtype") else getattr(getattr(value, "dtype", None), "name", "")
    name = {"complex64": "float32", "complex128": "float64"}.get(name, name)
    return name if name in FLOATS else "float64"


def _matched(numbers: Mapping[str, Array], there: Sequence[str], names: Sequence[str] | None) -> list[tuple[str, str, Array]]:
    """(name in the report, name of the reference, numbers)."""
    if set(numbers) <= set(there):
        keys = list(numbers)
    else:
        outs = [name for name in there if not name.startswith("d")]
        if len(numbers) != len(outs):
            raise BadCall("got", f"with {', '.join(numbers)}", f"results of the reference: {', '.join(there)}")
        keys = outs
    shown = list(names) if names is not None else [n if n in there else key for n, key in zip(numbers, keys, strict=True)]
    if len(shown) != len(keys):
        raise BadCall("names", repr(names), f"{len(keys)} names, one for each result")
    return list(zip(shown, keys, numbers.values(), strict=True))


def _findings(matched: Sequence[tuple[str, str, Array]], truths: Truths, dtypes: Sequence[str], sure: bool) -> Iterator[Finding]:
    for about, key, array in matched:
        try:
            finding = compared(about, array, truths.of(dtypes[0])[key], width(dtypes[0]))
        except Unstable as error:
            yield Finding(about, "cannot tell", f"Ill-conditioned here, nobody can tell: {error}. Try another point")
            continue
        except NotWatched as error:
            cure = "Give a function of PyTorch, TensorFlow or JAX, in plain operations"
            yield Finding(about, "cannot tell", f"{error}. {cure}")
            continue
        if finding.verdict in FAULTS and not sure:
            finding = _in_a_narrower(finding, key, array, truths, dtypes)
        if finding.verdict in FAULTS and not finding.explanation:
            finding = replace(finding, explanation=_explanation(about, key, array, matched, truths, dtypes[0]))
        yield finding if finding.verdict != "right" else replace(finding, message=finding.message or "Within rounding")


def _explanation(
    about: str, key: str, array: Array, matched: Sequence[tuple[str, str, Array]], truths: Truths, dtype: str
) -> str:
    """What wrong numbers have in common with the truth, or with other numbers that came."""
    measured, of = truths.of(dtype), width(dtype)
    known = truths.known(dtype)
    others = {name: (value, False) for name, _, value in matched if name != about}
    truth = np.asarray(measured[key].truth)
    case = numbers(about, array, truth, np.broadcast_to(allowances(measured[key], of), truth.shape), of, known, others)
    gradient = truths.is_gradient(key)
    return in_common(case, of, gradient=gradient) or (truths.for_another_dout(key, array, dtype) if gradient else "")


def _in_a_narrower(finding: Finding, key: str, array: Array, truths: Truths, dtypes: Sequence[str]) -> Finding:
    """Numbers of float64 may come from a program that computes in float32. Whether that explains them."""
    for dtype in (dtype for dtype in dtypes[1:] if not _holds_more(finding, array, dtype)):
        try:
            other = compared(finding.about, array, truths.of(dtype)[key], width(dtype))
        except (NotWatched, Unstable, BadCall):
            continue
        if other.verdict == "right":
            message = f"Beyond rounding in {dtypes[0]}, within it in {dtype}: say which one they were computed in, dtype=..."
            digits = shortened(array, np.asarray(truths.of(dtypes[0])[key].truth), width(dtypes[0]))
            return Finding(finding.about, "cannot tell", message, of=finding.of, explanation=digits)
    return finding


def _holds_more(finding: Finding, array: Array, dtype: str) -> bool:
    """Whether most numbers that have more digits than a dtype holds are right to these digits.

    Then they were not computed in it, and the others are wrong.
    """
    digits = round(-np.log2(width(dtype).unit))
    scaled = np.ldexp(np.frexp(array)[0], digits)
    spare = np.count_nonzero(np.rint(scaled) != scaled)
    right = finding.of - finding.wrong
    return bool(right > array.size - spare / 2)
