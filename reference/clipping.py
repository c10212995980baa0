"""Gradient clipping: a bound on what one step may be moved by, as pure functions of a dict of gradients.

    by value         grad <- min(max(grad, -limit), limit), each element for itself: the direction changes
    by norm          grad <- grad * min(1, limit / (|grad| + eps)), each tensor for itself
    by global norm   the same with one norm for all tensors, |all|^2 = sum |grad|^2: the direction of the whole step stays

A loss surface of a recurrent network has walls: next to one the gradient is huge and its direction still right, so it is
made shorter and not thrown away. Of a gradient below the limit nothing is changed, but for eps.

Shapes: every gradient (...), and its clipped one the same. Source: Mikolov, "Statistical language models based on neural
networks", 2012 (by value); Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013
(by norm).

Frameworks: torch.nn.utils.clip_grad_norm_ divides by norm + 1e-6, so that what is clipped falls short of the limit, and a
gradient just below it is clipped as well; Keras (clipvalue, clipnorm, global_clipnorm) and optax (clip,
clip_by_block_rms, clip_by_global_norm) have no eps.
"""

from collections.abc import Mapping

import numpy as np

from .case import Array, refused, require_floats

Grads = dict[str, Array]


def clip_by_value(grads: Mapping[str, Array], *, limit: float) -> Grads:
    """Each element into [-limit, limit]. Raises ValueError for gradients that are not floats or a limit that is not positive."""
    _check("clip_by_value", grads, limit, 0.0)
    return {name: np.clip(grad, -limit, limit) for name, grad in grads.items()}


def clip_by_norm(grads: Mapping[str, Array], *, limit: float, eps: float = 0.0) -> Grads:
    """Each tensor to a norm of at most limit.

    Raises ValueError for gradients that are not floats, a limit that is not positive or a negative eps.
    """
    _check("clip_by_norm", grads, limit, eps)
    return {name: _scaled(grad, np.sqrt((grad * grad).sum()), limit, eps) for name, grad in grads.items()}


def clip_by_global_norm(grads: Mapping[str, Array], *, limit: float, eps: float = 0.0) -> Grads:
    """All tensors, by one factor, to a norm of at most limit together.

    Raises ValueError for gradients that are not floats, a limit that is not positive or a negative eps.
    """
    _check("clip_by_global_norm", grads, limit, eps)
    square = sum((grad * grad).sum() for grad in grads.values())
    return {name: _scaled(grad, np.sqrt(square), limit, eps) for name, grad in grads.items()}


def _scaled(grad: Array, norm: Array, limit: float, eps: float) -> Array:
    if norm + eps <= limit:
        return +grad
    return grad * (limit / (norm + eps))


def _check(op: str, grads: Mapping[str, Array], limit: float, eps: float) -> None:
    require_floats(op, **grads)
    if not limit > 0:
        raise refused(op, "limit", limit, "limit > 0")
    if not eps >= 0:
        raise refused(op, "eps", eps, "eps >= 0")


CLIPPING = {
    "clip_by_value": clip_by_value,
    "clip_by_norm": clip_by_norm,
    "clip_by_global_norm": clip_by_global_norm,
}
