"""Mistakes about the upstream gradient, found by asking the user's backward again with other cotangents.

A right backward is linear in its cotangent. What it returns for a cotangent of zeros is a term that does not use it; what grows
with its square is a term that uses it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case, Explanation, Repair
from gradwitness.diagnosis.shapes import to_shape

SEEN = 1e-7
"""Relative to the largest element: a difference that rounding does not make."""
SMALL = 2.0**-20
"""Of a cotangent: a bound on what is made of it cuts off nothing then."""
PART = 2.0**-2
"""Of a mistake: less than that is another matter. A solver leaves so much, which takes other steps for another cotangent."""
SURE = 16
"""Error bars: a sum of slopes that is further from another is not the same."""
FEW = 4
"""Elements whose slopes are measured output by output."""
ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = {
    "1 - {}**2, the derivative of tanh": lambda y: 1 - y * y,
    "{} * (1 - {}), the derivative of sigmoid": lambda y: y * (1 - y),
    "({} > 0), the derivative of relu": lambda y: (y > 0).astype(float),
    "{}, the derivative of exp": lambda y: y,
    "2 * {}": lambda y: 2 * y,
}
"""Derivatives of activations, from their outputs."""


def linear(case: Case) -> Iterator[Repair]:
    """Terms that do not use the cotangent, or use it twice, with it put right."""
    if not case.fits or not case.douts:
        return
    zero, twice = _again(case, 0.0), _again(case, 2.0)
    if zero is None or twice is None:
        return
    square = (twice - 2 * case.claimed + zero) / 2
    name = next(iter(case.douts))
    unused, used_twice = _seen(zero, case.claimed), _seen(square, case.claimed)
    if unused and not used_twice:
        whole = not _seen(zero - case.claimed, case.claimed)
        what = (
            "Backward returns the same for any cotangent"
            if whole
            else "For a cotangent of zeros backward returns something else than zero"
        )
        cure = f"{name} is not used" + ("" if whole else " in one of its terms")
        for dout in _spread(case):
            yield Repair(case.claimed - zero + zero * dout, "cotangent", f"{what}: {cure}. Multiplied by {name} it agrees")
    if used_twice and not unused:
        for dout in _spread(case):
            with np.errstate(all="ignore"):
                mended = case.claimed - square + np.where(dout != 0, square / dout, 0)
            yield Repair(
                mended,
                "cotangent",
                f"With twice the cotangent it grows fourfold: {name} is multiplied in twice. Divided by it once, it agrees",
            )


def cut_off(case: Case) -> Iterator[Repair]:
    """A bound on the gradient: for a cotangent that is far smaller backward returns the right one, as much smaller."""
    came = _again(case, SMALL) if case.fits else None
    if came is not None and _seen(came / SMALL - case.claimed, case.claimed):
        words = (
            "It is cut off at a bound: of a cotangent that is far smaller backward returns the right gradient, as much smaller. "
            "A bound, as clipping has, is no part of a derivative"
        )
        yield Repair(came / SMALL, "cotangent", words)


def passed_on(case: Case) -> Iterator[Repair]:
    """The cotangent itself is right, or minus it, as forward passes its input on. What came is something made of it."""
    for name, dout in case.douts.items() if case.fits else ():
        if dout.shape == case.array.shape:
            for sign, spelled in ((1.0, name), (-1.0, f"-{name}")):
                words = f"What is right is {spelled} itself: forward hands its input on. Backward makes something else of it"
                yield Repair(sign * np.asarray(dout, np.longdouble), "cotangent", words, tries=4)


def not_linear(case: Case) -> Explanation | None:
    """Backward is not linear in the cotangent: a mistake whatever the function is."""
    zero, twice = _again(case, 0.0), _again(case, 2.0)
    if not case.fits or zero is None or twice is None:
        return None
    names = " and ".join(case.douts)
    if not _seen(zero - case.claimed, case.claimed):
        words = f"Backward returns the same for any cotangent: {names} is not used"
    elif _seen(zero, case.claimed):
        words = f"For a cotangent of zeros backward returns something else than zero: a term does not use {names}"
    elif _departs(case, twice - 2 * case.claimed):
        words = (
            "With twice the cotangent backward does not return twice the gradient: "
            f"{names} is used twice in a product, or what is made of it is cut off"
        )
    else:
        return None
    return Explanation("cotangent", words)


def _departs(case: Case, difference: Array) -> bool:
    """Whether a departure from linearity is more than rounding, and of the size of the mistake."""
    largest = np.abs(case.claimed).max(initial=0)
    return _seen(difference, case.claimed) and bool(np.abs(difference).max() >= PART * case.off * largest)


def of_one(case: Case) -> Explanation | None:
    """Backward scales by the first, or the last, element or row of the cotangent, and forward depends on the others as well."""
    if not case.fits or len(case.douts) != 1 or case.slopes is None or not any(case.claimed[index] for index in case.wrong):
        return None  # an element that is 0 scales by nothing
    ((name, dout),) = case.douts.items()
    zero = _again(case, 0.0)
    if zero is None or not _seen(zero - case.claimed, case.claimed):
        return None  # it uses none of it
    for words, place in _places(name, dout.shape):
        kept = np.zeros_like(dout)
        kept[place] = dout[place]
        came = case.again([kept])
        if came is None or came.shape != case.array.shape or _seen(came - case.claimed, case.claimed):
            continue
        rest = (kept == 0).ravel()
        measured = {index: case.slopes(index) for index in sorted(case.wrong)[:FEW]}
        if not any(abs(values[rest].sum()) > SURE * bars.sum() for values, bars in measured.values()):
            continue
        said = f"Backward scales by {words} alone: the other elements of {name} change nothing, and forward depends on them"
        one = dout[place]
        if np.size(one) == 1 and np.all(dout != 0):
            equal = [
                (index, (values / dout.ravel()).sum() * one, (bars / abs(dout.ravel())).sum())
                for index, (values, bars) in measured.items()
            ]
            if all(abs(float(total - case.claimed[index])) <= SURE * abs(float(one)) * room for index, total, room in equal):
                said += f". It is right where all of {name} are equal, as they are for a sum or a mean"
        return Explanation("cotangent", said)
    return None


def _places(name: str, shape: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Elements and rows that are taken for the whole by mistake, and what they are called."""
    if np.prod(shape) < 2:
        return
    for end in (0, -1):
        yield f"{name}[{', '.join([str(end)] * len(shape))}]", (end,) * len(shape)
    for end in (0, -1) if len(shape) > 1 and shape[0] > 1 else ():
        yield f"{name}[{end}]", (end,)


