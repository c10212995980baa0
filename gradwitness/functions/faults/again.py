"""The same again: the same graph asked twice, other calls in between, repeated calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradwitness.arrays import Array
from gradwitness.functions.at import At, beyond
from gradwitness.functions.faults.compared import compared
from gradwitness.report.findings import Finding, elements
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.tensors.call import TensorCall

DOUBLE = 2.0**-40
"""Between the eps of float64 and that of float32."""
DRAWS = "which is no rounding unless all of it cancels: a random generator of its own, a clock, or state that it keeps"
REDRAWN = (
    "With random generators in another state there is another {}: backward draws random numbers of its own. Keep what forward "
    "drew, or put the generator back into the state that it had there"
)


def second(at: At) -> Iterator[Finding]:
    """The same graph, asked twice; the second time with random generators in another state."""
    backend, call = at.subject.backend, at.call()
    put_back = backend.random_state()
    at.repeated.append((call.outs, at.pulled(call)))
    first = at.repeated[-1][1]
    put_back()
    backend.stir()
    try:
        again = at.pulled(call)
    except UserError as error:
        at.lasting = False
        yield Finding("second backward", "note", f"It works once: {error}")
        put_back()
        yield from _redrawn(at, call, first)
        return
    finally:
        put_back()
    found = list(compared(at, "random numbers", again, REDRAWN, first))
    if found:
        same = at.pulled(call)
        other = list(compared(at, "second backward", same, "A second backward through the same graph returns another {}", first))
        at.lasting = not other
        found = other or found
    yield from found


def _redrawn(at: At, once: TensorCall, first: Sequence[Array | None]) -> Iterator[Finding]:
    """The same of a backward that works once: another call that returned the same, asked with generators in another state."""
    call = at.call()
    if not all(map(np.array_equal, call.outs, once.outs)):
        return
    at.subject.backend.stir()
    yield from compared(at, "random numbers", at.pulled(call), REDRAWN, first)


def another(at: At) -> Iterator[Finding]:
    """A call with other inputs between forward and backward changes nothing."""
    call = at.call()
    try:
        at.call([array + _size(array) * at.rng.normal(size=array.shape) for array in at.arrays])
    except UserError:
        return  # other inputs may leave the domain
    try:
        found = at.pulled(call)
    except UserError as error:
        message = f"After a call with other inputs, backward of the first one fails: {error}. Something is kept outside of ctx"
        yield Finding("call in between", "wrong", message)
        return
    message = "After a call with other inputs, backward of the first one returns another {}: something is kept outside of ctx"
    yield from compared(at, "call in between", found, message)


def _size(array: Array) -> float:
    finite = array[np.isfinite(array)]
    return float(np.sqrt(np.mean(np.square(finite)))) / 8 if finite.any() else 0.125


def repeated(at: At, repeats: int) -> Iterator[Finding]:
    """The same again, with the same state of the random generators."""
    results = {f"d{leaf.name}": [g] for leaf, g in zip(at.subject.leaves, at.gradients, strict=True) if g is not None}
    results |= {name: [out] for name, out in zip(at.out_names, at.outs, strict=True)}
    while len(at.repeated) < repeats - 1:
        call = at.call()
        at.repeated.append((call.outs, at.pulled(call)))
    for outs, gradients in at.repeated[: repeats - 1]:
        for name, out in zip(at.out_names, outs, strict=True):
            results[name].append(out)
        for leaf, gradient in zip(at.subject.leaves, gradients, strict=True):
            if gradient is not None and f"d{leaf.name}" in results:
                results[f"d{leaf.name}"].append(gradient)
    spreads = dict(
        zip([*at.out_names, *(f"d{leaf.name}" for leaf in at.subject.leaves)], [*at.out_spreads, *at.spreads], strict=True)
    )
    asked = max((float(np.max(np.abs(dout), initial=0)) for dout in at.douts if dout is not None), default=0.0)
    for name, values in results.items():
        spread = spreads[name] if name in at.out_names else _without_drift(values[0], spreads[name], asked, at.eps)
        wrong = np.logical_or.reduce([beyond(value, values[0], spread) for value in values])
        with np.errstate(invalid="ignore", over="ignore"):
            width = max(float(np.max(np.abs(value - values[0]), initial=0)) for value in values)
        if wrong.any():
            yield Finding(
                f"{name}, again", "wrong", f"The same call gives another {name}: it varies by {width:.2g}, which is no rounding. "
                "State that it keeps, memory that is not initialised, a race, or a random generator of its own",
                **elements(wrong),
            )  # fmt: skip
        elif width > 0:
            largest = float(np.max(np.abs(values[0]), where=np.isfinite(values[0]), initial=0))
            why = "which is rounding: another order of sums" if width <= np.sqrt(at.eps) * largest else DRAWS
            yield Finding(f"{name}, again", "note", f"It varies by {width:.2g} from call to call, {why}")


def _without_drift(gradient: Array, spread: Array, asked: float, eps: float) -> Array:
    """A spread of float64 that holds no more than rounding can do: what a rule that keeps state does between calls is in it.

    asked   the largest cotangent: a gradient that is tiny against it may be all rounding
    """
    largest = float(np.max(np.abs(gradient), where=np.isfinite(gradient), initial=0))
    is_rounding = eps > DOUBLE or largest < np.sqrt(eps) * asked
    return spread if is_rounding else np.minimum(spread, np.sqrt(eps) * largest)
