"""The mistakes that can be planted in a backward, each with its name, and in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

WORDS: Mapping[str, str] = {
    "flipped sign": "a sign is flipped",
    "dropped term": "a term of a sum is forgotten",
    "missing factor": "a factor is forgotten",
    "doubled factor": "a factor is taken twice",
    "swapped operands": "two operands are swapped",
    "transposed operand": "a transpose is forgotten, or one too many",
    "sum for mean": "a sum stands where a mean belongs, or a mean for a sum",
    "missing sum": "the sum over the batch is forgotten: only its first term is kept",
    "wrong axis": "the axis is the wrong one",
    "forward value in place of its derivative": "a value stands where its derivative belongs",
    "pre- for post-activation": "the value before a function is taken for the one after it",
    "mask with its boundary": "the mask takes its boundary in, or leaves it out",
    "wrong mask": "a mask or a comparison is the opposite one",
    "mask dropped": "the mask is forgotten",
    "wrong tensor": "another tensor of the cache is taken",
    "stale or overwritten cache": "forward caches another tensor than backward needs",
    "stale value": "the value of another step is taken",
    "overwritten in place of accumulated": "contributions overwrite each other: the last one is kept",
    "last one dropped": "the last step is left out",
    "first one dropped": "the first step is left out",
    "detached statistics": "mean and variance are held constant",
    "N-1 for N": "N - 1 stands where N belongs",
    "epsilon dropped": "epsilon is forgotten",
    "wrong constant": "a constant is off by one percent",
    "argument dropped": "an argument is forgotten",
    "wrong flag": "an option is the opposite one",
}
"""Label -> what is wrong, as the lesson says it."""


@dataclass(frozen=True)
class Mistake:
    """A mistake that can be planted.

    name            its label and a number: "missing factor 2"
    file, line      where
    before, after   the source, and what replaces it
    plant           () -> a context in which the mistake is there; (shown=True) gives it a source that can be read
    """

    name: str
    file: str
    line: int
    before: str
    after: str
    plant: Callable[..., AbstractContextManager[None]] = field(repr=False)

    @property
    def label(self) -> str:
        """The kind of mistake."""
        return self.name.rpartition(" ")[0]

    @property
    def words(self) -> str:
        """What is wrong, in a clause."""
        if self.label == "missing factor" and self.after.strip() == "dout":
            return "the derivative of the function is forgotten: the gradient from above passes as it is"
        if self.label == "missing factor" and "dout" in self.before and "dout" not in self.after:
            return "the gradient from above is forgotten"
        return WORDS.get(self.label, self.label)

    @property
    def diff(self) -> str:
        """Where it is, and the source before and after."""
        return f"{self.file}, line {self.line}\n  - {self.before}\n  + {self.after}"


def named(mistakes: list[Mistake], name: str) -> list[Mistake]:
    """The mistakes of a name, or of a kind."""
    return [mistake for mistake in mistakes if name in (mistake.name, mistake.label)]
