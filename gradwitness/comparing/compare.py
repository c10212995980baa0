"""`compare`: do several functions, of the same or different frameworks, compute the same?"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack
from functools import cached_property
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.checking import gradients as judged_gradients
from gradwitness.comparing.blame import about_gradients, about_values, exact_values, told
from gradwitness.comparing.handed import backend_or_none, framework_of
from gradwitness.comparing.names import Names, names
from gradwitness.comparing.scale import Scale, scale
from gradwitness.comparing.sides import Arrays, Results, Side, Tensors
from gradwitness.comparing.verdicts import Result, same_bits
from gradwitness.comparing.whose import NUMPY, belonging
from gradwitness.diagnosis.explained import explained
from gradwitness.functions.at import cotangent
from gradwitness.judging.point import Point
from gradwitness.report.findings import Finding
from gradwitness.report.report import Report
from gradwitness.rounding.arithmetic import Measured, Unstable
from gradwitness.rounding.framework import NotWatched
from gradwitness.rounding.widths import width
from gradwitness.subjects.arguments import kind
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.state import State
from gradwitness.subjects.tensors.function import EPS
from gradwitness.verdict import K

MOVES = (2.0**-3, 2.0**-10)
"""Of an input's size: random moves, to see whether a result depends on it at all. The smaller one stays in the domain."""
MAGNIFIED = 2.0**20
"""How much farther float64 must lie away where roundings are not watched: no honest function loses more."""
SAME, WITHIN = "Same to the bit", "Within rounding"


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
                type, its module, or what its code names; ("jax", function) says it. A function of NumPy has values alone
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
    given = _named(functions)
    default = framework_of((inputs, kwargs or {}))
    whose = {name: belonging(f"functions[{name!r}]", function, default) for name, function in given.items()}
    if reference is not None:
        whose["reference"] = belonging("reference", reference, default)
    with ExitStack() as stack:
        backends = [b for b in (backend_or_none(name) for name in dict.fromkeys(f for f, _ in whose.values())) if b is not None]
        for backend in backends:
            stack.enter_context(backend.reproducible())
            stack.callback(backend.random_state())
        state = State(*(function for _, function in whose.values()), inputs, kwargs)
        stack.callback(state.finish)
        sides: list[Side] = [
            Arrays(name, function, inputs, kwargs or {}, dtype)
            if framework == NUMPY
            else Tensors(name, framework, function, inputs, kwargs or {}, dtype, wrt=wrt, outputs=outputs)
            for name, (framework, function) in whose.items()
        ]
        comparison = Comparison(sides, state, gradients, "reference" if reference is not None else None, seed)
        findings = tuple(comparison.findings())
    return Report(
        " and ".join(given),
        f"{len(given)} functions in {comparison.dtype}{comparison.scale_told}",
        findings,
        comparison.calls,
        time.perf_counter() - start,
        tuple(backend.version() for backend in backends) or (f"numpy {np.__version__}",),
    )


def assert_compare(*args: Any, **kwargs: Any) -> None:
    """`compare` as an assertion. Raises Disagreement, an AssertionError with the report, unless the verdict is right."""
    compare(*args, **kwargs).raise_if_wrong()


def _named(functions: Any) -> dict[str, Any]:
    if not isinstance(functions, Mapping) or len(functions) < 2 or not all(isinstance(name, str) for name in functions):
        came = f"with {len(functions)} functions" if isinstance(functions, Mapping) else kind(functions)
        raise BadCall("functions", came, 'a dict of two or more functions by name: {"plain": f, "fused": g}')
    if "reference" in functions:
        raise BadCall("functions", "with the name 'reference'", "another name", "reference=... says what is right by definition")
    return dict(functions)


