"""Bad input, family by family: (op, a call of it, what the ValueError must say after the op's name).

A module here is a list of rows, BAD; tests/reference/test_bad_input.py runs them all.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Row = tuple[str, Callable[[], Any], str]


def ones(*shape: int) -> np.ndarray:
    """Harmless floats."""
    return np.ones(shape)
