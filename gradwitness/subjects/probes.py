"""What can be wrong with a function besides its gradient, found by calling it as users do.

Each probe is a few calls in the user's own dtype. Nothing is put back between them: the question is what one call
leaves behind for the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.report.findings import Finding
from gradwitness.subjects.caller import Caller
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.function import Call
from gradwitness.subjects.likeness import adds_up, alike, difference, finite, negligible, same

REPEATED = 8
"""Calls that must give the same: the order of a set is the same one in half of them, where two things are in it."""
KEPT = (
    "After a call with another input the same input has another gradient: something of the earlier call is kept and used. "
    "Let backward use what its own forward handed over"
)
ONCE = "A second call with the same cache returns another gradient: the cache serves once. Copy what backward changes"
STEP = (
    "A second call with the same cache returns another gradient, and forward returns another value after backward: it changes "
    "what forward reads, as a step of an optimizer does. What is computed after the step depends on it. Make the step elsewhere"
)
NOT_LINEAR = "The gradient is not linear in dout"
VARIES = (
    "The same call gives another gradient from time to time. What it does depends on an order that nobody sets, as that of a set "
    "of objects (and then contributions overwrite each other, where += would add them), or on memory that is not initialised"
)


class Probes(Caller):
    """The probes of one function."""

    def findings(self) -> Iterator[Finding]:
        """What is wrong, each with what to do about it. Raises UserError where forward or backward cannot be called at all."""
        self.state.restore()
        given = self.copies()
        call = self.forward(given)
        outs = [np.array(out) for out in call.outs]
        yield from self._overwritten("forward", given)
        douts = self.douts(outs)
        passed = [dout.copy() for dout in douts]
        between = [array.copy() for array in given]
        first = self.backward(call, passed, copy=False)
        yield from _changed("dout", "backward", douts, passed, "Copy it before changing it: dout = dout.copy()")
        yield from self._overwritten("backward", given, between)
        yield from self._dtypes(first)
        serves, told = self._again(call, douts, first)
        yield from told
        repeats, told = self._carried(outs, douts, first)
        yield from told
        if not repeats:
            yield from self._deterministic(outs)
        # what forward keeps has moved on where it returns another value: each law starts from the beginning then
        yield from self._linear(call if serves and repeats else None, outs, douts, first)
        yield from self._missing(outs, first)
        self.state.restore()

    def _again(self, call: Call, douts: Sequence[Array], first: Sequence[Any]) -> tuple[bool, list[Finding]]:
        """Whether backward may be asked twice about one call of forward."""
        try:
            again = self.backward(call, douts)
        except (UserError, BadCall) as error:
            return False, [Finding("second backward", "note", f"The cache serves once: {error}")]
        if same(first, again):
            return True, []
        return False, [Finding("second backward", "note", STEP if self._makes_a_step(douts) else ONCE)]

    def _makes_a_step(self, douts: Sequence[Array]) -> bool:
        """Whether forward returns something else after backward, and the same without it."""
        self.state.restore()
        try:
            calls = [self.forward(self.copies()) for _ in range(2)]
            self.backward(calls[1], douts)
            after = self.forward(self.copies())
        except (UserError, BadCall):
            return False
        return same(calls[0].outs, calls[1].outs) and not same(calls[0].outs, after.outs)

    def _carried(self, outs: Sequence[Any], douts: Sequence[Array], first: Sequence[Any]) -> tuple[bool, list[Finding]]:
        """Another input first, then the input again: nothing of the other may be left. Whether forward returned the same."""
        told: list[Finding] = []
        self.state.restore()
        try:
            other = self.forward(self.others())
            if _claims(first) and finite(outs) and same(outs, other.outs):
                told.append(Finding("inputs", "note", self.function.unread))
            self.backward(other, douts)
        except (UserError, BadCall):
            return False, told  # another input may leave the domain
        call = self.forward(self.copies())
        repeats = same(call.outs, outs)
        if repeats and not alike(first, self.backward(call, douts)):
            told.append(self._erratic(douts, first) or Finding("call after another input", "wrong", KEPT))
        return repeats, told

    def _erratic(self, douts: Sequence[Array], first: Sequence[Any]) -> Finding | None:
        """Whether the gradient changes from call to call, with no other input in between.

        Caches are kept, so that objects lie elsewhere in memory.
        """
        calls: list[Call] = []
        for _ in range(REPEATED):
            self.state.restore()
            calls.append(self.forward(self.copies()))
            if not alike(first, self.backward(calls[-1], douts)):
                return Finding("the same call", "wrong", VARIES)
        return None

    def _deterministic(self, outs: Sequence[Any]) -> Iterator[Finding]:
        """Two calls of forward, one after the other, and a third where everything was put back: why it returns another value."""
        self.state.restore()
        self.forward(self.copies())
        again = self.forward(self.copies())
        if same(outs, again.outs):
            return
        largest = difference(outs, again.outs)
        self.state.restore()
        if same(outs, self.forward(self.copies()).outs):
            why = (
                "It depends on something that a call changes: a random generator, or what it keeps. That was put back before "
                "each evaluation, and what is said of the gradients holds for the first call"
            )
        else:
            why = "Numerical differentiation would see that, and not the gradient"
        yield Finding(
            "second call",
            "cannot tell",
            f"Forward returns another value for the same input: {largest}. {why}. Seed what is random inside forward, for "
            "instance rng = np.random.default_rng(0) there, or hand it over as an input",
        )

    def _linear(
        self, call: Call | None, outs: Sequence[Array], douts: Sequence[Array], first: Sequence[Any]
    ) -> Iterator[Finding]:
        """The gradient is linear in dout: of -2 d it is -2 g, of d + e it is the sum of both."""
        scaled = self.gradients(call, [-2 * dout for dout in douts])
        if scaled is None or not _claims(first):
            return
        if same(first, scaled):
            yield Finding(
                "dout",
                "wrong",
                "Backward returns the same for another dout: it does not use it. Multiply by dout, also in a loss's backward",
            )
            return
        linear = alike([None if g is None else -2 * g for g in first], scaled)
        exact = [g is None or np.array_equal(-2 * g, h) for g, h in zip(first, scaled, strict=True)]
        rooms = [negligible(outs, douts, array) if scales else 0.0 for scales, array in zip(exact, self.arrays, strict=True)]
        sums = not linear or self._adds_up(call, douts, first, rooms)
        if not (linear and sums):
            law = "of d1 + d2 it is not that of d1 plus that of d2" if linear else "of -2 dout it is not -2 times that of dout"
            yield Finding(
                "dout",
                "wrong",
                f"{NOT_LINEAR}: {law}. Each term has dout as a factor once, and no condition looks at dout",
            )

    def _adds_up(self, call: Call | None, douts: Sequence[Array], first: Sequence[Any], rooms: Sequence[float]) -> bool:
        """Whether the gradient of d + e is the sum of theirs. That of 3 d, which is no power of 2, says what rounding does.

        rooms   what rounding may come to in each gradient that scales to the bit, as rounding does: one that is zero but for it
        """
        others = self.douts(douts)
        other, both = self.gradients(call, others), self.gradients(call, [d + e for d, e in zip(douts, others, strict=True)])
        thrice = self.gradients(call, [3 * dout for dout in douts])
        if other is None or both is None or thrice is None:
            return True
        found = zip(first, other, both, thrice, rooms, strict=True)
        return all(g is None or adds_up(g, h, sum_, three, room) for g, h, sum_, three, room in found)

    def _missing(self, outs: Sequence[Any], first: Sequence[Any]) -> Iterator[Finding]:
        """Gradients that were asked for by name and not returned, of inputs that matter."""
        if not self.function.asked or all(value is not None for value in first):
            return
        others = self.others()
        for i, (leaf, value) in enumerate(zip(self.function.leaves, first, strict=True)):
            if value is None:
                moved = self.copies()
                moved[i] = others[i]
                self.state.restore()
                if not same(outs, self.forward(moved).outs):
                    message = f"Backward returns None for {leaf.name}, which wrt names, and forward depends on it"
                    yield Finding(f"d{leaf.name}", "wrong", message, wrong=moved[i].size, of=moved[i].size)

    def _dtypes(self, first: Sequence[Any]) -> Iterator[Finding]:
        for leaf, array, value in zip(self.function.leaves, self.arrays, first, strict=True):
            if value is not None and isinstance(leaf.value, np.ndarray) and value.dtype != array.dtype:
                cure = f"Make buffers like the input: np.zeros_like({leaf.name})"
                if value.dtype == bool:
                    cure = "A mask says where dout passes: the gradient is dout * mask"
                yield Finding(f"dtype of d{leaf.name}", "note", f"It is {value.dtype}; {leaf.name} is {array.dtype}. {cure}")

    def _overwritten(self, who: str, given: Sequence[Array], before: Sequence[Array] | None = None) -> Iterator[Finding]:
        """What belongs to the caller and was changed by the last call."""
        for leaf, was, now in zip(self.function.leaves, before or self.arrays, given, strict=True):
            yield from _changed(leaf.name, who, [was], [now], f"Work on a copy: {_variable(leaf.name)}")
        for i, ((name, was), (_, now)) in enumerate(zip(self.data, self.function.data, strict=True)):
            yield from _changed(name, who, [was], [now], f"Work on a copy: {_variable(name)}")
            self.data[i] = (name, now.copy())


def _claims(gradients: Sequence[Any]) -> bool:
    """Whether gradients say anything: finite, and not all zero."""
    given = [value for value in gradients if value is not None]
    return finite(given) and any(np.any(value) for value in given)


def _variable(name: str) -> str:
    return f"{name} = {name}.copy()"


def _changed(name: str, who: str, before: Sequence[Array], after: Sequence[Array], cure: str) -> Iterator[Finding]:
    if not same(before, after):
        yield Finding(name, "wrong", f"{who} overwrites {name}, which belongs to the caller. {cure}")
