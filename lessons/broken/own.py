"""The reader's own pair of functions, in a file: the line that is named gets a mistake."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections import Counter
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from conformance.learning.alone import FIRST, alone
from conformance.rewriting.mutation import Mutation, mutations, planted
from gradwitness import Report, check
from gradwitness.arrays import Array
from gradwitness.subjects.handwritten import Pair
from gradwitness.subjects.pair import Subject, leaves
from lessons.broken.mistakes import Mistake
from lessons.broken.target import Target, same_bits


def of_file(place: str, forward: str, backward: str, inputs: str) -> Target:
    """The pair in a file, "mine.py" or "mine.py:12".

    forward, backward   names of the functions
    inputs              name of what forward is called with: an array, a tuple of them, or a function that returns one

    Raises ValueError, with what is wanted, for a file, a name or a line that will not do; what the file raises; BadCall and
    UserError as `check` does.
    """
    file, _, line = place.partition(":")
    if line and not line.isdigit():
        raise ValueError(f"{line!r} is no number of a line; wanted for example {file}:12")
    module = _loaded(Path(file))
    first, second = _function(module, forward), _function(module, backward)
    if not hasattr(module, inputs):
        raise ValueError(f"{file} has no {inputs}; wanted what {forward} is called with: name it by --inputs")
    given = getattr(module, inputs)
    given = given() if callable(given) else given
    subject = subject_of(first, second, given)
    mistakes = _mistakes(module, second, int(line) if line else None)
    right = _results(subject)

    def wrong(mistake: Mistake) -> bool:
        try:
            with mistake.plant():
                out, gradients = _results(subject)
        except Exception:  # a mistake may raise anything
            return False
        shapes = [np.shape(g) for g in gradients] == [np.shape(g) for g in right[1]]
        return shapes and same_bits(out, right[0]) and not same_bits(gradients, right[1])

    def examined() -> Report:
        return check(first, second, given)

    where = f"line {line} of {Path(file).name}" if line else f"the backward in {Path(file).name}"
    return Target(forward, where, alone(subject, forward, partial(_others, subject)), subject, mistakes, wrong, examined)


def _loaded(path: Path) -> ModuleType:
    if not path.is_file():
        raise ValueError(f"there is no file {path}; wanted an op, or a file of Python and a line: mine.py:12")
    sys.path.insert(0, str(path.parent.resolve()))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is no file of Python; its name should end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _function(module: ModuleType, name: str) -> FunctionType:
    found = getattr(module, name, None)
    if not isinstance(found, FunctionType):
        there = ", ".join(key for key, value in vars(module).items() if _of(module, value))
        raise ValueError(f"{module.__file__} has no function {name}; it has {there or 'none'}")  # noqa: TRY004  a wrong name
    return found


def _of(module: ModuleType, value: Any) -> bool:
    return isinstance(value, FunctionType) and value.__module__ == module.__name__


def subject_of(forward: Any, backward: Any, inputs: Any) -> Subject:
    """A pair in any style as a forward that returns (outs, call), and a backward(douts, call)."""
    pair = Pair(forward, backward, inputs)
    values = tuple(np.array(leaf.value, np.float64) for leaf in pair.leaves)

    def run(*arrays: Array) -> tuple[Any, Any]:
        call = pair.forward(arrays)
        return tuple(np.asarray(out) for out in call.outs), call

    def back(douts: Any, call: Any) -> list[Any]:
        return [np.zeros_like(x) if g is None else np.asarray(g) for g, x in zip(call.backward(douts), values, strict=True)]

    names = [leaf.name if leaf.name.isidentifier() else f"input{i}" for i, leaf in enumerate(pair.leaves)]
    kind = inspect.Parameter.POSITIONAL_ONLY
    run.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])  # type: ignore[attr-defined]
    return Subject(run, back, values)


def _results(subject: Subject) -> tuple[list[Any], list[Any]]:
    out, cache = subject.forward(*(x.copy() for x in subject.inputs))
    outs = [np.array(o) for o in leaves(out)]
    douts = tuple(np.array(d) for d in leaves(subject.cotangent))
    return outs, [np.array(g) for g in subject.backward(douts, cache)]


def _others(subject: Subject, seed: int) -> tuple[Any, ...]:
    """Other inputs: those of the file move by about half of their spread. The first run begins at those of the file."""
    if seed == FIRST + 1:
        return subject.inputs
    rng = np.random.default_rng((7, seed))
    return tuple(x + 0.5 * (np.std(x) or 1.0) * rng.normal(size=x.shape) for x in subject.inputs)


def _mistakes(module: ModuleType, backward: FunctionType, line: int | None) -> list[Mistake]:
    """The mistakes on a line, or those in backward."""
    functions = [f for f in vars(module).values() if _of(module, f)] if line is not None else [backward]
    found: list[Mutation] = []
    for function in functions:
        try:
            found += mutations(function)
        except ValueError:  # a closure or a lambda has no def whose code could be swapped
            continue
    chosen = [m for m in found if line in (None, m.line)]
    if not chosen:
        raise ValueError(
            f"nothing on line {line} of {module.__file__} can be broken; "
            f"lines that can are {', '.join(map(str, sorted({m.line for m in found}))) or 'none'}"
        )
    count, mistakes = Counter[str](), []
    for mutation in chosen:
        count[mutation.label] += 1
        name = f"{mutation.label} {count[mutation.label]}"
        file = Path(str(module.__file__)).name
        mistakes.append(Mistake(name, file, mutation.line, mutation.before, mutation.after, partial(_plant, mutation)))
    return mistakes


def _plant(mutation: Mutation, *, shown: bool = False) -> AbstractContextManager[None]:
    return planted(mutation.function, mutation.shown() if shown else mutation.code())
