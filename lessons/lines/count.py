"""How many lines each op takes, by hand and in each framework."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import adapters
import reference
from lessons.lines.source import Function, module, reached

HERE = Path(reference.__file__).parent
ADAPTERS = Path(adapters.__file__).parent
DERIVATION = "Derivation."


@dataclass(frozen=True)
class Counted:
    """One op.

    derivation   lines of the derivation in the op's docstring
    forward      functions that forward needs
    backward     functions that backward needs and forward does not: what there would not be with automatic differentiation
    spelling     framework -> functions that its adapter needs
    """

    name: str
    family: str
    derivation: Sequence[str]
    forward: frozenset[Function]
    backward: frozenset[Function]
    spelling: Mapping[str, frozenset[Function]] = field(default_factory=dict)


def derivation(docstring: str) -> list[str]:
    """The lines of a derivation, up to the shapes, that have something on them."""
    _, begin, rest = docstring.partition(DERIVATION)
    derived = rest.partition("\nShapes:")[0]
    return [line for line in (begin + derived).splitlines() if line.strip()]


def counted(name: str) -> Counted:
    """The op of a name."""
    family = reference.OPS[name].family
    path = HERE / family / f"{name}.py"
    forward, backward = (module(path).find(which) for which in ("forward", "backward"))
    assert forward is not None, f"{path} has no forward"
    assert backward is not None, f"{path} has no backward"
    before = reached([forward])
    spelled = {framework: _spelling(framework, name) for framework in adapters.NAMES}
    return Counted(
        name,
        family,
        derivation(module(path).docstring),
        frozenset(before),
        frozenset(reached([backward]) - before),
        {framework: frozenset(reached([found])) for framework, found in spelled.items() if found is not None},
    )


def _spelling(framework: str, name: str) -> Function | None:
    return next((Function(path, name) for path in _files(framework) if name in module(path).functions), None)


@cache
def _files(framework: str) -> tuple[Path, ...]:
    return tuple(sorted((ADAPTERS / framework / "ops").glob("*.py")))


def lines(functions: Iterable[Function]) -> int:
    """Lines of code of some functions, each counted once."""
    return sum(len(function.lines) for function in set(functions))


def together(ops: Sequence[Counted], framework: str | None = None) -> int:
    """Lines of backward of some ops, or of a framework's spelling; what several of them share is counted once."""
    return lines(f for op in ops for f in (op.backward if framework is None else op.spelling.get(framework, frozenset())))