def conjugated(case: Case) -> Iterator[Repair]:
    """Complex numbers, which are pairs along a last axis: the conjugate is missing, of a factor or of the whole."""
    if not case.fits or len(case.douts) != 1 or case.array.shape[-1:] != (2,):
        return
    ((name, dout),) = case.douts.items()
    turned = np.array([1.0, -1.0])
    if dout.shape[-1:] == (2,) and (came := case.again([dout * turned])) is not None and came.shape == case.array.shape:
        said = f"it multiplies {name} by a factor of which the conjugate is right: with conj() it agrees"
        yield Repair(np.asarray(came, np.longdouble) * turned, "conjugate", said)
        yield Repair(np.asarray(came, np.longdouble), "conjugate", f"with the conjugate of {name} it agrees")
    yield Repair(case.claimed * turned, "conjugate", "its conjugate agrees")


def activation(case: Case) -> Iterator[Repair]:
    """The derivative of a last activation is missing, or one too many: backward of a cotangent that has it agrees."""
    outs = {name: array for name, array in case.known.items() if name.startswith("out")}
    douts = list(case.douts.values())
    for at, (out_name, dout) in enumerate(zip(outs, douts, strict=False)):
        out = outs[out_name]
        if out.shape != dout.shape or out.size < 2:
            continue
        for words, slope in ACTIVATIONS.items():
            for power in (1, -1):
                with np.errstate(all="ignore"):
                    factor = np.asarray(slope(np.asarray(out, np.longdouble)), np.longdouble) ** power
                if not np.isfinite(factor).all():
                    continue
                mended = case.again([*douts[:at], dout * factor, *douts[at + 1 :]])
                if mended is not None and mended.shape == case.array.shape:
                    said = words.replace("{}", out_name)
                    verb = (
                        "The derivative of a last activation is missing: with"
                        if power == 1
                        else "A derivative is one too many: without"
                    )
                    yield Repair(
                        np.asarray(mended, np.longdouble), "derivative", f"{verb} {said} as a factor of the cotangent it agrees"
                    )


def _again(case: Case, times: float) -> Array | None:
    """The gradient for a multiple of the cotangent; None of a loss that comes with its gradients, which has no cotangent."""
    if not case.douts:
        return None
    came = case.again([times * dout for dout in case.douts.values()])
    if came is None or came.shape != case.array.shape or not np.isfinite(came).all():
        return None
    return np.asarray(came, np.longdouble)


def _seen(value: Array, beside: Array) -> bool:
    return bool(np.abs(value).max(initial=0) > SEEN * np.abs(beside).max(initial=0))


def _spread(case: Case) -> Iterator[Array]:
    for dout in case.douts.values():
        yield from to_shape(np.asarray(dout, np.longdouble), case.array.shape)
