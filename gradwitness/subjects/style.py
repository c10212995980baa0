"""In which style a backward is written: what it takes, and which part of what forward returns is its output.

    backward(dout, cache)       forward returns (out, cache)
    backward(dout, a, b)        forward returns (out, a, b)
    backward(dh, dc, cache)     forward returns (h, c, cache)
    backward(dout, *inputs)     forward returns out, or several outs, whose cotangents come in a tuple or one by one
    backward(*inputs, dout)     likewise, where the inputs have the names that they have in forward, or the last name is certain
    backward(dout)              an object or a closure that remembers its forward

Which it is follows from the number of arguments, in most cases. Where several fit, names are evidence (`cache`, or the names of
forward's inputs), then what works when it is tried.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gradwitness.subjects.arguments import floats, is_float
from gradwitness.subjects.errors import BadCall

CACHE = re.compile(r"cache|ctx|context|saved|stash|tape|memo|state|mem$|aux|residual|intermediate|mask|tmp", re.IGNORECASE)
COTANGENT = re.compile(r"^d|^g$|grad|delta|err|upstream|cotangent|output|next", re.IGNORECASE)
CERTAIN = re.compile(r"^d(out|_out|output|y|z)$|^grad_?out(put)?$|^upstream", re.IGNORECASE)
"""Names that only a cotangent has."""
NAMED = 20
"""Points for the names of all inputs."""
CLEAR = 3
"""Points by which one style must lead to be taken without a trial."""


@dataclass(frozen=True)
class Style:
    """One style.

    outs     how many of the entries that forward returns are its output; 0: all that it returns, as one
    spread   whether backward takes their cotangents one by one
    takes    what backward takes after them
    last     whether it takes the cotangent behind that, and not before
    """

    outs: int
    spread: bool
    takes: Literal["cache", "inputs", "nothing"]
    last: bool = False

    def parted(self, returned: Any) -> tuple[Any, tuple[Any, ...]]:
        """The output, and what is handed to backward of the rest."""
        if self.outs == 0:
            return returned, ()
        if self.outs == 1:
            return returned[0], tuple(returned[1:])
        return tuple(returned[: self.outs]), tuple(returned[self.outs :])

    def arguments(self, dout: Any, cache: tuple[Any, ...], inputs: Sequence[Any]) -> list[Any]:
        """What backward is called with."""
        rest = {"cache": cache, "inputs": tuple(inputs), "nothing": ()}[self.takes]
        return [*rest, dout] if self.last else [*(dout if self.spread else (dout,)), *rest]

    @property
    def words(self) -> str:
        """The call, as one would write it."""
        if self.last:
            return "backward(*inputs, dout)"
        first = "*douts" if self.spread else "dout"
        return f"backward({', '.join([first, *{'cache': ['cache'], 'inputs': ['*inputs'], 'nothing': []}[self.takes]])})"


@dataclass(frozen=True)
class Parameters:
    """The positional parameters of a backward that static does not fill.

    names      in their order
    required   how many have no default
    open       whether it takes any number: *args
    keywords   whether values must be handed over by name, for static fills one that comes before them
    known      whether it has a signature at all; compiled functions may have none
    """

    names: tuple[str, ...]
    required: int
    open: bool
    keywords: bool = False
    known: bool = True

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many values."""
        return not self.known or (self.required <= count and (self.open or count <= len(self.names)))


