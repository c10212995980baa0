"""Two rules of others by which a hand-written gradient is called right, in NumPy alone, with their own constants.

They are not ours: Gradwitness picks no tolerance. Lessons and measurements ask them about the same gradients.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects.pair import Subject, leaves


@dataclass(frozen=True)
class Said:
    """What a rule says of a gradient: whether it is wrong, and in words by what."""

    wrong: bool
    words: str


def rule_of_thumb(subject: Subject, *, h: float = 1e-5, limit: float = 1e-7) -> Said:
    """Central differences with h = 1e-5; each element's relative error |a - n| / max(|a|, |n|) below 1e-7. Rejects nan.

    https://cs231n.github.io/neural-networks-3/, "Gradient checks": "1e-7 and less you should be happy"
    """
    worst, where = 0.0, "all elements are exact"
    for name, value, numeric in elements(subject, h):
        error = 0.0 if value == numeric else abs(value - numeric) / max(abs(value), abs(numeric))
        error = error if np.isfinite(error) else np.inf  # nan of one element must not be hidden by the next
        if error > worst:
            worst, where = error, f"{name}: {value:.6g}, by differences {numeric:.6g}"
    return Said(not worst < limit, f"largest relative error {worst:.1e}, {where}")


def elements(subject: Subject, h: float = 1e-5) -> Iterator[tuple[str, float, float]]:
    """Each element of the gradient: its name, what backward returns, and the central difference. nan for a wrong shape."""
    analytic = subject.align(_vjp(subject, _douts(subject)))
    for name, got, columns in zip(subject.gradients, analytic, _numerical(subject, h), strict=True):
        for index, column in columns:
            numeric = sum(float((d * c).sum()) for d, c in zip(_douts(subject), column, strict=True))
            value = float(np.asarray(got)[index]) if np.shape(got) == _shape(subject, name) else np.nan
            yield f"{name}{_at(index)}", value, numeric


def gradcheck(subject: Subject, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3) -> Said:
    """The rule of torch.autograd.gradcheck: the whole Jacobian, each entry |a - n| <= atol + rtol |n|, by central differences.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html
    """
    outs = _douts(subject)
    rows = []  # of the Jacobian: for each element of out, the gradients
    for which, out in enumerate(outs):
        for index in np.ndindex(out.shape):
            one = [np.zeros_like(d) for d in outs]
            one[which][index] = 1
            rows.append([np.asarray(g) for g in subject.align(_vjp(subject, one))])
    worst, where = 0.0, ""
    for i, (name, columns) in enumerate(zip(subject.gradients, _numerical(subject, eps), strict=True)):
        for index, column in columns:
            numeric = np.concatenate([c.ravel() for c in column])
            fits = all(row[i].shape == _shape(subject, name) for row in rows)
            analytic = np.array([row[i][index] for row in rows]) if fits else np.full(numeric.shape, np.nan)
            beyond = np.abs(analytic - numeric) / (atol + rtol * np.abs(numeric))
            beyond[~np.isfinite(beyond)] = np.inf  # nan of one entry must not be hidden by the next
            j = int(np.argmax(beyond))
            if beyond[j] > worst:
                worst = float(beyond[j])
                where = f"d out / d {name[1:]}{_at(index)}: {analytic[j]:.6g}, by differences {numeric[j]:.6g}"
    return Said(not worst <= 1, f"{worst:.1e} times what it allows, {where}" if where else "no entry is off")


def _shape(subject: Subject, name: str) -> tuple[int, ...]:
    """The shape of the input whose gradient has this name."""
    return tuple(np.shape(list(leaves(subject.inputs))[subject.gradients.index(name)]))


def _at(index: tuple[int, ...]) -> str:
    return str(list(index)) if index else ""


def _douts(subject: Subject) -> list[Array]:
    """The cotangent of each out that is differentiated."""
    return [np.asarray(d) for i, d in enumerate(leaves(subject.cotangent)) if i not in subject.detached]


def _outs(subject: Subject, inputs: list[Array]) -> tuple[Any, Any]:
    with np.errstate(all="ignore"):
        return subject.forward(*(a.copy() for a in inputs), **subject.static)


def _vjp(subject: Subject, douts: list[Array]) -> Any:
    """What backward returns for these cotangents, after a forward of its own."""
    out, cache = _outs(subject, list(leaves(subject.inputs)))
    given = iter(d.copy() for d in douts)
    every = [np.zeros_like(o) if i in subject.detached else next(given) for i, o in enumerate(leaves(out))]
    with np.errstate(all="ignore"):
        return subject.backward(tuple(every) if isinstance(out, tuple) else every[0], cache)


def _numerical(subject: Subject, h: float) -> Iterator[Iterator[tuple[tuple[int, ...], list[Array]]]]:
    """For each input, for each of its elements: the index, and the derivative of every out by central differences."""
    inputs = [np.array(a) for a in leaves(subject.inputs)]

    def outs() -> list[Array]:
        out = leaves(_outs(subject, inputs)[0])
        return [np.array(o) for i, o in enumerate(out) if i not in subject.detached]

    def columns(x: Array) -> Iterator[tuple[tuple[int, ...], list[Array]]]:
        for index in np.ndindex(x.shape):
            before = x[index]
            x[index] = before + h
            above = outs()
            x[index] = before - h
            below = outs()
            x[index] = before
            yield index, [(a - b) / (2 * h) for a, b in zip(above, below, strict=True)]

    return (columns(x) for x in inputs)
