"""What is tried where two modules differ: the conventions by which frameworks and ports of models differ, the likeliest first."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from gradwitness.arrays import Array
from gradwitness.comparing.activations import activations_called, replaced
from gradwitness.comparing.axes import Reshape, Reshapes, exchanged
from gradwitness.comparing.code import Called, library_calls
from gradwitness.comparing.epsilons import Epsilons, placed
from gradwitness.comparing.gates import blocks, gates
from gradwitness.comparing.layouts import of_axes
from gradwitness.comparing.numbers import dropped, numbers_of
from gradwitness.comparing.outside import kept_otherwise
from gradwitness.comparing.rearranged import conjugate, flattened, of_inputs, of_parameters
from gradwitness.comparing.recurrent import resets
from gradwitness.comparing.rewrites import rewrites
from gradwitness.comparing.sides import Side, Tensors
from gradwitness.comparing.trial import USUAL, Trial, is_fine, usual
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.reach import of_a_library, reached
from gradwitness.subjects.tensors.origins import origin

Seen = tuple[list[float], list[Reshape]]
"""Epsilons and reshapes."""
NAMED = 3
"""Parameters that are named one by one."""
UNSET = ("name", "path", "built", "training", "seed")
"""Attributes of layers that are no settings."""
STATISTICS = (("running_mean", "running_var"), ("moving_mean", "moving_variance"), ("mean", "var"))
"""What PyTorch, Keras and Flax call those of a batch norm."""


def trials(side: Side, others: list[Side], seen: Callable[[Side], Seen]) -> Iterator[Trial]:
    """The changes of one function, the likeliest first.

    seen   what a function has
    """
    modules = _modules(side)
    if isinstance(side, Tensors) and any(dtype.startswith("complex") for dtype in side.subject.dtypes):
        yield Trial("with the conjugate of what it returns,", after=conjugate)
    numbers = numbers_of([other.function for other in others])
    yield from _named_alike(side, others)
    yield from _set_otherwise(side, modules, [value for other in others for _, value in _settings(_modules(other))], numbers)
    yield from _statistics(side, modules)
    yield from _padded(modules)
    inputs = {name: array for name, array in side.leaves.items() if name not in side.own}
    yield from _columns(inputs)
    yield from rewrites(side.function, side.framework, [other.function for other in others], [*inputs.values()])
    yield from replaced(activations_called(side.function, side.framework), modules, side.framework, numbers)
    epsilons, reshapes = seen(side)
    if isinstance(side, Tensors):
        yield from placed(side.subject, epsilons, numbers)
    yield from dropped(side.function)
    own = {name: array for name, array in side.leaves.items() if name in side.own}
    yield from resets(library_calls(side.function), modules, side.framework)
    yield from gates(own, [type(thing).__name__ for thing in modules])
    yield from blocks(inputs)
    images = [array.shape for array in side.leaves.values()]
    for other in flattened({**own, **inputs}, images):
        yield Trial(other.words, arrays=other.arrays)
    for name, array in (*own.items(), *inputs.items()):
        if array.ndim == 2 and array.shape[0] == array.shape[1]:
            yield Trial(f"with {name} transposed", arrays={name: array.T})
    yield from kept_otherwise(side, images)
    for other in (*of_parameters(own), *of_inputs(inputs), *of_parameters(inputs)):
        yield Trial(other.words, arrays=other.arrays, after=other.after)
    if isinstance(side, Tensors):
        yield from exchanged(side.subject, reshapes)
    shapes = [each.new for other in (side, *others) for each in seen(other)[1]]
    for other in of_axes(own, inputs, list(dict.fromkeys(length for shape in shapes for length in shape))):
        yield Trial(other.words, arrays=other.arrays)


def seen(side: Side) -> Seen:
    """The epsilons beside roots that a function has, and its reshapes; none of one that cannot be looked into, as of NumPy."""
    epsilons, reshapes = Epsilons(), Reshapes()
    if not isinstance(side, Tensors):
        return [], []

    class Both:
        """Both rewrites, in one run; neither changes anything."""

        def __call__(self, name: str, operands: Sequence[Any], result: Any) -> Any:
            return epsilons(name, operands, reshapes(name, operands, result))

        def same(self, tensor: Any, other: Any) -> None:
            epsilons.same(tensor, other)

    subject, before = side.subject, side.subject._calling
    subject._calling = subject.backend.rewritten(before, Both)
    try:
        with suppress(UserError, BadCall):
            side.run(None, None, True)
    finally:
        subject._calling = before
    return epsilons.found, reshapes.found


def set_otherwise(sides: list[Side]) -> str:
    """Settings in which layers of one class differ, where no change of one alone explains it; empty if there are none."""
    if len(sides) < 2:
        return ""
    first, second = [{type(module).__name__: module for module in _modules(side)} for side in sides[:2]]
    said = []
    for kind, module in first.items():
        other = vars(second[kind]) if kind in second else {}
        for name, value in vars(module).items():
            plain = not name.startswith("_") and name not in UNSET and isinstance(value, (bool, int, float, str))
            if plain and name in other and other[name] != value and isinstance(other[name], (bool, int, float, str)):
                said.append(f"{name} of {kind} is {value!r} in {sides[0].name} and {other[name]!r} in {sides[1].name}")
    return (
        f"they are set otherwise: {'; '.join(said[:NAMED])}. No change of one setting alone is known to mend it" if said else ""
    )


def _named_alike(side: Side, others: Sequence[Side]) -> Iterator[Trial]:
    """Keywords of a function with the defaults that another one has under the same name."""
    own = _defaults(side)
    for keyword, value in ((keyword, value) for other in others for keyword, value in _defaults(other).items()):
        if keyword in own and type(own[keyword]) is type(value) and own[keyword] != value:
            words = f"with {keyword}={value!r}, in place of {own[keyword]!r},"
            yield Trial(words, keywords={keyword: value}, fine=is_fine(value))


def _set_otherwise(side: Side, modules: list[Any], theirs: list[Any], numbers: Sequence[float]) -> Iterator[Trial]:
    """Settings of modules and keywords of a function, with the values of others and with usual ones.

    numbers   that others write: a keyword may have been meant to be one
    """
    for (attribute, value), owners in _settings(modules).items():
        for other in dict.fromkeys([*(each for each in theirs if type(each) is type(value)), *usual(attribute)]):
            if other != value:
                said = f"with {attribute}={other!r} in {_kinds(owners)}, in place of {value!r},"
                yield Trial(said, tuple((owner, attribute, other) for owner in owners), fine=is_fine(other))
    for keyword, default in _keywords(side).items():
        alike = [each for each in (*theirs, *numbers) if _is_kind(each, default)]
        for other in dict.fromkeys([True, False] if isinstance(default, bool) else [*alike, *usual(keyword)]):
            if other != default:
                yield Trial(f"with {keyword}={other!r}, in place of {default!r},", keywords={keyword: other}, fine=is_fine(other))


def _kinds(modules: list[Any]) -> str:
    """The names of their classes."""
    return " and ".join(dict.fromkeys(type(module).__name__ for module in modules))


def _statistics(side: Side, modules: list[Any]) -> Iterator[Trial]:
    """Mean and variance of batch norms exchanged. PyTorch's modules look for theirs at the tensors that they have."""
    torch = side.framework == "torch"
    for mean, variance in STATISTICS:
        changes: list[tuple[Any, str, Any]] = []
        owners = []
        for module in modules:
            held = {**vars(module).get("_buffers", {}), **vars(module)}
            first, second = held.get(mean), held.get(variance)
            if first is not None and second is not None:
                owners.append(module)
                inside = [(first, "data", second.data), (second, "data", first.data)] if torch else []
                changes += inside or [(module, mean, second), (module, variance, first)]
        if changes:
            yield Trial(f"with {mean} and {variance} exchanged in {_kinds(owners)},", tuple(changes))


