"""Arrays and tensors that a function names, as code."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradwitness.subjects.tensors.origins import origin

MOST = 256
"""Elements of one that is written down: a larger one makes no script that somebody reads."""
MAKERS = {
    "torch": "torch.tensor({}, dtype=torch.{})",
    "tensorflow": "tf.constant({}, {!r})",
    "jax": "jnp.asarray({}, {!r})",
    "numpy": "np.array({}, {!r})",
}


def written(value: Any, wide: bool) -> str:
    """An array or a tensor as code; empty for what is none, or has too many elements.

    wide   whether floats are written in float64, in which the script runs
    """
    framework = "numpy" if isinstance(value, np.ndarray) else origin(value)
    if framework not in MAKERS or not (hasattr(value, "dtype") and hasattr(value, "shape")):
        return ""  # modules of flax.linen have a dtype
    if getattr(value, "requires_grad", False) or np.prod(value.shape) > MOST:
        return ""
    dtype = str(value.dtype.name if hasattr(value.dtype, "name") else value.dtype).removeprefix("torch.")
    if dtype in ("bfloat16", "float16", "float32") and wide:
        dtype = "float64"
    if not dtype.startswith(("float", "bfloat", "int", "uint", "bool")):
        return ""
    values = value.tolist() if hasattr(value, "tolist") else np.asarray(value).tolist()
    if not np.all(np.isfinite(values)):
        return ""
    return MAKERS[framework].format(values, dtype)
