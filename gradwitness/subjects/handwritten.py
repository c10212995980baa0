"""A forward and a backward that somebody wrote in NumPy, in any of the styles of style.py, as a Function."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects import validation
from gradwitness.subjects.arguments import data_of, floats, leaves_of, replaced
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.gradients import arranged
from gradwitness.subjects.hints import of_labels
from gradwitness.subjects.patience import Patience
from gradwitness.subjects.returned import mirrored, no_floats
from gradwitness.subjects.signatures import as_positional, called, names_of, shared_out
from gradwitness.subjects.state import State
from gradwitness.subjects.style import CACHE, CLEAR, Style, none_fits, parameters_of, ranked
from gradwitness.subjects.trial import chosen


class Pair:
    """A forward and a backward; see the module."""

    keeps_dtype = of_triangles = of_a_loss = undone = False
    eps = float(np.finfo(np.float64).eps)
    unread = "Forward returns the same for other inputs: it does not use what it is given. Does it read a global of that name?"

    def __init__(
        self,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        inputs: Any,
        static: Mapping[str, Any] | None = None,
        *,
        wrt: Collection[str | int] | None = None,
        cached: bool | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        validation.callable_given("forward", forward)
        validation.callable_given("backward", backward)
        validation.options(static, wrt, cached)
        self._forward, self._backward, self._cached = forward, backward, cached
        self._keywords, self.inputs = as_positional(forward, inputs, static or {})
        self.names = names_of(forward, self.inputs, self._keywords, names)
        for name, value in zip(self.names, self.inputs, strict=True):
            validation.value_given(name, value, is_data=wrt is not None)
        for key, value in (static or {}).items():
            validation.value_given(f"static[{key!r}]", value, is_data=True)
        self._parameters = parameters_of(backward, static or {})
        self._statics = shared_out(forward, backward, static or {}, self.names)
        if not self._keywords:
            validation.fits(forward, "inputs", self.inputs, self._statics[0])
        self.leaves, self.asked = leaves_of(self.inputs, self.names, wrt), wrt is not None
        for position in {leaf.path[0] for leaf in self.leaves}:
            validation.value_given(self.names[position], self.inputs[position])
        validation.leaves_given(self.leaves)
        self.data = list(data_of(self.inputs, self.names, self.leaves))
        self.description = f"{called(forward)} and {called(backward)}"
        self.handed: Mapping[str, Any] = {**dict(zip(self.names, self.inputs, strict=True)), **(static or {})}
        self.code: tuple[Callable[..., Any], ...] = (forward, backward)
        self._style: Style | None = None
        self._patience = {"forward": Patience(), "backward": Patience()}
        self.last: PairCall | None = None

    def forward(self, arrays: Sequence[Any]) -> PairCall:
        """Run the user's forward."""
        given = [np.array(array) for array in arrays] if self._style is None else []
        inputs = replaced(self.inputs, self.leaves, arrays)
        returned = self.run(inputs)
        if self._style is None:
            self._style = self._settled(returned, inputs, given)
            if self.last is not None:  # a trial ran: once more, from the beginning
                inputs = replaced(self.inputs, self.leaves, arrays)
                returned = self.run(inputs)
        return self._call(self._style, inputs, returned)

    def reached(self, arrays: Sequence[Array]) -> list[Array]:
        """The arrays themselves: they are handed over."""
        return list(arrays)

    @contextlib.contextmanager
    def extended(self, keywords: Mapping[str, Any]) -> Iterator[None]:
        """Inside, forward is given these by keyword as well."""
        before = self._statics
        self._statics = ({**before[0], **keywords}, before[1])
        try:
            yield
        finally:
            self._statics = before

    def run(self, inputs: Sequence[Any]) -> Any:
        """What the user's forward returns."""
        static = self._statics[0]
        try:
            with self._patience["forward"]:
                if self._keywords:
                    return self._forward(**dict(zip(self._keywords, inputs, strict=True)), **static)
                return self._forward(*inputs, **static)
        except Exception as error:
            raise UserError("forward", error, "" if self._style else self._exchanged(inputs)) from error

    def gradients(self, arguments: Sequence[Any]) -> Any:
        """What the user's backward returns; what it yields, where it is a generator."""
        by_name = dict(zip(self._parameters.names, arguments, strict=False)) if self._parameters.keywords else {}
        try:
            with self._patience["backward"]:
                returned = self._backward(*(() if by_name else arguments), **by_name, **self._statics[1])
                return list(returned) if hasattr(returned, "__next__") else returned
        except Exception as error:
            cure = "" if by_name else self._the_other_way(arguments) or self._without_dout() or of_labels(self._parameters.names)
            raise UserError("backward", error, cure or ("" if by_name else self._option_taken())) from error

    def _exchanged(self, inputs: Sequence[Any]) -> str:
        """What to tell where forward does not take the inputs, and backward does."""
        with contextlib.suppress(Exception), Patience(first=True):
            self._backward(*inputs)
            return "Backward takes these inputs. The order is check(forward, backward, inputs)"
        return ""

    def _the_other_way(self, arguments: Sequence[Any]) -> str:
        """What to tell where backward takes its two arguments in the other order."""
        with contextlib.suppress(Exception), Patience(first=True):
            if len(arguments) == 2:
                self._backward(*reversed(arguments), **self._statics[1])
                return "It takes them the other way round. dout comes first: backward(dout, cache)"
        return ""

    def _without_dout(self) -> str:
        """What to tell where backward takes the inputs alone, as a function does that returns the gradient of a loss."""
        with contextlib.suppress(Exception), Patience(first=True):
            if isinstance(self._backward(*self.inputs, **self._statics[1]), (float, np.ndarray, np.generic, tuple, list, dict)):
                return "It works on the inputs alone: let it take dout before them, and multiply each gradient by dout"
        return ""

    def _option_taken(self) -> str:
        """What to tell where an option of backward, such as lr, got what forward took or returned."""
        names = self._parameters.names[1:]
        if self._style is None or not names or CACHE.search(names[-1]) or list(names) == list(self.names):
            return ""
        return (
            f"It was called as {self._style.words}, so that was {', '.join(names)}. An option goes into static, as in "
            f"static={{{names[-1]!r}: ...}}"
        )

    def _call(self, style: Style, inputs: tuple[Any, ...], returned: Any) -> PairCall:
        out, cache = style.parted(returned)
        self.last = PairCall(self, style, inputs, out, cache)
        return self.last

    def _settled(self, returned: Any, inputs: tuple[Any, ...], arrays: Sequence[Array]) -> Style:
        """The style, from the signatures and what forward returned; where several are as likely, from a trial of each."""
        if not floats("out", returned):
            raise no_floats(returned)
        found = ranked(self._parameters, inputs, self.names, returned, self._cached)
        if not found:
            raise none_fits(self._parameters, returned, self.inputs, self._cached, self._without_dout())
        if len(found) == 1 or found[0][0] - found[1][0] >= CLEAR:
            return found[0][1]
        state = State(self._forward, self._backward, self.inputs, self._statics)

        def attempt(style: Style) -> list[Any]:
            try:
                fresh = replaced(self.inputs, self.leaves, [array.copy() for array in arrays])
                call = self._call(style, fresh, self.run(fresh))
                rng = np.random.default_rng(0)
                return call.backward([_cotangent(out, rng) for out in call.outs])
            finally:
                state.finish()

        return chosen(found, attempt, [np.shape(leaf.value) for leaf in self.leaves])


@dataclass
class PairCall:
    """A call of a pair's forward."""

    pair: Pair
    style: Style
    inputs: tuple[Any, ...]
    out: Any
    cache: tuple[Any, ...]

    def __post_init__(self) -> None:
        found = floats("out", self.out)
        if not found:
            raise no_floats(self.out)
        self.out_names, self.outs = [name for name, _ in found], [value for _, value in found]

    def backward(self, douts: Sequence[Array]) -> list[Any]:
        """Ask the user's backward."""
        if self.style.takes == "nothing" and self.pair.last is not self:
            self.pair.run(self.inputs)  # an object remembers its last forward alone
            self.pair.last = self
        dout = mirrored(self.out, iter(douts))
        returned = self.pair.gradients(self.style.arguments(dout, self.cache, self.inputs))
        return arranged(returned, self.pair.inputs, self.pair.names, self.pair.leaves)


def _cotangent(out: Any, rng: np.random.Generator) -> Array:
    return np.asarray(rng.normal(size=np.shape(out))).astype(np.asarray(out).dtype)
