"""Triplet margin loss: the anchor should be nearer to the positive than to the negative, by the margin.

    d(a, b) = (sum_i |a_i - b_i + eps|^p)^(1/p)
    l_n = max(0, d(anchor, positive) - d(anchor, negative) + margin),  reduced
    with swap, the negative's distance is the smaller of d(anchor, negative) and d(positive, negative)

Derivation.  With u = a - b + eps,

    dd/du_i = sign(u_i) (|u_i| / d)^(p - 1)             du/da = 1, du/db = -1

A triplet inside its margin passes +dl to the first distance and -dl to the second. The norm has a kink at u = 0, where its
one-sided derivatives are -1 and 1: we take 0, as PyTorch does. eps moves that kink away from a = b. It is the reason why d(a, b)
and d(b, a) differ a little. The maximum has a kink where the margin is exactly kept (we take 0), the swap where its two distances
are equal (we take the anchor's); with p = 1 every u_i = 0 is a kink.

Shapes: anchor, positive, negative (N, D); L () or, unreduced, (N,).
Source: Balntas et al., "Learning local feature descriptors with triplets and shallow convolutional neural networks",
BMVC 2016; eps is PyTorch's, optax adds its own to the sum of powers.
"""

import numpy as np

from ..case import Array, Case, Inputs, invalid
from ..domain import GRAIN, Arguments, Pick
from .arguments import require_like
from .reduction import REDUCTIONS, Reduction, reduce, spread

Cache = tuple[Array, tuple[Array, Array, Array], Reduction]


