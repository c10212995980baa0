"""Normalisation, dropout and residual connections: the ValueErrors for invalid arguments."""

from typing import Any

import numpy as np

from reference import OPS
from tests.reference.bad_input import Row, ones


def row(op: str, *arguments: Any, says: str, **static: Any) -> Row:
    """A call of an op that must be refused."""
    return op, lambda: OPS[op].forward(*arguments, **static), says


def batch(*shape: int, says: str, channels: int = 3, **static: Any) -> Row:
    """The same for batch normalisation, with parameters and running statistics of some number of channels."""
    running = {"running_mean": ones(channels), "running_var": ones(channels)}
    return row("batch_norm", ones(*shape), ones(channels), ones(channels), says=says, **running | static)


BAD: list[Row] = [
    batch(4, says=r"x is of shape \(4,\); wanted \(N, C, \.\.\.\)"),
    batch(4, 2, says=r"weight is of shape \(3,\); wanted \(2,\), one a channel of x"),
    batch(4, 3, running_var=ones(2), says=r"running_var is of shape \(2,\); wanted \(3,\)"),
    batch(4, 3, running_mean=np.zeros(3, int), says="running_mean is of dtype int64; wanted floats"),
    batch(4, 3, running_var=-ones(3), says=r"running_var is -1\.0 somewhere; wanted >= 0"),
    batch(1, 3, says=r"x is of shape \(1, 3\); wanted more than one value a channel in training"),
    batch(0, 3, 2, says=r"x is of shape \(0, 3, 2\); wanted more than one value a channel in training"),
    batch(4, 3, momentum=1.5, says=r"momentum is 1\.5; wanted 0 <= momentum <= 1"),
    batch(4, 3, eps=-1.0, says=r"eps is -1\.0; wanted eps >= 0"),
    row("layer_norm", ones(4, 3), ones(4), ones(4), says=r"x is of shape \(4, 3\); wanted \(\.\.\., 4\)"),
    row("layer_norm", ones(3), ones(4, 3), ones(4, 3), says=r"x is of shape \(3,\); wanted \(\.\.\., 4, 3\)"),
    row("layer_norm", ones(4, 3), ones(3), ones(1), says=r"bias is of shape \(1,\); wanted \(3,\)"),
    row("layer_norm", ones(4, 0), ones(0), ones(0), says=r"weight is of shape \(0,\); wanted at least one axis"),
    row("layer_norm", ones(3), ones(3), ones(3), eps=-1e-5, says="eps is -1e-05; wanted eps >= 0"),
    row("group_norm", ones(2, 6), ones(6), ones(6), groups=4, says="groups is 4; wanted a divisor of 6"),
    row("group_norm", ones(2, 6), ones(6), ones(6), groups=0, says="groups is 0; wanted a divisor of 6"),
    row("group_norm", ones(2, 6), ones(2), ones(2), groups=2, says=r"weight is of shape \(2,\); wanted \(6,\)"),
    row("group_norm", ones(2, 4, 0), ones(4), ones(4), groups=2, says=r"x is of shape \(2, 4, 0\); wanted at least one value"),
    row("instance_norm", ones(2, 3), ones(3), ones(3), says=r"x is of shape \(2, 3\); wanted \(N, C, \.\.\.\) with a position"),
    row("instance_norm", ones(2, 3, 0), ones(3), ones(3), says=r"x is of shape \(2, 3, 0\); wanted .* with a position"),
    row("instance_norm", ones(2, 3, 4), ones(3), ones(4), says=r"bias is of shape \(4,\); wanted \(3,\)"),
    row("rms_norm", ones(4, 3), ones(4), says=r"x is of shape \(4, 3\); wanted \(\.\.\., 4\)"),
    row("rms_norm", ones(4, 3), ones(3).astype("float32"), says="weight is of dtype float32; wanted float64"),
    row("local_response_norm", ones(3), size=3, says=r"x is of shape \(3,\); wanted \(N, C, \.\.\.\)"),
    row("local_response_norm", ones(2, 3), size=0, says="size is 0; wanted size >= 1"),
    row("local_response_norm", ones(2, 3), size=3, k=0.0, says=r"k is 0\.0; wanted k > 0"),
    row("local_response_norm", ones(2, 3), size=3, alpha=-1.0, says=r"alpha is -1\.0; wanted alpha >= 0"),
    row("weight_norm", ones(4, 3), ones(3), says=r"g is of shape \(3,\); wanted \(4,\)"),
    row("weight_norm", ones(4, 3), ones(3), axis=2, says=r"axis is 2; wanted an axis of v, whose shape is \(4, 3\)"),
    row("weight_norm", np.diag([1.0, 0.0]), ones(2), says="v is zero along the other axes; wanted a direction"),
    row("l2_normalize", ones(4, 3), axis=2, says=r"axis is 2; wanted an axis of x, whose shape is \(4, 3\)"),
    row("l2_normalize", ones(4, 3), eps=0.0, says=r"eps is 0\.0; wanted eps > 0"),
    row("dropout", ones(3), mask=ones(2) > 0, rate=0.5, says=r"mask is .* of shape \(2,\); wanted booleans of shape \(3,\)"),
    row("dropout", ones(2), mask=ones(2), rate=0.5, says="mask is of dtype float64 .*; wanted booleans"),
    row("dropout", ones(1), mask=[True], rate=0.5, says="mask is a list; wanted booleans"),
    row("dropout", ones(1), mask=ones(1) > 0, rate=1.0, says=r"rate is 1\.0; wanted 0 <= rate < 1"),
    row(
        "residual",
        *(ones(4, 3), ones(3, 2), ones(2)),
        f=OPS["linear"],
        says=r"f is linear with a result of shape \(4, 2\); wanted one result of shape \(4, 3\), as x is",
    ),
    row(
        "residual",
        *(ones(4, 3), ones(3), ones(3)),
        f=OPS["batch_norm"],
        running_mean=ones(3),
        running_var=ones(3),
        says=r"f is batch_norm with 3 results; wanted one result of shape \(4, 3\)",
    ),
]
