"""One change of one of the functions that are compared, and the values that settings usually have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gradwitness.arrays import Array

USUAL: Mapping[str, tuple[Any, ...]] = {
    "eps": (1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-12),
    "negative_slope": (0.01, 0.1, 0.2, 0.3),
    "alpha": (0.01, 0.1, 0.2, 0.3, 1.0),
    "approximate": ("none", "tanh"),
    "align_corners": (True, False, None),
    "antialias": (True, False),
    "count_include_pad": (True, False),
    "norm_first": (True, False),
    "label_smoothing": (0.0, 0.1),
    "momentum": (0.1, 0.9, 0.01, 0.99),
    "weight_decay": (0.0, 0.004, 0.01),
    "decoupled_weight_decay": (True, False),
    "nesterov": (True, False),
    "rho": (0.9, 0.99),
    "num_groups": (1, 2, 4, 8, 16, 32),
    "scale": (1.0, None),
    "from_logits": (True, False),
    "is_causal": (True, False),
    "ceil_mode": (True, False),
    "batch_first": (True, False),
    "training": (True, False),
    "dim": (-1, 0, 1, 2),
    "reduction": ("mean", "sum", "sum_over_batch_size", "mean_with_sample_weight"),
}
"""Settings, by how their names begin, and the values that frameworks give them unasked, or that ports give them."""


@dataclass(frozen=True)
class Trial:
    """One change of one function.

    words      "with eps=0.001 in LayerNorm"
    changes    objects, the names of attributes, and their values; or dicts, keys and values
    keywords   what the function is given by keyword as well
    arrays     other values of inputs and parameters
    after      what is done to what it returns
    """

    words: str
    changes: tuple[tuple[Any, str, Any], ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Array] | None = None
    after: Callable[[Array], Array] | None = None


def usual(name: str) -> tuple[Any, ...]:
    """The values that a setting usually has."""
    return next((values for start, values in USUAL.items() if name.lower().startswith(start)), ())
