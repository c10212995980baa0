"""A random program: a function of one to three arrays, one step a line, as text that a reader can paste."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trust.soak.programs.operations import HEADS, OPERATIONS, Shape

NAMES = "xyz"
STEPS = (2, 9)
ONWARDS = 0.6
"""How often a step takes what came last."""
SHAPES: tuple[Shape, ...] = ((), (3,), (1,), (2, 3), (3, 1), (1, 3), (4, 3), (2, 2, 3))


@dataclass(frozen=True)
class Step:
    """A line: the operation, the names of its operands, and what was drawn."""

    operation: str
    operands: tuple[str, ...]
    drawn: tuple[tuple[str, Any], ...]

    def text(self, dialect: str) -> str:
        """The expression."""
        given = dict(zip("ab", self.operands, strict=False))
        return OPERATIONS[self.operation].texts[dialect].format(**given, **dict(self.drawn))


@dataclass(frozen=True)
class Program:
    """inputs: float64 arrays. steps: the lines. returned: the names of what comes out, one or two."""

    inputs: tuple[np.ndarray, ...]
    steps: tuple[Step, ...]
    returned: tuple[str, ...]

    def text(self, dialect: str, planted: int | None = None) -> str:
        """The function's source. planted: the step behind which a wrong gradient is planted, with the name `planted`."""
        names = NAMES[: len(self.inputs)]
        lines = [f"def f({', '.join(names)}):"]
        for index, step in enumerate(self.steps):
            expression = step.text(dialect)
            lines.append(f"    t{index} = {f'planted({expression})' if index == planted else expression}")
        returned = self.returned[-1:] if dialect == "numpy" else self.returned  # autograd differentiates one output
        return "\n".join([*lines, f"    return {', '.join(returned)}", ""])

    def function(self, dialect: str, planted: int | None = None, wrong: Callable[[Any], Any] | None = None) -> Callable[..., Any]:
        """The function, whose source Python finds as it finds that of a file."""
        source = f"{HEADS[dialect]}\n\n\n{self.text(dialect, planted)}"
        file = f"<program {hash(source)}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        scope: dict[str, Any] = {"__name__": "program", "planted": wrong}
        exec(compile(source, file, "exec"), scope)  # noqa: S102  the program is ours
        found: Callable[..., Any] = scope["f"]
        return found


def drawn(seed: int) -> Program:
    """The program of a seed. What is not finite at its inputs is not taken as a step, mostly."""
    rng = np.random.default_rng(seed)
    inputs = tuple(numbers(rng, SHAPES[rng.integers(len(SHAPES))]) for _ in range(rng.integers(1, len(NAMES) + 1)))
    values: dict[str, np.ndarray] = dict(zip(NAMES, inputs, strict=False))
    steps: list[Step] = []
    used: set[str] = set()
    daring = rng.random() < 0.1
    for _ in range(rng.integers(*STEPS)):
        step, value = _step(rng, values, used, daring)
        name = f"t{len(steps)}"
        steps.append(step)
        values[name] = value
        used |= {*step.operands}
    ends = [name for name in values if name not in used and name not in NAMES]
    return Program(inputs, tuple(steps), tuple(ends[-2:]))


def _step(rng: np.random.Generator, values: dict[str, np.ndarray], used: set[str], daring: bool) -> tuple[Step, np.ndarray]:
    """A step that fits: of what nothing was made yet, if it can."""
    names = list(OPERATIONS)
    while True:
        name = names[rng.integers(len(names))]
        operation = OPERATIONS[name]
        fresh = [each for each in values if each not in used] or list(values)
        first = fresh[-1] if rng.random() < ONWARDS else fresh[rng.integers(len(fresh))]
        operands = (first, *(list(values)[rng.integers(len(values))] for _ in range(operation.operands - 1)))
        found = operation.draw(rng, [values[each].shape for each in operands])
        if found is None:
            continue
        step = Step(name, operands, tuple(found.items()))
        with np.errstate(all="ignore"):
            try:
                value = np.asarray(eval(step.text("numpy"), {"np": np}, values))  # noqa: S307  the program is ours
            except (ValueError, IndexError):
                continue
        fits = value.size and value.size <= 64 and value.ndim <= 4
        if fits and (daring or (np.isfinite(value).all() and np.abs(value).max() < 1e6)):
            return step, value


def numbers(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Of a usual size; or small, large, whole with ties and zeros, or with some zeros."""
    kind = rng.choice(["usual", "usual", "usual", "small", "large", "whole", "zeros", "equal"])
    found = rng.normal(size=shape)
    scale = {"small": 1e-3, "large": 30.0}.get(str(kind), 1.0)
    if kind == "whole":
        found = np.round(2 * found)
    if kind == "zeros":
        found = np.where(rng.random(shape) < 0.4, 0.0, found)
    if kind == "equal":
        found = np.full(shape, found.ravel()[0] if found.size else 0.0)
    return np.asarray(scale * found)
