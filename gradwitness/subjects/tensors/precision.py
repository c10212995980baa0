"""In which floats a function runs: in its own dtypes, in float64, or in dtypes that are asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Precision:
    """In which floats a function runs.

    stored    what its inputs, and the floats that it holds, are rounded to
    computed  in which it computes
    exact     whether every operation is carried out in float64, whatever dtype it has inside: tensors claim theirs, and hold
              what float64 holds

    None leaves them as they are.
    """

    stored: str | None = None
    computed: str | None = None
    exact: bool = False


OWN = Precision()
FLOAT64 = Precision(computed="float64")
EXACT = Precision(computed="float64", exact=True)
"""In float64, and what is cast to a narrower dtype inside rounds nothing."""
CLAIMED = Precision(exact=True)
"""As in its own dtypes, of which it takes no others, and nothing rounds."""
EPS = {
    "float64": 2.0**-52,
    "complex128": 2.0**-52,
    "float32": 2.0**-23,
    "complex64": 2.0**-23,
    "bfloat16": 2.0**-7,
    "float16": 2.0**-10,
}
"""The distance from 1 to the next number."""


def is_real(dtype: str) -> bool:
    """Whether a dtype, by its name, is of floats or complex numbers."""
    return dtype.startswith(("float", "bfloat", "complex"))