def forward(
    anchor: Array,
    positive: Array,
    negative: Array,
    /,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: Reduction = "mean",
) -> tuple[Array, Cache]:
    """L = reduce(max(0, d(anchor, positive) - d(anchor, negative) + margin)). Three times (N, D) -> L () or (N,).

    Raises ValueError where the dtypes or shapes do not fit, or p < 1, for which d is no norm.
    """
    name = "triplet_margin"
    require_like(name, anchor=anchor, positive=positive, negative=negative)
    if anchor.ndim != 2:
        raise invalid(name, "anchor", f"of shape {anchor.shape}", "(N, D)")
    if not 1 <= p < np.inf:
        raise invalid(name, "p", p, "1 <= p < inf")
    near, dnear = _distance(anchor - positive + eps, p)
    far, dfar = _distance(anchor - negative + eps, p)
    dacross = np.zeros_like(dfar)
    if swap:
        across, dacross = _distance(positive - negative + eps, p)
        swapped = across < far
        far = np.where(swapped, across, far)
        dfar, dacross = np.where(swapped[:, None], 0, dfar), np.where(swapped[:, None], dacross, 0)
    losses = np.maximum(near - far + margin, 0)
    inside = (losses > 0)[:, None]
    return reduce(losses, reduction, name), (losses, (dnear * inside, dfar * inside, dacross * inside), reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """dout () or (N,) -> danchor, dpositive, dnegative (N, D)."""
    losses, (dnear, dfar, dacross), reduction = cache
    dl = spread(dout, losses, reduction)[:, None]
    return dl * (dnear - dfar), -dl * (dnear + dacross), dl * (dfar + dacross)


def _distance(u: Array, p: float) -> tuple[Array, Array]:
    """The p-norm of each row, and its gradient; u (N, D) -> d (N,), dd/du (N, D)."""
    size = np.abs(u)
    total = (size**p).sum(axis=1)
    d = np.sqrt(total) if p == 2 else total ** (1 / np.asarray(p, dtype=u.dtype))
    share = size / np.where(d > 0, d, 1)[:, None]
    return d, np.sign(u) * share ** (p - 1)


def _triplets(n: int, d: int, margin: float = 1.0, p: float = 2.0, eps: float = 0.0) -> Inputs:
    """Normal triplets. Those that keep or miss their margin by little, or whose negative is about as far from both others, are
    drawn again.
    """

    def inputs(rng: np.random.Generator) -> tuple[Array, ...]:
        anchor, positive, negative = (rng.normal(size=(n, d)) for _ in range(3))
        while (near := _near_a_kink(anchor + eps, positive, negative, margin, p)).any():
            anchor[near], positive[near], negative[near] = rng.normal(size=(3, near.sum(), d))
        return anchor, positive, negative

    return inputs


def _near_a_kink(anchor: Array, positive: Array, negative: Array, margin: float, p: float) -> Array:
    """For each row, whether the loss or the choice of a distance has its kink within 0.05."""
    near, far, across = (_distance(u, p)[0] for u in (anchor - positive, anchor - negative, positive - negative))
    gaps = np.stack([near - far + margin, near - across + margin, across - far])
    return np.asarray((np.abs(gaps) < 0.05).any(axis=0))


def _met_and_violated(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Two triplets that keep their margin, and two that do not."""
    anchor, near, far = rng.normal(size=(3, 4, 5))
    return anchor, anchor + np.array([[0.4], [0.4], [2], [3]]) * near, anchor + np.array([[4], [3], [0.4], [0.5]]) * far


_ANCHOR = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
_POSITIVE = np.array([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0]])


def _nearer_to_positive(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Negatives; every second one is nearer to the positive than to the anchor."""
    anchor, positive, difference = rng.normal(size=(3, 6, 4))
    return anchor, positive, np.where(np.arange(6)[:, None] % 2 == 0, positive, anchor) + 0.25 * difference


def _some_met(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Every second negative is far away, so that its triplet keeps the margin. The others are near, and most violate it."""
    anchor, near, far = rng.normal(size=(3, 6, 4))
    push = np.where(np.arange(6)[:, None] % 2 == 0, 16 * np.sign(far), 0.75 * far)
    return anchor, anchor + 0.75 * near, anchor + push


CASES = [
    Case("generic", _triplets(4, 5)),
    Case("one", lambda rng: (np.array([[0.5]]), np.array([[2.0]]), np.array([[0.25]]))),
    Case("odd_sum", _triplets(7, 3), {"reduction": "sum"}),
    Case("none", _triplets(4, 5), {"reduction": "none"}),
    Case("margin", _triplets(4, 5, margin=0.25), {"margin": 0.25}),
    Case("met_and_violated", _met_and_violated),
    Case("p_1", _triplets(4, 5, p=1.0), {"p": 1.0}),
    Case("p_3", _triplets(4, 5, p=3.0), {"p": 3.0}),
    Case("eps", _triplets(4, 5, eps=0.125), {"eps": 0.125}),
    Case("without_eps", _triplets(4, 5), {"eps": 0.0}),
    Case("without_eps_p_4", _triplets(4, 5, margin=0.25, p=4.0), {"eps": 0.0, "p": 4.0, "margin": 0.25}),
    Case("without_eps_p_3", _triplets(4, 5, p=3.0), {"eps": 0.0, "p": 3.0}),
    Case("swap", _triplets(7, 3, margin=2.0), {"swap": True, "margin": 2.0}),
    Case("swap_p_1", _triplets(7, 3, margin=2.0, p=1.0), {"swap": True, "margin": 2.0, "p": 1.0}),
    Case("swap_some_met", _some_met, {"swap": True}),
    Case("swapped", _nearer_to_positive, {"swap": True, "margin": 2.0}),
    Case("large", _triplets(64, 65, margin=4.0), {"margin": 4.0}),
    Case("coincident", lambda rng: ((a := rng.normal(size=(4, 5))), a.copy(), a + 0.1 * rng.normal(size=(4, 5)))),
    Case("norm_at_zero", lambda rng: (_ANCHOR, _POSITIVE, np.zeros((3, 2))), {"eps": 0.0, "margin": 8.0}, kink=True),
]


def domain(pick: Pick) -> Arguments:
    shape = pick.size(1, 3), pick.one_of(1, 3)
    # An odd number of odd multiples of GRAIN on one side, even ones on the other: for any p and margin, no component of
    # a distance is 0, nor are two distances equal or a margin just kept.
    near = GRAIN + 2 * pick.floats(*shape, low=-2, high=2)
    far = 2 * pick.floats(*shape, low=-2, high=2, besides=(0.0, -0.0625))
    anchor = pick.floats(*shape)
    options = {"margin": pick.one_of(1.0, 0.25, 4.0), "p": pick.one_of(2.0, 1.0, 3.0), "eps": pick.one_of(1e-6, 0.0, 0.125)}
    return (anchor, anchor - near, anchor - far), {
        **options,
        "swap": pick.one_of(False, True),
        "reduction": pick.one_of(*REDUCTIONS),
    }
