"""Attention: the ValueErrors for invalid arguments."""

from typing import Any

import numpy as np

from reference import OPS
from tests.reference.bad_input import Row, ones


def _attention(*shapes: tuple[int, ...], **static: Any) -> Any:
    return OPS["scaled_dot_product_attention"].forward(*(ones(*shape) for shape in shapes), **static)


def _heads(query: tuple[int, ...] = (2, 3, 4), memory: tuple[int, ...] = (2, 5, 4), width: int = 4, **static: Any) -> Any:
    parameters = (ones(width, width), ones(width)) * 4
    return OPS["multi_head_attention"].forward(ones(*query), ones(*memory), ones(*memory), *parameters, **static)


_SHAPES = ((2, 3, 4), (2, 5, 4), (2, 5, 6))

BAD: list[Row] = [
    (
        "scaled_dot_product_attention",
        lambda: _attention((4,), (5, 4), (5, 4)),
        r"query is of shape \(4,\); wanted \(\.\.\., L, E\)",
    ),
    (
        "scaled_dot_product_attention",
        lambda: _attention((2, 3, 4), (2, 5, 3), (2, 5, 3)),
        r"key is of shape \(2, 5, 3\); wanted \(2, 'S', 4\)",
    ),
    (
        "scaled_dot_product_attention",
        lambda: _attention((2, 3, 4), (2, 0, 4), (2, 0, 4)),
        r"key is of shape \(2, 0, 4\); wanted \(2, 'S', 4\) with S >= 1",
    ),
    (
        "scaled_dot_product_attention",
        lambda: _attention((2, 3, 4), (2, 5, 4), (2, 6, 4)),
        r"value is of shape \(2, 6, 4\); wanted \(2, 5, 'V'\)",
    ),
    (
        "scaled_dot_product_attention",
        lambda: _attention(*_SHAPES, mask=np.ones((4, 5), bool)),
        r"mask is of shape \(4, 5\); wanted a shape that broadcasts to \(2, 3, 5\)",
    ),
    (
        "scaled_dot_product_attention",
        lambda: _attention(*_SHAPES, mask=np.zeros((3, 5))),
        "mask is of dtype float64; wanted an array of bool, True where a query attends",
    ),
    (
        "scaled_dot_product_attention",
        lambda: _attention(*_SHAPES, mask=[[True] * 5] * 3),
        "mask is a list; wanted an array of bool",
    ),
    (
        "scaled_dot_product_attention",
        lambda: _attention(*_SHAPES, mask=np.arange(3)[:, None] * np.ones(5) > 0),
        "mask is hiding every key from 1 queries; wanted at least one key for each query",
    ),
    (
        "scaled_dot_product_attention",
        lambda: _attention(*_SHAPES, mask=np.tri(3, 5, -1, dtype=bool) | (np.arange(5) > 2), causal=True),
        "mask is hiding every key from 1 queries",
    ),
    ("multi_head_attention", lambda: _heads(heads=3), "heads is 3; wanted a divisor of 4"),
    ("multi_head_attention", lambda: _heads(heads=0), "heads is 0; wanted a divisor of 4"),
    ("multi_head_attention", lambda: _heads((2, 4), heads=2), r"query is of shape \(2, 4\); wanted \(N, L, D\)"),
    ("multi_head_attention", lambda: _heads(memory=(3, 5, 4), heads=2), r"key is of shape \(3, 5, 4\); wanted \(2, S, 4\)"),
    ("multi_head_attention", lambda: _heads(width=6, heads=2), r"query_weight is of shape \(6, 6\); wanted \(4, 4\)"),
    (
        "multi_head_attention",
        lambda: _heads(heads=2, mask=np.ones((2, 2, 3, 5), bool)),
        r"mask is of shape \(2, 2, 3, 5\); wanted a shape that broadcasts to \(2, 3, 5\)",
    ),
    ("multi_head_attention", lambda: _heads(heads=2, mask=np.zeros((3, 5), bool)), "mask is hiding every key from 3 queries"),
]
