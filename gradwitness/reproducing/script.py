"""What a script is written from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gradwitness.arrays import Array
from gradwitness.report.findings import Finding
from gradwitness.reproducing.given import Arrays, Given


@dataclass
class Script:
    """One script.

    functions   name -> (framework, function)
    arrays      the inputs
    cotangent   of a shape
    output      function -> the name of the one output that is looked at: "out[y][0]"
    finding     what is wrong
    dtype       in which the functions run
    way         what tells the truth: "derivative", by differences; "dtype", the same in float64; "others", the functions;
                "reference", the second of them; or what a fault or a law is called
    mode        how the framework compiles the function; "eager" if it does not
    exact       the dtype in which a law is shown
    """

    functions: Mapping[str, tuple[str, Callable[..., Any]]]
    given: Given
    arrays: Arrays
    cotangent: Callable[[tuple[int, ...]], Array]
    output: Mapping[str, str]
    finding: Finding
    dtype: str
    way: str
    mode: str = "eager"
    exact: str = "float64"

    @property
    def about(self) -> str:
        """The result: "out", or d and the name of an input in the script."""
        plain = self.finding.about.rpartition(": ")[2]
        if plain.startswith("out"):
            return "out"
        known = {f"d{name_at(path)}": f"d{self.given.names[path]}" for path in self.given.floats()}
        known |= {f"d{name}": f"d{given}" for name, given in self.given.own_names.items()}
        return known.get(plain, plain)


def name_at(path: tuple[Any, ...]) -> str:
    """A path through the inputs as reports write it: x[0], state[h]."""
    first, *rest = path[1:]
    return f"{first}" + "".join(f"[{key}]" for key in rest)


def as_name(name: str) -> str:
    """The name of a function in the script."""
    plain = "".join(c if c.isalnum() else "_" for c in name)
    return plain if plain.isidentifier() else f"function_{plain}"
