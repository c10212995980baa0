"""Faults that values at one point do not show: what a call leaves behind, what it assumes, what it overlooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.functions.at import At, beyond, cotangent
from gradwitness.report.findings import Finding, elements
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.tensors.backend import Backend
from gradwitness.subjects.tensors.call import TensorCall

DOUBLE = 2.0**-40
"""Between the eps of float64 and that of float32."""
REDRAWN = (
    "With random generators in another state there is another {}: backward draws random numbers of its own. Keep what forward "
    "drew, or put the generator back into the state that it had there"
)
LOOK = "look at needs_input_grad"
ALONE = 8
"""Leaves of which each is differentiated alone."""


def faults(at: At, repeats: int) -> Iterator[Finding]:
    """All of them; see the functions below."""
    for probe in (_overwritten, _second, _another, _linear, _zeros, _partial, _alone):
        yield from probe(at)
    yield from _repeated(at, repeats)


def _overwritten(at: At) -> Iterator[Finding]:
    """Inputs and cotangents are what they were, after forward and after backward."""
    subject, backend = at.subject, at.subject.backend
    values = [subject.tensor(i, array, at.precision) for i, array in enumerate(at.arrays)]
    before = [backend.array(value) for value in values]
    call = subject.on(values, at.precision)
    between = _now(backend, values, before)
    yield from _changed("forward", [leaf.name for leaf in subject.leaves], before, between)
    cotangents = call.cotangents(at.douts)
    passed = [backend.array(value) for value in cotangents]
    at.repeated.append((call.outs, at.shaped(call.pulled(cotangents))))
    yield from _changed("backward", [leaf.name for leaf in subject.leaves], between, _now(backend, values, between))
    names = ["dout"] if len(passed) == 1 else [f"d{name}" for name in call.out_names]
    yield from _changed("backward", names, passed, [backend.array(value) for value in cotangents])


def _now(backend: Backend, values: Sequence[Any], before: Sequence[Array]) -> list[Array]:
    """The values of tensors. One that was donated in JAX is gone: nobody can read what it is overwritten with."""
    gone = [getattr(value, "is_deleted", bool)() for value in values]
    return [was if lost else backend.array(value) for value, was, lost in zip(values, before, gone, strict=True)]


def _changed(who: str, names: Sequence[str], before: Sequence[Array], after: Sequence[Array]) -> Iterator[Finding]:
    for name, was, now in zip(names, before, after, strict=True):
        changed = ~((was == now) | (np.isnan(was) & np.isnan(now)))
        if changed.any():
            yield Finding(
                name,
                "wrong",
                f"{who} overwrites {name}, which belongs to the caller: in a network, whatever comes before it computes with "
                "wrong values. Write into a copy",
                **elements(changed),
            )


def _second(at: At) -> Iterator[Finding]:
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
    found = list(_compared(at, "random numbers", again, REDRAWN, first))
    if found:
        same = at.pulled(call)
        other = list(_compared(at, "second backward", same, "A second backward through the same graph returns another {}", first))
        at.lasting = not other
        found = other or found
    yield from found


def _redrawn(at: At, once: TensorCall, first: Sequence[Array | None]) -> Iterator[Finding]:
    """The same of a backward that works once: another call that returned the same, asked with generators in another state."""
    call = at.call()
    if not all(map(np.array_equal, call.outs, once.outs)):
        return
    at.subject.backend.stir()
    yield from _compared(at, "random numbers", at.pulled(call), REDRAWN, first)


def _another(at: At) -> Iterator[Finding]:
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
    yield from _compared(at, "call in between", found, message)


def _linear(at: At) -> Iterator[Finding]:
    """The gradient of -2 d is -2 times that of d, and that of d + e the sum of both."""
    first = at.call()
    scaled = at.pulled(first, [-2 * dout for dout in at.douts])
    handed = list(first.handed)
    if all(g is None or h is None or np.array_equal(g, h) for g, h in zip(at.gradients, scaled, strict=True)) and _any(
        at.gradients
    ):
        yield Finding("dout", "wrong", "Backward returns the same for another cotangent: it does not use it. Multiply by it")
        return
    halves = [None if g is None else g / -2 for g in scaled]
    others = [cotangent(at.rng, dout.shape) for dout in at.douts]
    other: list[Any] = at.pulled(at.call(), others)
    both: list[Any] = at.pulled(at.call(), [d + e for d, e in zip(at.douts, others, strict=True)])
    yield from _written_again(at, first.active, handed, scaled)
    with np.errstate(invalid="ignore", over="ignore"):  # gradients may have inf
        sums = [None if g is None or h is None else h - g for g, h in zip(other, both, strict=True)]
    largest = [np.abs(d) + np.abs(e) for d, e in zip(at.douts, others, strict=True)]
    for which, leaf in enumerate(at.subject.leaves):
        sizes = [np.abs(part[which]) for part in (other, both) if part[which] is not None]
        room = np.sqrt(2) * at.spreads[which] + at.eps * sum(sizes, np.zeros(()))
        for law, found in (("of -2 d it is not -2 times that of d", halves), ("of d + e it is not the sum", sums)):
            own = at.gradients[which]
            wrong = beyond(found[which], own, room) & (True if own is None else np.isfinite(own))  # inf is its own sum
            wrong &= _apart(found[which], own) > at.negligible(which, largest)
            if wrong.any():
                yield Finding(
                    f"d{leaf.name}, linear in dout", "wrong", f"It is not linear in the cotangent: {law}",
                    **elements(wrong),
                )  # fmt: skip
                break


def _apart(one: Array | None, other: Array | None) -> Array:
    """How far two gradients are apart; a missing one is zero."""
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.abs((0 if one is None else one) - (np.zeros(()) if other is None else other)), nan=np.inf)


def _written_again(at: At, active: Sequence[int], handed: Sequence[Any], before: Sequence[Array | None]) -> Iterator[Finding]:
    """Gradients that were handed over are what they were, after other calls."""
    for which, gradient in zip(active, handed, strict=True):
        was = before[which]
        if gradient is not None and was is not None and was.shape == at.subject.backend.array(gradient).shape:
            changed = ~np.equal(was, at.subject.backend.array(gradient)) & np.isfinite(was)
            if changed.any():
                name = f"d{at.subject.leaves[which].name}"
                message = (
                    f"A later call overwrites the {name} that an earlier one returned: backward hands over memory that it keeps. "
                    "Where a network uses the function twice, one gradient is lost. Return a new tensor"
                )
                yield Finding(f"{name}, kept", "wrong", message, **elements(changed))


def _zeros(at: At) -> Iterator[Finding]:
    """A cotangent of zeros gives a gradient of zeros, where the gradient is finite at all."""
    found = at.pulled(at.call(), [np.zeros(dout.shape) for dout in at.douts])
    for leaf, gradient, usual in zip(at.subject.leaves, found, at.gradients, strict=True):
        if gradient is not None and usual is not None and gradient.any() and np.isfinite(usual).all():
            yield Finding(f"d{leaf.name}, zero cotangent", "wrong", "For a cotangent of zeros it is not zero")


def _partial(at: At) -> Iterator[Finding]:
    """Outputs that nobody uses: their cotangents are None or zeros, and the rest is as it is."""
    if len(at.outs) < 2:
        return
    for kept, name in enumerate(at.out_names):
        zeros = [dout if i == kept else np.zeros(dout.shape) for i, dout in enumerate(at.douts)]
        none = [dout if i == kept else None for i, dout in enumerate(at.douts)]
        wanted = at.pulled(at.call(), zeros)
        try:
            found = at.pulled(at.call(), none)
        except UserError as error:
            yield Finding(f"{name} alone", "wrong", f"Backward fails where only {name} is used: {error}. Cotangents may be None")
            return
        message = f"Where only {name} is used, and the cotangents of the others are None, there is another {{}}"
        yield from _compared(at, f"{name} alone", found, message, wanted)


def _alone(at: At) -> Iterator[Finding]:
    """One input needs a gradient, and the others do not."""
    if len(at.arrays) < 2:
        return
    for which in range(min(len(at.arrays), ALONE)):
        name = at.subject.leaves[which].name
        if at.gradients[which] is None and at.subject.lost(which):
            continue  # this is told
        try:
            found = at.pulled(at.call(only=[which]))
        except UserError as error:
            yield Finding(f"d{name} alone", "wrong", f"It fails where {name} alone needs a gradient: {error}")
            return
        wrong = at.differs(which, found[which])
        if wrong.any():
            other = (
                f"another one: {LOOK}" if found[which] is not None else f"none: {LOOK}, and at use_reentrant=True of checkpoints"
            )
            message = f"Where {name} alone needs a gradient there is {other}"
            yield Finding(f"d{name} alone", "wrong", message, **elements(wrong))


def _repeated(at: At, repeats: int) -> Iterator[Finding]:
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
            yield Finding(
                f"{name}, again", "note", f"It varies by {width:.2g} from call to call, which is rounding: another order of sums"
            )


def _without_drift(gradient: Array, spread: Array, asked: float, eps: float) -> Array:
    """A spread of float64 that holds no more than rounding can do: what a rule that keeps state does between calls is in it.

    asked   the largest cotangent: a gradient that is tiny against it may be all rounding
    """
    largest = float(np.max(np.abs(gradient), where=np.isfinite(gradient), initial=0))
    is_rounding = eps > DOUBLE or largest < np.sqrt(eps) * asked
    return spread if is_rounding else np.minimum(spread, np.sqrt(eps) * largest)


def _compared(
    at: At, about: str, found: Sequence[Array | None], message: str, wanted: Sequence[Array | None] | None = None
) -> Iterator[Finding]:
    """Findings about gradients that should be those that were measured, or those that are wanted."""
    for which, leaf in enumerate(at.subject.leaves):
        name = f"d{leaf.name}"
        other = at.gradients[which] if wanted is None else wanted[which]
        wrong = beyond(found[which], other, at.spreads[which])
        if wrong.any():
            yield Finding(f"{name}, {about}", "wrong", message.format(name), **elements(wrong))


def _any(gradients: Sequence[Array | None]) -> bool:
    return any(gradient is not None and gradient.any() for gradient in gradients)


def _size(array: Array) -> float:
    finite = array[np.isfinite(array)]
    return float(np.sqrt(np.mean(np.square(finite)))) / 8 if finite.any() else 0.125
