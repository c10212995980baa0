"""Optimizers: what is refused at the door, and in which words."""

from typing import Any

from reference import OPTIMIZERS
from tests.bad_input import Row, ones


def step(name: str, param: Any = None, grad: Any = None, **hyper: Any) -> Row:
    """The first step of an optimizer, called badly, without its message."""
    optimizer = OPTIMIZERS[name]
    param, grad = (ones(2) if a is None else a for a in (param, grad))
    return name, lambda: optimizer.step(param, grad, optimizer.init(param), **{"lr": 0.1, **hyper}), ""


BAD: list[Row] = [
    *((*step(name, grad=ones(3))[:2], r"grad is of shape \(3,\); wanted \(2,\), the shape of param") for name in OPTIMIZERS),
    *((*step(name, lr=-1.0)[:2], r"lr is -1\.0; wanted lr >= 0") for name in OPTIMIZERS),
    (*step("sgd", grad=ones(2).astype("float32"))[:2], "grad is of dtype float32; wanted float64, the dtype of param"),
    (*step("sgd", weight_decay=-0.5)[:2], r"weight_decay is -0\.5; wanted weight_decay >= 0"),
    (*step("momentum", momentum=1.0)[:2], r"momentum is 1\.0; wanted 0 <= momentum < 1"),
    (*step("momentum", dampening=-0.5)[:2], r"dampening is -0\.5; wanted 0 <= dampening < 1"),
    (*step("adam", beta2=1.0)[:2], r"beta2 is 1\.0; wanted 0 <= beta2 < 1"),
    (*step("adam", eps=-1e-8)[:2], r"eps is -1e-08; wanted eps >= 0"),
]
