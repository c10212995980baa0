"""`compare`: do several functions, of the same or different frameworks, compute the same?"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.names import names
from gradwitness.comparing.probes import again, misfits, still
from gradwitness.comparing.results import results
from gradwitness.comparing.runs import Runs
from gradwitness.comparing.sides import Arrays, Side, Tensors
from gradwitness.comparing.written import Written
from gradwitness.functions.at import cotangent
from gradwitness.report.findings import FAULTS, Finding
from gradwitness.report.report import Report
from gradwitness.reproducing.calls import of_compare
from gradwitness.subjects.arguments import kind
from gradwitness.subjects.errors import BadCall
from gradwitness.subjects.state import State
from gradwitness.subjects.tensors.drawing import random_state
from gradwitness.subjects.tensors.handed import backend_or_none, framework_of, known
from gradwitness.subjects.tensors.whose import NUMPY, belonging


def compare(
    functions: Mapping[str, Any],
    inputs: Any,
    *,
    kwargs: Mapping[str, Any] | None = None,
    dtype: str | None = None,
    gradients: bool = True,
    reference: Any = None,
    wrt: Collection[str | int] | str | int | None = None,
    outputs: Collection[str | int] | str | int | None = None,
    seed: int = 0,
) -> Report:
    """Do these functions compute the same values and, under the same random cotangents, the same gradients?

    functions   {"name": function, ...}, two or more, of PyTorch, TensorFlow, JAX or NumPy. The framework of each is known by its
                type, its module, what its code names, or its name here; ("jax", function) says it. A function of NumPy has
                values alone; a pair (forward, backward) of NumPy, in any style that `check` takes, has gradients
    inputs      a tuple of what they take by position: tensors of one framework, or NumPy arrays. Each function gets them as
                tensors of its own framework
    kwargs      what they take by keyword
    dtype       in which they run: "float32", "bfloat16", ...; that of the inputs if not given
    gradients   False compares values alone
    reference   a function that is right by definition. Without one, the exact values and the derivatives tell who is wrong
    wrt         the inputs and parameters to differentiate, by name or position; all floats if not given
    outputs     the outputs that are looked at, by position or key; all if not given
    seed        of the random cotangents

    Each result is "same to the bit"; "within rounding", by Monte Carlo arithmetic of the first function that can be watched;
    wrong, with the name of the function that is; or ill-conditioned, so that nobody can tell. Functions that return the same
    whatever they are given do not agree: nothing was moved.

    Returns a `Report`. Raises BadCall (a TypeError) for a call that cannot be used, UserError where a function raises.
    """
    start = time.perf_counter()
    given, dtype = _named(functions, reference), known(dtype)
    default = framework_of((inputs, kwargs or {}))
    whose = {name: belonging(name, function, default) for name, function in given.items()}
    if reference is not None:
        whose["reference"] = belonging("reference", reference, default)
    with ExitStack() as stack:
        backends = [b for b in (backend_or_none(name) for name in dict.fromkeys(f for f, _ in whose.values())) if b is not None]
        for backend in backends:
            stack.enter_context(backend.reproducible())
            stack.callback(random_state(backend, *(function for _, function in whose.values()), inputs, kwargs))
        state = State(*(function for _, function in whose.values()), inputs, kwargs)
        stack.callback(state.finish)
        asked = {"wrt": wrt, "outputs": outputs, "gradients": gradients}
        sides = [_side(name, *whose[name], inputs, kwargs or {}, dtype, asked) for name in whose]
        runs = Runs(sides, state, gradients, "reference" if reference is not None else None, seed)
        findings = tuple(_findings(runs))
        case = None
        if any(finding.verdict in FAULTS for finding in findings):

            def examined(inputs: Any, kwargs: Mapping[str, Any], draw: Callable[..., Array], output: int | None) -> list[Finding]:
                state = State(*(function for _, function in whose.values()), inputs, kwargs)
                only = {"wrt": wrt, "outputs": output, "gradients": gradients}
                sides = [_side(name, *whose[name], inputs, kwargs, dtype, only) for name in whose]
                try:
                    return list(_findings(Runs(sides, state, gradients, runs.reference, seed), draw))
                finally:
                    state.finish()

            own = {name: whose[name] for name in given}
            every = [
                _side(name, *whose[name], inputs, kwargs or {}, dtype, {"wrt": wrt, "gradients": gradients}) for name in given
            ]
            case = of_compare(own, inputs, kwargs or {}, runs.dtype, _numbered(every, sides), examined)
    return Report(
        " and ".join(given),
        f"{len(given)} functions in {runs.dtype}{runs.scale_told}",
        findings,
        runs.calls,
        time.perf_counter() - start,
        tuple(backend.version() for backend in backends) or (f"numpy {np.__version__}",),
        case,
    )


def assert_compare(*args: Any, **kwargs: Any) -> None:
    """`compare` as an assertion. Raises Disagreement, an AssertionError with the report, unless the verdict is right."""
    __tracebackhide__ = True
    compare(*args, **kwargs).raise_if_wrong()


def _side(
    name: str,
    framework: str,
    function: Any,
    inputs: Any,
    kwargs: Mapping[str, Any],
    dtype: str | None,
    asked: Mapping[str, Any],
) -> Side:
    if isinstance(function, tuple):
        return Written(name, function, inputs, kwargs, dtype, **asked)
    if framework == NUMPY:
        return Arrays(name, function, inputs, kwargs, dtype)
    return Tensors(name, framework, function, inputs, kwargs, dtype, **asked)


def _numbered(every: Sequence[Side], sides: Sequence[Side]) -> dict[int, dict[str, str]]:
    """The number of each output that is looked at, with its names."""
    everything = {side.name: list(side.run(None).outs) for side in every}
    asked = set(sides[0].run(None).outs)
    first = everything[every[0].name]
    return {
        i: {name: outs[i] for name, outs in everything.items()}
        for i, out in enumerate(first)
        if out in asked and all(len(outs) == len(first) for outs in everything.values())
    }


def _named(functions: Any, reference: Any) -> dict[str, Any]:
    if not isinstance(functions, Mapping) or len(functions) < 2 or not all(isinstance(name, str) for name in functions):
        came = f"with {len(functions)} functions" if isinstance(functions, Mapping) else kind(functions)
        raise BadCall("functions", came, 'a dict of two or more functions by name: {"plain": f, "fused": g}')
    if "reference" in functions and reference is not None:
        raise BadCall("functions", "with the name 'reference' beside reference=...", "another name for that one")
    return dict(functions)


def _findings(runs: Runs, draw: Callable[[tuple[int, ...]], Array] | None = None) -> Iterator[Finding]:
    """About each output, each gradient, and what goes with them.

    draw   makes a cotangent for a shape; a random one if not given
    """
    outs = {side.name: runs.run(side, values=True) for side in runs.sides}
    first, *others = runs.sides
    mine = list(outs[first.name].outs)
    runs.names = {side.name: names(first, mine, side, list(outs[side.name].outs)) for side in runs.sides}
    yield from misfits(runs, outs)
    fitting = all(known.outs is not None for known in runs.names.values())
    fitting = fitting and all(
        value is not None and value.shape == outs[first.name].outs[name].shape
        for side in others
        for name, value in runs.names[side.name].of(outs[side.name]).items()
        if name in mine
    )
    if not fitting:
        return
    dead = yield from still(runs, outs)
    rng = np.random.default_rng((runs.seed, 1))
    if runs.gradients:
        runs.douts = [draw(out.shape) if draw else cotangent(rng, out.shape) for out in outs[first.name].outs.values()]
    runs.values = {side.name: runs.names[side.name].of(runs.run(side)) for side in runs.sides}
    yield from again(runs)
    if not dead:
        yield from results(runs, mine)
