"""Random generators that a function draws from, besides that of its framework: Python's, NumPy's, and PyTorch's own objects.

A call is repeated with the random numbers of the first one. A generator that is not put back gives values of one draw and the
gradient of another, which would be called wrong.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from gradwitness.subjects.generators import Memory, of_numpy, of_python
from gradwitness.subjects.reach import reached
from gradwitness.subjects.tensors.backend import Backend

OF_NUMPY = (np.random.Generator, np.random.RandomState, np.random.BitGenerator)


def random_state(backend: Backend, *roots: Any) -> Callable[[], None]:
    """Remember the states of all generators that can be reached; what is returned puts them back.

    roots   the function, and what it is given
    """
    framework = backend.random_state()
    found = [memory for thing in reached(*roots, np.random.mtrand._rand, random._inst) if (memory := _memory(thing)) is not None]

    def put_back() -> None:
        framework()
        for memory in found:
            if memory.changed():
                memory.put_back()

    return put_back


def _memory(thing: Any) -> Memory | None:
    if isinstance(thing, OF_NUMPY):
        return of_numpy(thing)
    if isinstance(thing, random.Random) and not isinstance(thing, random.SystemRandom):
        return of_python(thing)
    if type(thing).__module__.partition(".")[0] == "torch" and type(thing).__name__ == "Generator":
        before = thing.get_state()
        return Memory(lambda: not thing.get_state().equal(before), lambda: thing.set_state(before), 632)
    return None