def parameters_of(backward: Callable[..., Any], static: Mapping[str, Any]) -> Parameters:
    """Raises BadCall for a backward that takes nothing by position."""
    try:
        every = list(inspect.signature(backward).parameters.values())
    except (TypeError, ValueError):
        return Parameters((), 0, open=True, known=False)
    any_number = any(p.kind is p.VAR_POSITIONAL for p in every)
    positional = [p for p in every if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    free = [p for i, p in enumerate(positional) if i == 0 or p.name not in static]
    if not free and not any_number:
        raise BadCall("backward", "a function that takes nothing by position", "backward(dout, cache) or backward(dout, *inputs)")
    last_free = max((i for i, p in enumerate(positional) if p in free), default=0)
    fills_before = any(p not in free for p in positional[:last_free])
    return Parameters(tuple(p.name for p in free), sum(p.default is p.empty for p in free), any_number, fills_before)


def ranked(
    parameters: Parameters, inputs: Sequence[Any], names: Sequence[str], returned: Any, cached: bool | None
) -> list[tuple[int, Style]]:
    """The styles that fit, with points for the evidence, the best first. Empty where none does."""
    last = _is_last(parameters, names[: len(inputs)])
    found = [
        (_points(style, count, parameters, inputs, names, returned), style)
        for style, count in _styles(returned, len(inputs))
        if parameters.takes(count) and cached in (None, style.takes == "cache") and not (style.last and not last)
    ]
    return sorted(found, key=lambda each: -each[0])


def _styles(returned: Any, inputs: int) -> Iterator[tuple[Style, int]]:
    """Every style in which something of what forward returned is an output; and how many values backward takes in it."""
    yield Style(0, spread=False, takes="inputs"), 1 + inputs
    yield Style(0, spread=False, takes="inputs", last=True), 1 + inputs
    yield Style(0, spread=False, takes="nothing"), 1
    size = len(returned) if type(returned) in (tuple, list) else 0
    if size < 2:
        return
    if floats("", returned[0]):
        yield Style(1, spread=False, takes="cache"), size
        yield Style(1, spread=False, takes="inputs"), 1 + inputs
        yield Style(1, spread=False, takes="nothing"), 1
    if all(is_float(each) for each in returned):
        yield Style(size, spread=True, takes="inputs"), size + inputs
        yield Style(size, spread=True, takes="nothing"), size
    if size > 2 and all(is_float(each) for each in returned[:-1]):
        yield Style(size - 1, spread=True, takes="cache"), size
        yield Style(size - 1, spread=False, takes="cache"), 2


def _points(style: Style, count: int, parameters: Parameters, inputs: Sequence[Any], names: Sequence[str], returned: Any) -> int:
    """The evidence for a style."""
    if style.last:
        return 1 if type(returned) in (tuple, list) else NAMED  # what is behind the output may be a cache
    douts = max(style.outs, 1) if style.spread else 1
    after = parameters.names[douts:count]
    points = 2 * (count == parameters.required or (parameters.open and style.takes != "nothing"))
    is_several = type(returned) in (tuple, list)
    hands_over = is_several and any(_equal(each, given) for each in returned[1:] for given in inputs)
    if style.takes == "inputs":
        points -= 2 * (style.outs == 1)  # forward would return something for nobody
        named = bool(after) and list(after) == list(names[: len(after)])
        points += (4 if len(inputs) > 1 else 2) * named  # one input: a cache may have its name as well
    if style.takes == "cache":
        kept = {f"{prefix}{name}" for name in names for prefix in ("d", "d_", "grad_", "g")}  # a gradient, computed by forward
        points += 4 * (bool(after) and (bool(CACHE.search(after[-1])) or kept.issuperset(after)))
        points += 2 * hands_over
    elif style.outs != 1:
        points -= 4 * hands_over  # an input among what forward returns is there for backward, and no output
    if style.spread:
        points += 2 if all(re.match(r"d|g|up", name) for name in parameters.names[:douts]) else -3
    if style.spread and style.takes == "nothing":
        points -= 4
    return points + (style.outs > 0 and not _all_floats(returned))


def _is_last(parameters: Parameters, names: Sequence[str]) -> bool:
    """Whether backward takes inputs under the names that they have in forward, and behind them what can be a cotangent alone; or
    under other names, of which none but the last may be that of a cotangent.
    """
    before, behind = parameters.names[: len(names)], parameters.names[len(names) : len(names) + 1]
    if not names or not behind:
        return False
    if list(before) == list(names):
        return bool(COTANGENT.search(behind[0]))
    return bool(CERTAIN.search(behind[0])) and behind[0] not in names and not any(map(COTANGENT.search, before))


def _equal(kept: Any, given: Any) -> bool:
    """Whether something in the cache is an input, or a copy of it: then it does not matter which of them backward gets."""
    return kept is given or (isinstance(kept, np.ndarray) and isinstance(given, np.ndarray) and np.array_equal(kept, given))


def _all_floats(returned: Any) -> bool:
    """Whether all that forward returned can be an output."""
    if type(returned) in (tuple, list):
        return all(_all_floats(each) for each in returned)
    return is_float(returned) or (isinstance(returned, Mapping) and all(_all_floats(each) for each in returned.values()))


def none_fits(parameters: Parameters, returned: Any, inputs: Sequence[Any], cached: bool | None, more: str = "") -> BadCall:
    """What to tell where no style fits, and what more is known."""
    values = f"{parameters.required}" + (" or more" if parameters.open or parameters.required < len(parameters.names) else "")
    came = f"a function of {values} values ({', '.join(parameters.names)})"
    size = f"{len(returned)} values" if type(returned) in (tuple, list) else "one value"
    if cached:
        cure = f"cached=True says that forward returns (out, cache); it returns {size}"
    elif cached is False:
        cure = "cached=False says that backward takes dout and the inputs"
    else:
        cure = f"Forward takes {len(inputs)} inputs and returns {size}" + (f". {more}" if more else "")
    return BadCall(
        "backward",
        came,
        f"backward(dout, cache) with a forward that returns (out, cache), or backward(dout, *inputs) of {1 + len(inputs)} values",
        cure,
    )
