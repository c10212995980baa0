"""The state of random generators, remembered and put back.

It is looked at before every evaluation, so that looking must not take longer than a small function does.
"""

from __future__ import annotations

import ctypes
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

WORDS = 624
"""Of a Mersenne twister; in memory the position among them follows."""


@dataclass(frozen=True)
class Memory:
    """What one object was.

    size   how much there is to look at, in entries of about 8 bytes
    """

    changed: Callable[[], bool]
    put_back: Callable[[], None]
    size: int


def of_python(given: random.Random) -> Memory:
    """Python's generator."""
    before = given.getstate()
    return Memory(lambda: given.getstate() != before, lambda: given.setstate(before), 625)


def of_numpy(given: Any) -> Memory:
    """NumPy's generators."""
    if isinstance(given, np.random.RandomState):
        before = given.get_state(legacy=False)
        changed = _twisted(given, before) or (lambda: _differs(given.get_state(legacy=False), before))
        return Memory(changed, lambda: given.set_state(before), 80)
    bits = given.bit_generator if isinstance(given, np.random.Generator) else given
    start = bits.state
    return Memory(lambda: _differs(bits.state, start), lambda: setattr(bits, "state", start), 80)


def _twisted(given: np.random.RandomState, state: dict[str, Any]) -> Callable[[], bool] | None:
    """Whether a Mersenne twister moved, from its memory: forty times as fast as asking for its state.

    None where that is not all there is: another kind of generator, another layout of memory, or half of a pair of normal numbers
    that waits for its use.
    """
    bits = given._bit_generator
    if type(bits) is not np.random.MT19937 or state["has_gauss"]:
        return None
    address, size = bits.ctypes.state_address, 4 * (WORDS + 1)
    before = state["state"]["key"].astype(np.uint32).tobytes() + np.int32(state["state"]["pos"]).tobytes()
    if len(before) != size or ctypes.string_at(address, size) != before:
        return None
    return lambda: given._bit_generator is not bits or ctypes.string_at(address, size) != before


def _differs(now: Any, before: Any) -> bool:
    """Whether two states of a generator differ: dicts of numbers and arrays."""
    if isinstance(now, dict):
        return any(_differs(now[key], before[key]) for key in before)
    return bool((now != before).any()) if isinstance(now, np.ndarray) else bool(now != before)
