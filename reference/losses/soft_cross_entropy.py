"""Cross entropy of logits with a distribution over the classes, such as soft labels, mixed labels or those of a teacher.

    log p_nc = x_nc - log sum_k exp(x_nk)
    l_n      = -sum_c t_nc log p_nc,  reduced;  the mean divides by N

Derivation.  dlog p_c/dx_j = [c = j] - p_j, and l is linear in t:

    dx_nj = dl_n * (p_nj * sum_c t_nc - t_nj)          dtarget_nc = -dl_n * log p_nc

If the target sums to 1, the first is the well-known p - t. With mixed labels, a class weight as a factor, or a row of zeros that
masks a sample, it does not sum to 1, and p - t is wrong. The fused op of TensorFlow returns p - t all the same. PyTorch, optax
and TensorFlow's deterministic form return the derivative. All of them differentiate the target, and so does this op.

A class with a logit of -inf adds nothing to the loss where its target is 0 (0 log 0 = 0, by continuity), and the slope
of the loss with respect to that target is infinite. Written as a product the loss is nan there.

Shapes: x, target (N, C); L () or, unreduced, (N,).
Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.2.2.3; Hinton, Vinyals and Dean, "Distilling the
knowledge in a neural network", 2015.
"""

import numpy as np

from ..case import Array, Case, Inputs, invalid
from ..domain import Arguments, Pick
from .arguments import class_labels, require_like
from .reduction import REDUCTIONS, Reduction, reduce, spread

Cache = tuple[Array, Array, Array, Array, Reduction]


def forward(x: Array, target: Array, /, *, reduction: Reduction = "mean") -> tuple[Array, Cache]:
    """L = reduce(-sum_c target_c log softmax(x)_c). x, target (N, C) -> L () or (N,).

    Raises ValueError where dtypes or shapes do not fit.
    """
    name = "soft_cross_entropy"
    require_like(name, x=x, target=target)
    if not (x.ndim == 2 and x.shape[1] > 0):
        raise invalid(name, "x", f"of shape {x.shape}", "(N, C) with C >= 1")
    shifted = x - x.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    log_p = shifted - np.log(total)
    losses = -(target * np.where(target == 0, 0, log_p)).sum(axis=1)
    return reduce(losses, reduction, name), (e / total, log_p, target, losses, reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array]:
    """dout () or (N,) -> dx, dtarget (N, C)."""
    p, log_p, target, losses, reduction = cache
    dl = spread(dout, losses, reduction)[:, None]
    return dl * (p * target.sum(axis=1, keepdims=True) - target), -dl * log_p


def _inputs(n: int, classes: int) -> Inputs:
    return lambda rng: (2 * rng.normal(size=(n, classes)), rng.dirichlet(np.ones(classes), size=n))


def _one_hot(rng: np.random.Generator) -> tuple[Array, Array]:
    return 2 * rng.normal(size=(4, 5)), np.eye(5)[class_labels(4, 5)]


def _not_summing_to_1(rng: np.random.Generator) -> tuple[Array, Array]:
    return 2 * rng.normal(size=(4, 5)), np.array([[0.5], [2.0], [0.0], [1.0]]) * rng.dirichlet(np.ones(5), size=4)


def _class_ruled_out(rng: np.random.Generator) -> tuple[Array, Array]:
    x, target = 2 * rng.normal(size=(4, 5)), rng.dirichlet(np.ones(4), size=4)
    x[:, 2] = -np.inf
    return x, np.insert(target, 2, 0, axis=1)


def _rows_apart(rng: np.random.Generator) -> tuple[Array, Array]:
    return 2e4 * np.array([[1.0], [-1.0], [0.0]]) + rng.normal(size=(3, 5)), rng.dirichlet(np.ones(5), size=3)


CASES = [
    Case("generic", _inputs(4, 5)),
    Case("two_classes", _inputs(1, 2)),
    Case("one_class", _inputs(3, 1), zero=("x", "target")),
    Case("odd_sum", _inputs(7, 3), {"reduction": "sum"}),
    Case("none", _inputs(4, 5), {"reduction": "none"}),
    Case("large", _inputs(64, 65)),
    Case("one_hot", _one_hot),
    Case("confident", lambda rng: (60 * np.eye(4, 5) + rng.normal(size=(4, 5)), rng.dirichlet(np.ones(5), size=4))),
    Case("not_summing_to_1", _not_summing_to_1),
    Case("class_ruled_out", _class_ruled_out),
    Case("rows_apart", _rows_apart),
]


def domain(pick: Pick) -> Arguments:
    n, classes = pick.size(), pick.size(2, 4)
    return (pick.floats(n, classes), pick.floats(n, classes, low=0, high=1)), {"reduction": pick.one_of(*REDUCTIONS)}
