"""The reference's optimizers in optax."""

from __future__ import annotations

import optax


def sgd(*, lr: float) -> optax.GradientTransformation:
    return optax.sgd(lr)