class Comparison:
    """Functions at one point, under the same cotangents."""

    def __init__(self, sides: list[Side], state: State, gradients: bool, reference: str | None, seed: int) -> None:
        self.sides, self.state, self.reference, self.seed = sides, state, reference, seed
        self.calls, self.scale_told = 0, ""
        self.dtype = max((side.dtype for side in sides), key=EPS.__getitem__)
        self.width = width(self.dtype)
        self._gradients = gradients
        self.douts: list[Array] | None = None
        self._names: dict[str, Names] = {}

    @property
    def judged(self) -> list[Side]:
        """The functions without the reference."""
        return [side for side in self.sides if side.name != self.reference]

    def run(self, side: Side, arrays: Mapping[str, Array] | None = None, *, exact: bool = False, values: bool = False) -> Results:
        """One call of a function, from the state in which everything came."""
        self.calls += 1
        self.state.restore()
        known = self._names.get(side.name)
        douts = None
        if self.douts is not None and not values and known is not None and known.outs is not None:
            order = list(self._names[self.sides[0].name].outs or {})
            douts = [self.douts[order.index(first)] for first in known.outs.values()]
        return side.run(douts, arrays, exact)

    def findings(self) -> Iterator[Finding]:
        """About each output, each gradient, and what goes with them."""
        outs = {side.name: self.run(side, values=True) for side in self.sides}
        first, *others = self.sides
        mine = list(outs[first.name].outs)
        self._names = {side.name: names(first, mine, side, list(outs[side.name].outs)) for side in self.sides}
        yield from self._misfits(outs)
        fitting = all(known.outs is not None for known in self._names.values())
        fitting = fitting and all(
            value is not None and value.shape == outs[first.name].outs[name].shape
            for side in others
            for name, value in self._names[side.name].of(outs[side.name]).items()
            if name in mine
        )
        if not fitting:
            return
        dead = yield from self._still(outs)
        rng = np.random.default_rng((self.seed, 1))
        if self._gradients:
            self.douts = [cotangent(rng, out.shape) for out in outs[first.name].outs.values()]
        values = {side.name: self._names[side.name].of(self.run(side)) for side in self.sides}
        yield from self._again(values)
        if not dead:
            yield from self._results(values, mine)

    def _misfits(self, outs: Mapping[str, Results]) -> Iterator[Finding]:
        """Other numbers of outputs, other shapes, other dtypes, parameters that only one has."""
        first = self.sides[0].name
        for side in self.sides[1:]:
            known, mine, theirs = self._names[side.name], outs[first], outs[side.name]
            if known.outs is None:
                message = f"{first} returns {len(mine.outs)} ({', '.join(mine.outs)}), {side.name} {len(theirs.outs)}"
                yield Finding("outputs", "wrong", f"{message} ({', '.join(theirs.outs)}): outputs=... picks some")
                continue
            for own, name in known.outs.items():
                one, other = mine.outs[name], theirs.outs[own]
                if one.shape != other.shape:
                    message = f"Its shape is {one.shape} from {first}, {other.shape} from {side.name}"
                    yield Finding(name, "wrong", message, wrong=other.size, of=other.size)
                elif mine.dtypes[name] != theirs.dtypes[own]:
                    message = f"{mine.dtypes[name]} from {first}, {theirs.dtypes[own]} from {side.name}"
                    yield Finding(f"{name}, dtype", "note", message)
            if known.alone and self._gradients:
                message = f"Not in both {first} and {side.name}: {', '.join(known.alone)}. Their gradients are not compared"
                yield Finding("parameters", "note", message)

    def _still(self, outs: Mapping[str, Results]) -> Any:
        """Whether nothing that is returned depends on the inputs. A finding where that is so for all, or for some."""
        rng = np.random.default_rng((self.seed, 3))
        still = {side.name for side in self.judged}
        for size in MOVES:
            factors = {name: rng.normal(size=array.shape) * size for name, array in self.sides[0].leaves.items()}
            for side in self.judged:
                if side.name not in still:
                    continue
                known = self._names[side.name].leaves
                arrays = {
                    own: np.asarray(array + factors.get(known.get(own, ""), size) * np.where(array == 0, 1, array))
                    for own, array in side.leaves.items()
                }
                try:
                    moved = self.run(side, arrays, values=True).outs
                except UserError:
                    continue  # it leaves the domain: the smaller move may not
                if not same_bits_of(moved, outs[side.name].outs):
                    still.discard(side.name)
        if still and len(still) == len(self.judged):
            message = "Nothing was moved: they return the same whatever they are given. Do they use their inputs?"
            yield Finding("outputs", "cannot tell", message)
            return True
        if still:
            message = f"{' and '.join(sorted(still))} returns the same whatever it is given; the others do not"
            yield Finding("outputs", "wrong", message)
        return False

    def _again(self, values: Mapping[str, Mapping[str, Array | None]]) -> Iterator[Finding]:
        """The same call once more, from the same state."""
        for side in self.judged:
            again = self._names[side.name].of(self.run(side))
            for about, value in values[side.name].items():
                other = again.get(about)
                if value is None or other is None or same_bits({"": value, " ": other}):
                    continue
                with np.errstate(invalid="ignore"):
                    size = float(np.nanmax(np.abs(other - value), initial=0))
                message = f"{side.name} gives another {about} each time: it varies by {size:.2g}"
                yield Finding(f"{about}, again", "note", message)

    def _results(self, values: Mapping[str, Mapping[str, Array | None]], outs: list[str]) -> Iterator[Finding]:
        """Each output and gradient."""
        abouts = list(outs)
        if self._gradients:
            sets = [set(values[side.name]) for side in self.judged if isinstance(side, Tensors)]
            abouts += [f"d{name}" for name in self.sides[0].leaves if all(f"d{name}" in found for found in sets)]
        found = {a: {s.name: v for s in self.judged if (v := values[s.name].get(a)) is not None} for a in abouts}
        differ = self.reference is not None or any(len(v) > 1 and not same_bits(v) for v in found.values())
        scale = self._scale() if differ else None
        if isinstance(scale, Finding):
            yield scale
            return
        wrong_values = False
        missing = []
        for about in abouts:
            finding = None
            if about in outs or self._missing(about, found[about]) is None:
                finding = self._result(about, found[about], scale, about in outs, wrong_values)
            elif len(found[about]):
                finding = self._missing(about, found[about])
            else:
                missing.append(about)
            if finding is not None:
                wrong_values |= about in outs and finding.verdict == "wrong"
                yield finding
        yield from self._nothing(missing, [a for a in abouts if a not in outs], found)

    def _missing(self, about: str, found: Mapping[str, Array]) -> Finding | None:
        """A gradient that one framework gives and another does not."""
        able = [side.name for side in self.judged if isinstance(side, Tensors)]
        without = [name for name in able if name not in found]
        if not without:
            return None
        moved = [name for name, value in found.items() if value.any()]
        if not moved:
            return Finding(about, "right", f"Zero; {' and '.join(without)} give none", of=1) if found else Finding(about, "note", "")
        who = " and ".join(without)
        return Finding(about, "wrong", f"{who} gives none, {' and '.join(moved)} gives one that is not zero: it is cut off the graph")

    def _nothing(self, missing: list[str], all_: list[str], found: Mapping[str, Mapping[str, Array]]) -> Iterator[Finding]:
        """Gradients that nobody gives, or that are zero everywhere."""
        able = [side.name for side in self.judged if isinstance(side, Tensors)]
        if not self._gradients or not able or not all_:
            return
        alive = [about for about in all_ if any(value.any() for value in found[about].values())]
        if alive:
            for about in missing:
                yield Finding(about, "note", "No function gives a gradient for it")
            return
        kinds = "no function gives any" if len(missing) == len(all_) else "every one is zero"
        cure = "Where values are all that you compare, say gradients=False" if missing else "Take another point"
        yield Finding("gradients", "cannot tell", f"Nothing was moved: {kinds}. {cure}")

    def _result(
        self, about: str, values: Mapping[str, Array], scale: Scale | None, is_out: bool, wrong_values: bool
    ) -> Finding | None:
        size = next(iter(values.values())).size
        if self.reference is None and same_bits(values):
            if len(values) < 2:
                return None
            proves = "" if is_out or any(v.any() for v in values.values()) else ". All zero: this point proves little"
            return Finding(about, "right", f"{SAME}{proves}", of=size)
        if scale is None or about not in scale.measured:
            return Finding(about, "cannot tell", "They differ, and what rounding may do to it is not known")
        exact = exact_values(self._exact, about)
        result = Result(about, values, scale.measured[about], exact, self.width)
        if result.lost:
            noise = float(np.max(result.expected.spread, initial=0))
            message = f"Ill-conditioned here, nobody can tell: rounding alone moves it by {noise:.2g}. Try another point, or a wider dtype"
            return Finding(about, "cannot tell", message, of=size)
        if not result.beyond:
            sight = result.judged[next(iter(values))].sight
            return Finding(about, "right", f"{WITHIN}: {result.distances}{self._hidden(result)}", of=size, sight=sight)
        if not scale.watched and not self._apart(result):
            why = "; ".join(scale.why)
            message = f"They differ by more than moved inputs explain ({result.distances}), but what is rounded inside is not known: {why}"
            return Finding(about, "cannot tell", f"{message}. Add the same in plain operations, as one more function", of=size)
        blame = about_values(result, self.reference) if is_out else about_gradients(result, not wrong_values, self._derivative)
        finding = told(result, blame)
        return finding

    def _hidden(self, result: Result) -> str:
        """What a narrow dtype hides: functions that are not the same in float64."""
        if self.width.name == "float64":
            return ""
        hidden = {name: result.differs(name, np.asarray(result.expected.spread)) for name in result.values}
        shown = [f"{name} by {distance:.2g}" for name, distance in hidden.items() if distance > 0]
        return f". {self.width.name} hides that {', '.join(shown)} is another function in float64" if shown else ""

    def _apart(self, result: Result) -> bool:
        """Whether functions whose roundings are not watched are different ones, by so much that no rounding explains it."""
        factor = MAGNIFIED if self.width.name == "float64" else 1.0
        allowance = factor * K * np.asarray(result.expected.spread)
        return any(result.differs(name, allowance) > 0 for name in result.beyond)

    def _scale(self) -> Scale | Finding:
        first = [side for side in self.sides if side.name == self.reference] or self.sides

        def named(side: Side, found: Mapping[str, Measured]) -> dict[str, Measured]:
            return self._names[side.name].measured(found)

        try:
            found = scale(first, self.douts, self.seed, named)
        except Unstable as error:
            message = f"Ill-conditioned here, nobody can tell: {error}. Try another point"
            return Finding("rounding", "cannot tell", message)
        except NotWatched as error:
            return Finding("rounding", "cannot tell", f"They differ, and what rounding may do is not known: {error}")
        self.scale_told = f"; the truth and its rounding are those of {found.by}"
        return found

    @cached_property
    def _exact(self) -> dict[str, dict[str, Array | None]]:
        """What each function returns in float64; those that do not run there are left out."""
        found = {}
        for side in self.sides:
            try:
                found[side.name] = self._names[side.name].of(self.run(side, exact=True))
            except UserError:
                continue
        return found

    def _derivative(self, name: str, about: str) -> Finding | None:
        """Whether a gradient is the derivative of the function's own values."""
        side = next(side for side in self.sides if side.name == name)
        if not isinstance(side, Tensors):
            return None
        if name not in self._checked:
            try:
                point = Point(side.subject, self.seed, self.state)
                found = explained(point, list(judged_gradients(point)))
                self.calls += point.evaluations
            except UserError:
                found = []
            known = {f"d{own}": f"d{first}" for own, first in self._names[name].leaves.items()}
            self._checked[name] = {known[f.about]: f for f in found if f.about in known}
        return self._checked[name].get(about)

    @cached_property
    def _checked(self) -> dict[str, dict[str, Finding]]:
        return {}


def same_bits_of(one: Mapping[str, Array], other: Mapping[str, Array]) -> bool:
    """Whether all outputs are the same."""
    return list(one) == list(other) and all(same_bits({"": value, " ": other[name]}) for name, value in one.items())


