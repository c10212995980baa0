"""Gradient clipping: a bound on the size of one step, as pure functions of a dict of gradients.

    by value         grad <- min(max(grad, -limit), limit), for each element: the direction changes
    by norm          grad <- grad * min(1, limit / (|grad| + eps)), for each tensor
    by global norm   the same with one norm for all tensors, |all|^2 = sum |grad|^2: the direction of the step does not change

The loss surface of a recurrent network has walls. Next to a wall the gradient is huge, but its direction is right, so it is made
shorter. A gradient whose norm, plus eps, is below the limit stays as it is.

Shapes: each gradient (...) gives a clipped gradient of the same shape.

Source: Mikolov, "Statistical language models based on neural networks", 2012 (by value); Pascanu, Mikolov and Bengio, "On the
difficulty of training recurrent neural networks", 2013 (by norm).

Frameworks: torch.nn.utils.clip_grad_norm_ divides by norm + 1e-6. A clipped gradient is therefore a little shorter than the
limit, and a gradient just below the limit is clipped as well. Keras (clipvalue, clipnorm, global_clipnorm) and optax (clip,
clip_by_block_rms, clip_by_global_norm) have no eps.
"""

from collections.abc import Mapping

import numpy as np

from .case import Array, invalid, require_floats

Grads = dict[str, Array]


def clip_by_value(grads: Mapping[str, Array], *, limit: float) -> Grads:
    """Clip each element to [-limit, limit].

    Raises ValueError for gradients that are not floats, or a limit that is not positive.
    """
    _check("clip_by_value", grads, limit, 0.0)
    return {name: np.clip(grad, -limit, limit) for name, grad in grads.items()}


def clip_by_norm(grads: Mapping[str, Array], *, limit: float, eps: float = 0.0) -> Grads:
    """Scale each tensor to a norm of at most limit.

    Raises ValueError for gradients that are not floats, a limit that is not positive or a negative eps.
    """
    _check("clip_by_norm", grads, limit, eps)
    return {name: _scaled(grad, np.sqrt((grad * grad).sum()), limit, eps) for name, grad in grads.items()}


def clip_by_global_norm(grads: Mapping[str, Array], *, limit: float, eps: float = 0.0) -> Grads:
    """Scale all tensors by one factor, so that their joint norm is at most limit.

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
        raise invalid(op, "limit", limit, "limit > 0")
    if not eps >= 0:
        raise invalid(op, "eps", eps, "eps >= 0")


CLIPPING = {
    "clip_by_value": clip_by_value,
    "clip_by_norm": clip_by_norm,
    "clip_by_global_norm": clip_by_global_norm,
}
