"""The network of the lesson at one point, and all numbers of one training step. The ops of the reference compute every one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects.pair import Subject
from reference import MODELS, OPTIMIZERS
from reference.activations import relu, sigmoid
from reference.layers import linear
from reference.losses import binary_cross_entropy, mse

Params = dict[str, Array]
Loss = Literal["bce", "mse"]
LOSS = {"bce": "binary_cross_entropy", "mse": "mse"}
X, LABEL = (1.0, 2.0), 1.0
"""The point. Its two inputs differ, so that one sees which of them a gradient is multiplied by."""
MOST = 8
"""Hidden units. More lines nobody reads."""


@dataclass(frozen=True)
class Setting:
    """What is computed: the number of hidden units, the loss, the learning rate, the seed of the start."""

    hidden: int = 3
    loss: Loss = "bce"
    rate: float = 0.5
    seed: int = 42

    @cached_property
    def params(self) -> Params:
        """Weights and biases with one digit after the point, so that one can calculate with them. No weight is 0.

        No hidden unit has the sum 0: relu has no derivative there, and rounding, 5.6e-17 in place of 0, would decide what it is.
        """
        rng = np.random.default_rng(self.seed)

        def draw(*shape: int) -> Array:
            tenths: Array = rng.integers(1, 10, size=shape) * rng.choice([-1, 1], size=shape)
            return tenths

        while True:  # in whole tenths nothing is rounded
            w1, b1 = draw(2, self.hidden), draw(self.hidden)
            w2, b2 = draw(self.hidden, 1), draw(1)
            if (np.array(X) @ w1 + b1).all():
                break
        tenths = {"hidden.weight": w1, "hidden.bias": b1, "output.weight": w2, "output.bias": b2}
        return {name: value / 10 for name, value in tenths.items()}

    @property
    def x(self) -> Array:
        """The inputs of the point, (1, 2)."""
        return np.array([X])

    @property
    def label(self) -> Array:
        """What is wanted there, (1, 1)."""
        return np.array([[LABEL]])

    @property
    def static(self) -> Mapping[str, Any]:
        """What the model of the reference, `two_layer`, takes by keyword."""
        return {"labels": self.label, "loss": LOSS[self.loss]}

    @property
    def subject(self) -> Subject:
        """The model at this point, as the engine takes it. The gradient of the loss with respect to itself is 1."""
        model = MODELS["two_layer"]
        return Subject(model.forward, model.backward, (self.params, self.x), self.static, dout=np.array(1.0))


@dataclass(frozen=True)
class Values:
    """Every number of a step. `d` and a name is the gradient of the loss with respect to what has that name.

    x, dx           (2,)           the inputs
    w1, dw1         (2, hidden)    the weights of the hidden layer; w1[i, j] leads from input i to unit j
    b1, h, a        (hidden,)      its biases, its weighted sums, and what relu makes of them
    w2              (hidden,)      the weights of the output
    b2, z, p, loss  numbers        its bias, its weighted sum, the probability, the loss
    new             after the update, by the reference's names
    after           the loss after it
    """

    x: Array
    w1: Array
    b1: Array
    h: Array
    a: Array
    w2: Array
    b2: float
    z: float
    p: float
    loss: float
    dp: float
    dz: float
    dw2: Array
    db2: float
    da: Array
    dh: Array
    dw1: Array
    db1: Array
    dx: Array
    new: Params
    after: float


def forward(setting: Setting, params: Params) -> tuple[list[Array], list[Any]]:
    """h, a, z, p and the loss, and the cache of each op: the lines of reference/models/two_layer.py."""
    h, hidden = linear.forward(setting.x, params["hidden.weight"], params["hidden.bias"])
    a, rectified = relu.forward(h)
    z, output = linear.forward(a, params["output.weight"], params["output.bias"])
    p, squashed = sigmoid.forward(z)
    loss: Array
    measured: Any
    if setting.loss == "bce":
        loss, measured = binary_cross_entropy.forward(p, labels=setting.label)
    else:
        loss, measured = mse.forward(p, setting.label)
    return [h, a, z, p, loss], [hidden, rectified, output, squashed, measured]


def step(setting: Setting) -> Values:
    """Compute one step: forward, loss, backward, update."""
    params = setting.params
    (h, a, z, p, loss), (hidden, rectified, output, squashed, measured) = forward(setting, params)
    dp, *_ = (binary_cross_entropy if setting.loss == "bce" else mse).backward(np.ones_like(loss), measured)
    (dz,) = sigmoid.backward(dp, squashed)
    da, dw2, db2 = linear.backward(dz, output)
    (dh,) = relu.backward(da, rectified)
    dx, dw1, db1 = linear.backward(dh, hidden)
    gradients = {"hidden.weight": dw1, "hidden.bias": db1, "output.weight": dw2, "output.bias": db2}
    new = {name: OPTIMIZERS["sgd"].step(params[name], gradients[name], {}, lr=setting.rate)[0] for name in params}
    (*_, after), _ = forward(setting, new)
    return Values(
        x=setting.x[0],
        w1=params["hidden.weight"],
        b1=params["hidden.bias"],
        h=h[0],
        a=a[0],
        w2=params["output.weight"][:, 0],
        b2=params["output.bias"].item(),
        z=z.item(),
        p=p.item(),
        loss=loss.item(),
        dp=dp.item(),
        dz=dz.item(),
        dw2=dw2[:, 0],
        db2=db2.item(),
        da=da[0],
        dh=dh[0],
        dw1=dw1,
        db1=db1,
        dx=dx[0],
        new=new,
        after=after.item(),
    )
