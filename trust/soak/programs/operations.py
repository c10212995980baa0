"""What random programs are made of: the steps of everyday code, as text in four dialects.

NumPy is a dialect that every step has: it gives the shapes, and autograd (HIPS) differentiates it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Shape = tuple[int, ...]
Drawn = Mapping[str, Any]
Draw = Callable[[np.random.Generator, Sequence[Shape]], "Drawn | None"]
"""(random numbers, shapes of the operands) -> what the text leaves open; None where the step does not fit the shapes."""
DIALECTS = ("numpy", "torch", "tensorflow", "jax")
HEADS = {
    "numpy": "import autograd.numpy as np",
    "torch": "import torch",
    "tensorflow": "import tensorflow as tf",
    "jax": "import jax\nimport jax.numpy as jnp",
}
MODULES = {"numpy": "np", "torch": "torch", "tensorflow": "tf.math", "jax": "jnp"}


@dataclass(frozen=True)
class Operation:
    """A step.

    texts      dialect -> an expression of the operands a, b and of what is drawn
    operands   how many
    draw       what the text leaves open
    """

    texts: Mapping[str, str]
    operands: int = 1
    draw: Draw = lambda _rng, _shapes: {}


def _same(text: str, **others: str) -> dict[str, str]:
    """A text in all dialects: MODULE stands for theirs."""
    return {name: others.get(name, text.replace("MODULE", module)) for name, module in MODULES.items()}


def _reduced(named: Mapping[str, str], keep: str = "keepdims") -> dict[str, str]:
    """A function that goes along an axis."""
    words = {**dict.fromkeys(DIALECTS, "keepdims"), "torch": keep}
    return {name: f"{function}({{a}}, {{axis}}, {words[name]}={{keep}})" for name, function in named.items()}


def _along(named: Mapping[str, str]) -> dict[str, str]:
    return {name: f"{function}({{a}}, {{axis}})" for name, function in named.items()}


def axis(rng: np.random.Generator, shapes: Sequence[Shape]) -> Drawn | None:
    """One of its axes."""
    count = len(shapes[0])
    return {"axis": int(rng.integers(-count, count)), "keep": bool(rng.integers(2))} if count else None


def constant(rng: np.random.Generator, _: Sequence[Shape]) -> Drawn:
    """A number of two digits."""
    return {"c": float(np.round(rng.uniform(0.1, 3), 1)), "k": int(rng.integers(2, 5))}


def broadcast(_: np.random.Generator, shapes: Sequence[Shape]) -> Drawn | None:
    """Nothing, where the operands can be taken together."""
    try:
        size = np.prod(np.broadcast_shapes(*shapes))
    except ValueError:
        return None
    return {} if size <= 64 else None


def joined(rng: np.random.Generator, shapes: Sequence[Shape]) -> Drawn | None:
    """An axis along which two arrays of one shape are put together."""
    found = axis(rng, shapes)
    return found if found and shapes[0] == shapes[1] and np.prod(shapes[0]) <= 32 else None


def inner(_: np.random.Generator, shapes: Sequence[Shape]) -> Drawn | None:
    """Nothing, where the last axes are equally long and both are matrices."""
    one, other = shapes
    return {} if len(one) == len(other) == 2 and one[-1] == other[-1] else None


def matrix(_: np.random.Generator, shapes: Sequence[Shape]) -> Drawn | None:
    """Nothing, for matrices."""
    return {} if len(shapes[0]) == 2 else None


def triangle(_: np.random.Generator, shapes: Sequence[Shape]) -> Drawn | None:
    """Ones in the lower triangle of a matrix, as lists: autograd has no derivative of tril."""
    return {"lower": np.tri(*shapes[0], dtype=int).tolist()} if len(shapes[0]) == 2 else None


def order(rng: np.random.Generator, shapes: Sequence[Shape]) -> Drawn | None:
    """Another order of the axes."""
    count = len(shapes[0])
    return {"order": tuple(map(int, rng.permutation(count)))} if count > 1 else None


def part(rng: np.random.Generator, shapes: Sequence[Shape]) -> Drawn | None:
    """A part along the first axis, or the last."""
    if not shapes[0] or min(shapes[0]) < 2:
        return None
    index = rng.choice(["1:", ":-1", "::2", "0", "-1", "..., 1:", "..., ::-1", "..., 0", "..., None"])
    return {"index": str(index), "flipped": "::-1" in index}


def picked(rng: np.random.Generator, shapes: Sequence[Shape]) -> Drawn | None:
    """Rows, some of them twice."""
    if not shapes[0]:
        return None
    return {"rows": [int(row) for row in rng.integers(0, shapes[0][0], size=3)]} if np.prod(shapes[0]) <= 32 else None


def shape(rng: np.random.Generator, shapes: Sequence[Shape]) -> Drawn | None:
    """Another shape of as many numbers."""
    size = int(np.prod(shapes[0]))
    if size < 2:
        return None
    rows = int(rng.choice([each for each in range(1, size + 1) if size % each == 0]))
    return {"shape": (rows, size // rows)}


def shift(rng: np.random.Generator, shapes: Sequence[Shape]) -> Drawn | None:
    """How far to roll, and along which axis."""
    found = axis(rng, shapes)
    return {**found, "by": int(rng.integers(1, 3))} if found else None


OPERATIONS: dict[str, Operation] = {
    **{name: Operation(_same(f"MODULE.{name}({{a}})")) for name in ("tanh", "sin", "cos", "exp", "square", "sinh", "cosh")},
    "abs": Operation(_same("MODULE.abs({a})")),
    "log": Operation(_same("MODULE.log({a})")),
    "sqrt": Operation(_same("MODULE.sqrt({a})")),
    "log1p": Operation(_same("MODULE.log1p({a} * {a})")),
    "expm1": Operation(_same("MODULE.expm1({a})")),
    "arctan": Operation(_same("MODULE.arctan({a})", tensorflow="tf.math.atan({a})")),
    "safe log": Operation(_same("MODULE.log(MODULE.abs({a}) + {c})"), draw=constant),
    "safe sqrt": Operation(_same("MODULE.sqrt({a} ** 2 + {c})"), draw=constant),
    "reciprocal": Operation(_same("1 / (1 + MODULE.exp(-{a}))")),
    "sigmoid": Operation(
        {
            "numpy": "1 / (1 + np.exp(-{a}))",
            "torch": "torch.sigmoid({a})",
            "tensorflow": "tf.sigmoid({a})",
            "jax": "jax.nn.sigmoid({a})",
        }
    ),
    "softplus": Operation(
        {
            "numpy": "np.logaddexp({a}, 0.0)",
            "torch": "torch.nn.functional.softplus({a})",
            "tensorflow": "tf.nn.softplus({a})",
            "jax": "jax.nn.softplus({a})",
        }
    ),
    "relu": Operation(_same("MODULE.maximum({a}, 0)", torch="torch.relu({a})", jax="jax.nn.relu({a})")),
    "clip": Operation(
        {
            "numpy": "np.clip({a}, -{c}, {c})",
            "torch": "torch.clamp({a}, -{c}, {c})",
            "tensorflow": "tf.clip_by_value({a}, -{c}, {c})",
            "jax": "jnp.clip({a}, -{c}, {c})",
        },
        draw=constant,
    ),
    "scaled": Operation(dict.fromkeys(DIALECTS, "{c} * {a}"), draw=constant),
    "shifted": Operation(dict.fromkeys(DIALECTS, "{a} - {c}"), draw=constant),
    "power": Operation(dict.fromkeys(DIALECTS, "{a} ** {k}"), draw=constant),
    "real power": Operation(_same("(MODULE.abs({a}) + 1) ** {c}"), draw=constant),
    "inverse": Operation(dict.fromkeys(DIALECTS, "1 / {a}")),
    **{
        sign: Operation(dict.fromkeys(DIALECTS, f"{{a}} {sign} {{b}}"), operands=2, draw=broadcast)
        for sign in ("+", "-", "*", "/")
    },
    "safe division": Operation(dict.fromkeys(DIALECTS, "{a} / (1 + {b} * {b})"), operands=2, draw=broadcast),
    "maximum": Operation(_same("MODULE.maximum({a}, {b})"), operands=2, draw=broadcast),
    "minimum": Operation(_same("MODULE.minimum({a}, {b})"), operands=2, draw=broadcast),
    "where": Operation(
        _same(
            "MODULE.where({a} > 0.13, {a}, {c} * {b})",
            numpy="({a} > 0.13) * {a} + ({a} <= 0.13) * {c} * {b}",  # autograd's rule of where does not broadcast
            tensorflow="tf.where({a} > 0.13, {a}, {c} * {b})",
        ),
        operands=2,
        draw=lambda rng, shapes: None if broadcast(rng, shapes) is None else constant(rng, shapes),
    ),
    "arctan2": Operation(_same("MODULE.arctan2({a}, {b})", tensorflow="tf.math.atan2({a}, {b})"), operands=2, draw=broadcast),
    "hypot": Operation(_same("MODULE.sqrt({a} * {a} + {b} * {b})"), operands=2, draw=broadcast),
    "logaddexp": Operation(
        {
            "numpy": "np.log(np.exp({a}) + np.exp({b}))",  # autograd's rule of logaddexp does not broadcast
            "torch": "torch.logaddexp({a}, {b})",
            "tensorflow": "tf.nn.softplus({a} - {b}) + {b}",
            "jax": "jnp.logaddexp({a}, {b})",
        },
        operands=2,
        draw=broadcast,
    ),
    **{
        name: Operation(
            _reduced(
                {"numpy": f"np.{name}", "torch": f"torch.{name}", "tensorflow": f"tf.reduce_{name}", "jax": f"jnp.{name}"},
                keep="keepdim",
            ),
            draw=axis,
        )
        for name in ("sum", "mean")
    },
    **{
        name: Operation(
            _reduced(
                {"numpy": f"np.{name}", "torch": f"torch.a{name}", "tensorflow": f"tf.reduce_{name}", "jax": f"jnp.{name}"},
                keep="keepdim",
            ),
            draw=axis,
        )
        for name in ("max", "min")
    },
    "prod": Operation(
        {
            "numpy": "np.prod({a}, {axis})",
            "torch": "torch.prod({a}, {axis})",
            "tensorflow": "tf.reduce_prod({a}, {axis})",
            "jax": "jnp.prod({a}, {axis})",
        },
        draw=axis,
    ),
    "variance": Operation(
        {
            "numpy": "np.var({a}, {axis}, keepdims={keep})",
            "torch": "torch.var({a}, {axis}, correction=0, keepdim={keep})",
            "tensorflow": "tf.math.reduce_variance({a}, {axis}, keepdims={keep})",
            "jax": "jnp.var({a}, {axis}, keepdims={keep})",
        },
        draw=axis,
    ),
    "standardised": Operation(
        {
            "numpy": "({a} - np.mean({a}, {axis}, keepdims=True)) / np.sqrt(np.var({a}, {axis}, keepdims=True) + 1e-3)",
            "torch": "({a} - {a}.mean({axis}, keepdim=True)) / torch.sqrt({a}.var({axis}, correction=0, keepdim=True) + 1e-3)",
            "tensorflow": "({a} - tf.reduce_mean({a}, {axis}, keepdims=True)) "
            "* tf.math.rsqrt(tf.math.reduce_variance({a}, {axis}, keepdims=True) + 1e-3)",
            "jax": "({a} - {a}.mean({axis}, keepdims=True)) * jax.lax.rsqrt({a}.var({axis}, keepdims=True) + 1e-3)",
        },
        draw=axis,
    ),
    "norm": Operation(
        {
            "numpy": "np.sqrt(np.sum({a} ** 2, {axis}, keepdims={keep}))",
            "torch": "torch.linalg.vector_norm({a}, 2, {axis}, keepdim={keep})",
            "tensorflow": "tf.norm({a}, axis={axis}, keepdims={keep})",
            "jax": "jnp.linalg.norm({a}, axis={axis}, keepdims={keep})",
        },
        draw=axis,
    ),
    "logsumexp": Operation(
        {
            "numpy": "np.log(np.sum(np.exp({a}), {axis}, keepdims={keep}))",
            "torch": "torch.logsumexp({a}, {axis}, keepdim={keep})",
            "tensorflow": "tf.reduce_logsumexp({a}, {axis}, keepdims={keep})",
            "jax": "jax.nn.logsumexp({a}, {axis}, keepdims={keep})",
        },
        draw=axis,
    ),
    "softmax": Operation(
        {
            "numpy": "np.exp({a}) / np.sum(np.exp({a}), {axis}, keepdims=True)",
            "torch": "torch.softmax({a}, {axis})",
            "tensorflow": "tf.nn.softmax({a}, {axis})",
            "jax": "jax.nn.softmax({a}, {axis})",
        },
        draw=axis,
    ),
    "log_softmax": Operation(
        {
            "numpy": "{a} - np.log(np.sum(np.exp({a}), {axis}, keepdims=True))",
            "torch": "torch.log_softmax({a}, {axis})",
            "tensorflow": "tf.nn.log_softmax({a}, {axis})",
            "jax": "jax.nn.log_softmax({a}, {axis})",
        },
        draw=axis,
    ),
    "cumsum": Operation(_along({**{n: f"{m}.cumsum" for n, m in MODULES.items()}}), draw=axis),
    "sort": Operation(
        {
            "numpy": "np.sort({a})",
            "torch": "torch.sort({a}).values",
            "tensorflow": "tf.sort({a})",
            "jax": "jnp.sort({a})",
        },
        draw=lambda _, shapes: {} if len(shapes[0]) == 1 else None,
    ),
    "joined": Operation(
        {
            "numpy": "np.concatenate([{a}, {b}], {axis})",
            "torch": "torch.cat([{a}, {b}], {axis})",
            "tensorflow": "tf.concat([{a}, {b}], {axis})",
            "jax": "jnp.concatenate([{a}, {b}], {axis})",
        },
        operands=2,
        draw=joined,
    ),
    "product": Operation(
        {
            "numpy": "{a} @ {b}.T",
            "torch": "{a} @ {b}.T",
            "tensorflow": "tf.matmul({a}, {b}, transpose_b=True)",
            "jax": "{a} @ {b}.T",
        },
        operands=2,
        draw=inner,
    ),
    "gram": Operation(
        {
            "numpy": "np.einsum('ni,nj->ij', {a}, {a})",
            "torch": "torch.einsum('ni,nj->ij', {a}, {a})",
            "tensorflow": "tf.einsum('ni,nj->ij', {a}, {a})",
            "jax": "jnp.einsum('ni,nj->ij', {a}, {a})",
        },
        draw=matrix,
    ),
    "transposed": Operation(
        {
            "numpy": "np.transpose({a}, {order})",
            "torch": "{a}.permute({order})",
            "tensorflow": "tf.transpose({a}, {order})",
            "jax": "jnp.transpose({a}, {order})",
        },
        draw=order,
    ),
    "reshaped": Operation(
        {
            "numpy": "np.reshape({a}, {shape})",
            "torch": "{a}.reshape({shape})",
            "tensorflow": "tf.reshape({a}, {shape})",
            "jax": "jnp.reshape({a}, {shape})",
        },
        draw=shape,
    ),
    "part": Operation(
        {**dict.fromkeys(DIALECTS, "{a}[{index}]")},
        draw=lambda rng, shapes: None if (found := part(rng, shapes)) is None or found["flipped"] else found,
    ),
    "rows": Operation(
        {
            "numpy": "{a}[np.array({rows})]",
            "torch": "{a}[torch.tensor({rows})]",
            "tensorflow": "tf.gather({a}, {rows})",
            "jax": "{a}[jnp.array({rows})]",
        },
        draw=picked,
    ),
    "rolled": Operation(
        {
            "numpy": "np.roll({a}, {by}, {axis})",
            "torch": "torch.roll({a}, {by}, {axis})",
            "tensorflow": "tf.roll({a}, {by}, {axis})",
            "jax": "jnp.roll({a}, {by}, {axis})",
        },
        draw=shift,
    ),
    "lower": Operation(
        {
            "numpy": "{a} * np.array({lower})",
            "torch": "torch.tril({a})",
            "tensorflow": "tf.linalg.band_part({a}, -1, 0)",
            "jax": "jnp.tril({a})",
        },
        draw=triangle,
    ),
}
