"""One check of a random program: as the framework differentiates it, or with a wrong gradient planted behind one of its steps.

The frameworks' own gradients are right where they are finite and the program has a derivative. What was planted is a mistake
where the framework's gradient is another one with it and without it. Is it seen?
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import numpy as np

from gradwitness import check, check_function, frameworks
from gradwitness.report.findings import FAULTS, Finding
from gradwitness.report.report import Report
from gradwitness.subjects.tensors.origins import load
from trust.soak.programs.planted import MISTAKES, identity
from trust.soak.programs.program import Program, drawn
from trust.soak.results import Outcome

Kind = Literal["right", "planted"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Trial = tuple[str, Kind, int]
"""Dialect, kind, seed."""
DTYPES, SHARES = ("float64", "float32", "bfloat16", "float16"), (0.5, 0.3, 0.1, 0.1)
DIFFERENT = 1e-3
"""Of the largest element of a gradient: a mistake that changes less is none here."""
LOST = re.compile(r"\b(nan|inf)\b")
"""What is said of a gradient that is no number where a step has no finite slope, as frameworks' are."""
NOTHING = 1e-9
"""Gradients below are rounding: inputs, cotangents and steps are of usual size."""


def checked(trial: Trial) -> Outcome:
    """What comes of it. A check that raises is an alarm."""
    _, kind, _ = trial
    try:
        if kind == "planted" and not _matters(trial):
            return Outcome("not run", message="the mistake changes nothing at the point")
        report = examined(trial)
    except Exception as error:
        return _alarm(trial, f"raised {type(error).__name__}: {error}")
    if kind == "right":
        return _of_right(trial, report)
    if report.verdict == "wrong":
        return Outcome("agreed")
    if report.verdict == "cannot tell" or any(finding.verdict == "kink" for finding in report):
        return Outcome("cannot tell", message=_why(report) or "the point is a kink, and what came is a member")
    return _alarm(trial, "the mistake was not seen")


def examined(trial: Trial) -> Report:
    """What check_function says of the program, or check of its pair in NumPy."""
    dialect, kind, seed = trial
    program, rng = drawn(seed), np.random.default_rng((seed, 1))
    dtype = str(rng.choice(DTYPES, p=SHARES)) if kind == "right" else "float64"
    function = _function(trial, program)
    if dialect == "numpy":
        return check(function, _backward(function), program.inputs, seed=seed)
    with frameworks.reproducible(dialect):
        return check_function(function, _tensors(dialect, program, dtype), seed=seed)


def shown(trial: Trial) -> str:
    """The program's text, and its inputs."""
    dialect, kind, seed = trial
    program = drawn(seed)
    inputs = "\n".join(f"{name} = {array.tolist()}" for name, array in zip("xyz", program.inputs, strict=False))
    return f"{program.text(dialect, _place(program, seed)[0] if kind == 'planted' else None)}{inputs}"


def _function(trial: Trial, program: Program) -> Callable[..., Any]:
    dialect, kind, seed = trial
    if kind == "right":
        return program.function(dialect)
    step, mistake = _place(program, seed)
    return program.function(dialect, step, identity(dialect, mistake))


def _place(program: Program, seed: int) -> tuple[int, str]:
    """The step behind which a mistake is planted, and which."""
    rng = np.random.default_rng((seed, 2))
    return int(rng.integers(len(program.steps))), str(rng.choice(list(MISTAKES)))


def _tensors(dialect: str, program: Program, dtype: str) -> tuple[Any, ...]:
    framework = frameworks.load(dialect)
    return tuple(load(dialect).tensor(array, framework.from_numpy(array), dtype) for array in program.inputs)


def _backward(function: Callable[..., Any]) -> Callable[..., Any]:
    """backward(dout, *inputs) of a program in NumPy, by autograd (HIPS)."""
    from autograd import make_vjp

    def backward(dout: Any, *inputs: Any) -> Any:
        pull, _ = make_vjp(lambda args: function(*args))(inputs)
        return pull(dout)

    return backward


def _matters(trial: Trial) -> bool:
    """Whether the gradients with the mistake are others than those without."""
    dialect, _, seed = trial
    program = drawn(seed)
    pairs = (_gradients(dialect, f, program, seed) for f in (program.function(dialect), _function(trial, program)))
    for right, wrong in zip(*pairs, strict=True):
        largest = float(np.max(np.abs(right), initial=0.0))
        if np.isfinite(right).all() and largest > NOTHING and np.max(np.abs(wrong - right), initial=0.0) > DIFFERENT * largest:
            return True
    return False


def _gradients(dialect: str, function: Callable[..., Any], program: Program, seed: int) -> list[Any]:
    """Of the framework, in float64; zeros where it gives none."""
    rng = np.random.default_rng((seed, 3))
    if dialect == "numpy":
        with np.errstate(all="ignore"):
            dout = np.asarray(rng.normal(size=np.shape(function(*program.inputs))))
            return [np.asarray(gradient) for gradient in _backward(function)(dout, *program.inputs)]
    with frameworks.reproducible(dialect):
        backend, inputs = load(dialect), _tensors(dialect, program, "float64")
        outs, pull = backend.vjp(_listed(function), list(inputs))
        douts = [np.asarray(rng.normal(size=backend.array(out).shape)) for out in outs]
        found = pull([backend.tensor(dout, out, "float64") for dout, out in zip(douts, outs, strict=True)])
        return [np.zeros(a.shape) if g is None else backend.array(g) for a, g in zip(program.inputs, found, strict=True)]


def _listed(function: Callable[..., Any]) -> Callable[..., Any]:
    """(inputs) -> the outputs as a list, in any case."""

    def listed(inputs: Sequence[Any]) -> list[Any]:
        outs = function(*inputs)
        return list(outs) if isinstance(outs, tuple) else [outs]

    return listed


def _of_right(trial: Trial, report: Report) -> Outcome:
    if report.verdict == "right":
        return Outcome("agreed")
    if report.verdict == "cannot tell":
        return Outcome("cannot tell", message=_why(report))
    if all(_is_the_frameworks(finding) for finding in report if finding.verdict in FAULTS):
        return Outcome("known")
    return _alarm(trial, f"called wrong: {_why(report)}")


def _is_the_frameworks(finding: Finding) -> bool:
    """Whether it is about a derivative that does not exist, or one that is nan or inf where it should not be."""
    return finding.verdict in ("jump", "overflow") or bool(LOST.search(finding.message))


def _why(report: Report) -> str:
    said: Sequence[Finding] = [f for f in report if f.verdict not in ("right", "note")]
    return "; ".join(f"{f.about}: {f.message or f'{f.wrong} of {f.of}'}" for f in said[:2])


def _alarm(trial: Trial, what: str) -> Outcome:
    replay = f"replay: from trust.soak.programs.trial import examined; print(examined({trial!r}))"
    return Outcome("alarm", message=f"{' / '.join(map(str, trial))}: {what}\n{shown(trial)}\n{replay}")
