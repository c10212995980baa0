"""Where nothing can be told because a few elements hide all others: those elements are judged apart.

Next to an element at 0 forward may jump or leave its domain, as with masks, poles and powers. Moved with everything, such an
element leaves no slope to see anywhere. It can only be an element that is 0, or one that ties with others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gradwitness.arrays import Array
from gradwitness.judging.directions import likely
from gradwitness.judging.judgement import Judgement

ORDER = ("right", "kink", "cannot tell", "undefined", "jump", "wrong")
"""Verdicts about parts of an array: the last one of them is that of the array."""
UNTOLD = ("cannot tell", "undefined", "jump")
"""Verdicts that leave it open whether a gradient is right."""
FIRST = 2
"""Arrays of which the elements of one alone are left out at first: as a rule it is one of the first, the data."""
Judged = Callable[[Sequence[Array]], list[Judgement]]
"""Masks of the elements that may be moved -> what is found about each array."""


def apart(arrays: Sequence[Array], claims: Sequence[Array], judged: Judged, before: list[Judgement]) -> list[Judgement]:
    """The same judgements, made in parts; those that were there before, where parts tell no more.

    Beside zeros a mask jumps. A gradient that is 0 there and not elsewhere, as if the mask were constant, is not wrong for that.
    """
    odd = [likely(array) for array in arrays]
    having = [which for which, mask in enumerate(odd) if mask.any()]
    tries = [[which] for which in having[:FIRST] if len(having) > 1] + ([having] if having else [])
    for chosen in tries:
        left = [mask if which in chosen else np.zeros_like(mask) for which, mask in enumerate(odd)]
        found = judged([~mask for mask in left])
        if _untold(found, left) < _untold(before, left):
            break
    else:
        return before
    for which in chosen:
        found[which] = Judgement() if left[which].all() else found[which]
        for part in _parts(arrays[which], left[which]):
            masks = [part if number == which else np.zeros(array.shape, bool) for number, array in enumerate(arrays)]
            one = judged(masks)[which]
            if one.verdict == "jump" and np.any(claims[which]) and not np.any(claims[which][part]):
                one.verdict = "undefined"
            found[which] = _merged(found[which], one, part)
    return found


def _untold(found: list[Judgement], left: Sequence[Array]) -> int:
    """The number of arrays about which nothing can be told, of those that are not left out altogether."""
    return sum(one.verdict in UNTOLD and not mask.all() for one, mask in zip(found, left, strict=True))


def _parts(array: Array, odd: Array) -> Iterator[Array]:
    """Zeros, and what ties."""
    yield from (part for part in (odd & (array == 0), odd & (array != 0)) if part.any())


def _merged(rest: Judgement, one: Judgement, part: Array) -> Judgement:
    """What is found about all elements of an array, from what is found about the rest and about a part of them."""
    worse = max(rest, one, key=lambda judgement: ORDER.index(judgement.verdict))
    merged = Judgement(worse.verdict, rest.wrong + one.wrong, rest.blocks + one.blocks)
    merged.sight = float(np.fmax(rest.sight, one.sight))
    merged.together = rest.together + one.together
    merged.still, merged.nearby = rest.still and one.still, worse.nearby
    merged.hidden = rest.hidden
    if one.verdict in ("cannot tell", "undefined"):
        merged.hidden += [tuple(int(i) for i in index) for index in np.argwhere(part)]
        merged.verdict = rest.verdict if rest.verdict in ("wrong", "jump") else "undefined"
    return merged
