"""Optimizers and schedules: the ValueErrors for invalid arguments."""

from collections.abc import Callable
from typing import Any

from reference import OPTIMIZERS
from tests.reference.bad_input import Row, ones


def step(name: str, grad: Any = None, **hyper: Any) -> Callable[[], Any]:
    """The first step of an optimizer, called badly."""
    optimizer, param = OPTIMIZERS[name], ones(2)
    return lambda: optimizer.step(param, ones(2) if grad is None else grad, optimizer.init(param), **{"lr": 0.1, **hyper})


NUMBERS: list[tuple[str, str, float, str]] = [
    ("sgd", "weight_decay", -0.5, "weight_decay >= 0"),
    ("momentum", "momentum", 1.0, "0 <= momentum < 1"),
    ("momentum", "dampening", -0.5, "0 <= dampening < 1"),
    ("momentum", "weight_decay", -0.5, "weight_decay >= 0"),
    ("nesterov", "momentum", -0.5, "0 <= momentum < 1"),
    ("adagrad", "eps", -0.5, "eps >= 0"),
    ("adagrad", "initial_accumulator", -0.5, "initial_accumulator >= 0"),
    ("adadelta", "rho", 1.0, "0 <= rho < 1"),
    ("adadelta", "eps", -0.5, "eps >= 0"),
    ("rmsprop", "rho", 1.5, "0 <= rho < 1"),
    ("rmsprop", "momentum", 1.0, "0 <= momentum < 1"),
    ("rmsprop", "eps", -0.5, "eps >= 0"),
    *((name, beta, 1.0, f"0 <= {beta} < 1") for name in ("adam", "amsgrad", "adamw", "adamax", "nadam", "radam", "lion", "lamb")
      for beta in ("beta1", "beta2")),
    *((name, "eps", -0.5, "eps >= 0") for name in ("adam", "amsgrad", "adamw", "adamax", "nadam", "radam", "lamb", "lars")),
    *((name, "weight_decay", -0.5, "weight_decay >= 0") for name in ("adam", "adamw", "lion", "lamb", "lars")),
    ("nadam", "momentum_decay", -0.5, "momentum_decay >= 0"),
    ("radam", "threshold", 3.5, "threshold >= 4"),
    ("adafactor", "decay", 0.5, "decay <= 0"),
    ("adafactor", "clip_threshold", 0.0, "clip_threshold > 0"),
    ("adafactor", "eps1", -0.5, "eps1 >= 0"),
    ("adafactor", "eps2", -0.5, "eps2 >= 0"),
    ("lars", "momentum", 1.0, "0 <= momentum < 1"),
    ("lars", "trust_coefficient", -0.5, "trust_coefficient >= 0"),
]  # fmt: skip

BAD: list[Row] = [
    *((name, step(name, ones(3)), r"grad is of shape \(3,\); wanted \(2,\), the shape of param") for name in OPTIMIZERS),
    *((name, step(name, ones(2).astype("float32")), "grad is of dtype float32; wanted float64") for name in OPTIMIZERS),
    *((name, step(name, lr=-1.0), r"lr is -1\.0; wanted lr >= 0") for name in OPTIMIZERS),
    *(
        (name, step(name, **{argument: value}), f"{argument} is {value}; wanted {wanted}")
        for name, argument, value, wanted in NUMBERS
    ),
]