def _padded(modules: list[Any]) -> Iterator[Trial]:
    """PyTorch's convolutions with a stride, padded as "same" does in Keras and JAX where strides divide the size: more behind."""
    changes: list[tuple[Any, str, Any]] = []
    words: dict[str, None] = {}
    for module in modules:
        sides = getattr(module, "_reversed_padding_repeated_twice", None)
        if sides is None or not isinstance(module.padding, tuple) or module.transposed or module.padding_mode != "zeros":
            continue
        lengths = [d * (k - 1) + 1 for d, k in zip(module.dilation, module.kernel_size, strict=True)]
        totals = [max(length - stride, 0) for length, stride in zip(lengths, module.stride, strict=True)]
        same = [(total // 2, total - total // 2) for total in totals]
        before = [(padding, padding) for padding in module.padding]
        if max(module.stride) > 1 and same != before:
            turned = tuple(each for pair in reversed(same) for each in pair)
            changes += [(module, "padding_mode", "constant"), (module, "_reversed_padding_repeated_twice", turned)]
            words[f"{same} in {type(module).__name__}, in place of {before}"] = None
    if changes:
        yield Trial(f"with padding {' and '.join(words)},", tuple(changes))


def _columns(inputs: Mapping[str, Array]) -> Iterator[Trial]:
    """A row of numbers as a column, and a column as a row: (N, 1) and (N,) broadcast to (N, N)."""
    for name, array in inputs.items():
        if array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1):
            other = array[:, None] if array.ndim == 1 else array[:, 0]
            yield Trial(
                f"with {name} of shape {other.shape}, in place of {array.shape}, so that it broadcasts otherwise,",
                arrays={name: other},
            )


def _modules(side: Side) -> list[Any]:
    """Layers and modules that a function holds, and objects of the user's own classes."""
    things = [thing for thing in reached(side.function) if isinstance(getattr(thing, "__dict__", None), dict)]
    objects = [thing for thing in things if not isinstance(thing, (type, types.FunctionType))]
    return [thing for thing in objects if (origin(thing) == side.framework and callable(thing)) or not of_a_library(type(thing))]


def _settings(modules: list[Any]) -> dict[tuple[str, Any], list[Any]]:
    """Attribute and value -> the modules that have it, of the settings that frameworks choose otherwise."""
    found: dict[tuple[str, Any], list[Any]] = {}
    for module in modules:
        for attribute, value in vars(module).items():
            if any(_is_kind(value, usual) for usual in usual(attribute)):
                found.setdefault((attribute, value), []).append(module)
    return found


def _is_kind(value: Any, other: Any) -> bool:
    """Whether a value may stand where another one does, and a whole number where a float does: flax's LayerNorm(12) has
    an epsilon of 12.
    """
    return type(value) is type(other) or (type(value) is int and type(other) is float)


def _keywords(side: Side) -> dict[str, Any]:
    """Settings that a function takes by keyword and is not given, and their defaults: usual ones, and all that are floats."""
    settings = _defaults(side)
    return {name: value for name, value in settings.items() if name.startswith(tuple(USUAL)) or type(value) is float}


def _defaults(side: Side) -> dict[str, Any]:
    """What a function takes by keyword, is not given, and has defaults of."""
    settings = Called((None, ""), "", side.function).settings()
    return {name: value for name, value in settings.items() if name not in side.given and isinstance(value, (int, float, str))}
