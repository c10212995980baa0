"""Residual connection: a branch f is added to its own input.

    y = x + f(x, *params)

Derivation.  The cotangent reaches x twice, unchanged and through the branch. The parameters belong to the branch alone:

    dx = dout + dx_f        dparams = dparams_f        where dx_f, *dparams_f is the vjp of f at dout

The first term is the reason why deep networks train: dx is not small, even if dx_f is.

f is any `Op` whose result has the shape of x. No other op takes an op as an argument. The differentiable arguments of f follow x,
and its keyword arguments follow f:

    residual.forward(x, weight, bias, f=OPS["linear"])        residual.forward(x, f=OPS["softmax"], axis=0)

Shapes: x, y (...), params as f wants them.
Source: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016.
"""

from typing import Any

import numpy as np

from ..activations import relu, softmax, tanh
from ..case import Array, Case, Op, invalid, require_floats
from ..domain import Arguments, Pick
from . import layer_norm, linear
from .standardize import EPS

Cache = tuple[Op, Any]


def forward(x: Array, /, *params: Array, f: Op, **static: Any) -> tuple[Array, Cache]:
    """y = x + f(x, *params, **static). x (...) -> y (...).

    Raises ValueError where x is not an array of floats or f(x) is not of its shape: nothing is broadcast; and what f raises.
    """
    require_floats("residual", x=x)
    branch, cache = f.forward(x, *params, **static)
    came = f"{len(branch)} results" if isinstance(branch, tuple) else f"a result of shape {branch.shape}"
    fits = not isinstance(branch, tuple) and branch.shape == x.shape
    if not fits:
        raise invalid("residual", "f", f"{f.name} with {came}", f"one result of shape {x.shape}, as x is")
    return x + branch, (f, cache)


def backward(dout: Array, cache: Cache) -> tuple[Array, ...]:
    """dout (...) -> dx (...), then the gradient of each of params."""
    f, branch = cache
    dx, *dparams = f.backward(dout, branch)
    return dout + dx, *dparams


BRANCHES = LINEAR, RELU, SOFTMAX, TANH, LAYER_NORM = tuple(Op.of(module) for module in (linear, relu, softmax, tanh, layer_norm))


def domain(pick: Pick) -> Arguments:
    f, n, width = pick.one_of(*BRANCHES), pick.size(1, 3), pick.size(2, 3)
    x = pick.distinct(n, width) if f is LAYER_NORM else pick.floats(n, width, besides=(0.0,))
    params = {LINEAR: ((width, width), (width,)), LAYER_NORM: ((width,), (width,))}.get(f, ())
    axis, eps = pick.one_of(-1, 0), pick.one_of(*EPS)
    options: dict[str, Any] = {"axis": axis} if f is SOFTMAX else {"eps": eps} if f is LAYER_NORM else {}
    return (x, *(pick.floats(*shape, besides=(0.0,)) for shape in params)), {"f": f, **options}


CASES = [
    Case("generic", lambda rng: (rng.normal(size=(4, 3)), rng.normal(size=(3, 3)), rng.normal(size=3)), {"f": LINEAR}),
    Case("one", lambda rng: (rng.normal(size=(1, 1)),), {"f": TANH}),
    Case("without_parameters", lambda rng: (rng.normal(size=(4, 5)),), {"f": TANH}),
    Case("with_static_arguments", lambda rng: (rng.normal(size=(4, 5)),), {"f": SOFTMAX, "axis": 0}),
    Case(
        "normalised",
        lambda rng: (rng.normal(size=(4, 5)), rng.normal(size=5), rng.normal(size=5)),
        {"f": LAYER_NORM, "eps": 1e-3},
    ),
    Case("large", lambda rng: (rng.normal(size=(32, 48)), rng.normal(size=(48, 48)) / 7, rng.normal(size=48)), {"f": LINEAR}),
    # The branch is minus the identity: y = bias, and dout + dx_f is zero.
    Case("cancelled", lambda rng: (rng.normal(size=(4, 3)), -np.eye(3), rng.normal(size=3)), {"f": LINEAR}, zero=("x",)),
    Case("at_a_kink_of_the_branch", lambda rng: (np.array([[-1.0, 0.0], [0.0, 2.0]]),), {"f": RELU}, kink=True),
]
