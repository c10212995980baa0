"""Where an epsilon stands that keeps a root from 0: outside of the root, inside, before a correction of the bias, as a bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from gradwitness.comparing.activations import Elementary, elementary
from gradwitness.comparing.trial import SMALL, Trial, usual


class Root(NamedTuple):
    """sqrt(inside / divisor)."""

    inside: Any
    divisor: Any


FORMS: Mapping[str, Callable[[Elementary, Root, float], Any]] = {
    "outside of the root, sqrt(v) + eps": lambda _, root, eps: (root.inside / root.divisor) ** 0.5 + eps,
    "inside the root, sqrt(v + eps)": lambda _, root, eps: (root.inside / root.divisor + eps) ** 0.5,
    "before v is divided, (sqrt(v) + eps) / sqrt(d)": lambda _, root, eps: (root.inside**0.5 + eps) / root.divisor**0.5,
    "inside the root before v is divided, sqrt(v + eps) / sqrt(d)": lambda _, root, eps: (
        (root.inside + eps) ** 0.5 / root.divisor**0.5
    ),
    "squared inside the root, sqrt(v + eps^2)": lambda _, root, eps: (root.inside / root.divisor + eps * eps) ** 0.5,
    "as a lower bound, max(sqrt(v), eps)": lambda e, root, eps: e.clip((root.inside / root.divisor) ** 0.5, eps, float("inf")),
    "as a lower bound inside the root, sqrt(max(v, eps))": lambda e, root, eps: (
        e.clip(root.inside / root.divisor, eps, float("inf")) ** 0.5
    ),
}
"""By where it stands."""


class Epsilons:
    """The rewrite by which every epsilon beside a root stands elsewhere. See `backend.Rewrite`.

    found   the epsilons that were met
    """

    def __init__(self, form: Callable[[Root, float], Any] | None = None, eps: float | None = None) -> None:
        self._form, self._eps = form, eps
        self.found: list[float] = []
        self._known: dict[int, tuple[Any, Any]] = {}

    def same(self, tensor: Any, other: Any) -> None:
        """See `backend.Rewrite`."""
        known = tensor if isinstance(tensor, float) else self._of(tensor)
        if known is not None:
            self._keep(other, known)

    def __call__(self, name: str, operands: Sequence[Any], result: Any) -> Any:
        """See `backend.Rewrite`."""
        first, second = operands[0], operands[1] if len(operands) > 1 else None
        if name in ("add", "maximum"):
            return self._guarded(first, second, result)
        if name == "divide":
            root = self._of(first)
            if isinstance(root, Root):
                self._keep(result, Root(root.inside, root.divisor * second * second))
            elif not isinstance(first, float):
                self._keep(result, ("quotient", first, second))
        if name in ("sqrt", "rsqrt"):
            return self._rooted(name, first, result)
        if name == "norm":
            self._keep(result, Root(result * result, 1.0))
        return result

    def _rooted(self, name: str, inside: Any, result: Any) -> Any:
        match self._of(inside):
            case ("guarded", value, eps):
                root = self._elsewhere(self._root(value), eps, None)
                return result if root is None else root if name == "sqrt" else 1 / root
            case _:
                if name == "sqrt":
                    self._keep(result, self._root(inside))
                return result

    def _root(self, inside: Any) -> Root:
        match self._of(inside):
            case ("quotient", numerator, divisor):
                return Root(numerator, divisor)
            case _:
                return Root(inside, 1.0)

    def _guarded(self, first: Any, second: Any, result: Any) -> Any:
        """A sum with a small number, or the larger of both."""
        for value, other in ((first, second), (second, first)):
            eps = _of_the_source(other if isinstance(other, float) else self._of(other))
            if isinstance(eps, float) and 0 < eps <= SMALL and not isinstance(value, float):
                known = self._of(value)
                if isinstance(known, Root):
                    return self._elsewhere(known, eps, result)
                self._keep(result, ("guarded", value, eps))
        return result

    def _elsewhere(self, root: Root, eps: float, result: Any) -> Any:
        self.found.append(eps)
        return result if self._form is None else self._form(root, eps if self._eps is None else self._eps)

    def _of(self, tensor: Any) -> Any:
        return self._known.get(id(tensor), (None, None))[1]

    def _keep(self, tensor: Any, known: Any) -> None:
        self._known[id(tensor)] = (tensor, known)  # the tensor is kept, so that no other one gets its id


def _of_the_source(number: Any) -> Any:
    """The number that the source has for one that was traced in float32: 0.001 for 0.0010000000474974513."""
    is_rounded = isinstance(number, float) and float(np.float32(number)) == number
    return float(str(np.float32(number))) if is_rounded else number


def placed(subject: Any, found: Sequence[float], numbers: Sequence[float]) -> Iterator[Trial]:
    """Epsilons in other places, and of other values there.

    found     those that the function has
    numbers   of the functions that it should agree with
    """
    e = elementary(subject.backend.name)
    values = [None, *dict.fromkeys([each for each in (*numbers, *usual("eps")) if each <= SMALL])] if found else []
    for eps in values:
        for words, form in FORMS.items():
            calling = subject.backend.rewritten(subject._calling, partial(Epsilons, partial(form, e), eps))
            said = f"with epsilon {words}," if eps is None or {eps} == {*found} else f"with epsilon={eps!r} {words},"
            yield Trial(said, ((subject, "_calling", calling),), fine=True)
