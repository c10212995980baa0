"""The networks that are timed, with what the reference says of them: verify first, then time."""

from __future__ import annotations

from functools import lru_cache
from itertools import repeat
from typing import Any

import numpy as np

from benchmarks import ops
from benchmarks.plan import OP_SIZES, SIZES, Size
from gradwitness import K, Vacuous
from gradwitness.arithmetic import Array, Measured, measure, wider
from gradwitness.subject import Subject, floats_to
from gradwitness.verdict import judge
from gradwitness.witness import Evidence
from reference import MODELS, OPTIMIZERS
from reference.case import seed
from reference.models import mlp, two_layer
from reference.training import train

DTYPE = "float32"
RATE = {"lr": 2.0**-7}
"""Exact in every binary dtype (Keras keeps rates in float32); it moves every parameter well beyond rounding, and in
thousands of timed steps saturates none of these networks."""
CLASSES = 10


def two_layer_problem(rng: np.random.Generator, size: Size) -> tuple[dict[str, Array], Array, Array]:
    """Parameters, x (N, I) and labels (N, 1) for one output."""
    params = two_layer.init(rng, size.inputs, size.hidden, 1)
    x = rng.normal(size=(size.batch, size.inputs))
    params["hidden.bias"] = _between_pre_activations(x @ params["hidden.weight"])
    return params, x, rng.integers(0, 2, size=(size.batch, 1)).astype(float)


def mlp_problem(rng: np.random.Generator, size: Size) -> tuple[dict[str, Array], Array, Array]:
    """Parameters, x (N, I) and labels (N,) for one hidden layer and 10 classes."""
    params = mlp.init(rng, (size.inputs, size.hidden, CLASSES))
    x = rng.normal(size=(size.batch, size.inputs))
    params["0.bias"] = _between_pre_activations(x @ params["0.weight"])
    return params, x, rng.integers(0, CLASSES, size=size.batch)


PROBLEMS = {"two_layer": two_layer_problem, "mlp": mlp_problem}


def _between_pre_activations(h: Array) -> Array:
    """Biases (H,) that put each relu's kink in the widest gap among the middle half of its pre-activations h (N, H).

    Of two million random pre-activations a few lie within rounding of zero. There an honest implementation may take the
    other side, which moves a gradient by percents: the measured spread grows with it, and the verdict goes blind.
    """
    margin = len(h) // 4
    middle = np.sort(h, axis=0)[margin : len(h) - margin]
    widest = np.diff(middle, axis=0).argmax(axis=0)[None]
    below, above = (np.take_along_axis(middle, row, axis=0)[0] for row in (widest, widest + 1))
    return -(below + above) / 2


@lru_cache(maxsize=1)  # a problem is done with before the next begins, and the largest takes 100 MB
def evidence(model: str, size: str) -> Evidence:
    """What the reference says of a model's loss and gradients, or of an op's, in float32."""
    if model in OP_SIZES:
        return Evidence.of(ops.subject(model), DTYPE)
    number = seed("benchmarks", model, size)
    params, x, labels = PROBLEMS[model](np.random.default_rng(number), SIZES[size])
    op = MODELS[model]
    return Evidence.of(Subject(op.forward, op.backward, (params, x), {"labels": labels}, number), DTYPE)


@lru_cache(maxsize=1)
def step_evidence(model: str, size: str) -> dict[str, Measured]:
    """What the reference says of the loss and of each parameter after one training step.

    Raises Vacuous where a parameter moves by no more than the allowance: leaving it as it is would pass.
    """
    subject = evidence(model, size).subject
    params, x = subject.inputs
    names = list(params)

    def run(lift: Any) -> list[Array]:
        labels = floats_to(wider(DTYPE))(subject.static["labels"])
        lifted = {name: lift(value) for name, value in params.items()}
        loss, after = next(trained(model, lifted, lift(x), labels))
        return [loss, *(after[name] for name in names)]

    measured = measure(run, DTYPE, seed=subject.seed)
    for name, expected in zip(names, measured[1:], strict=True):
        _require_movement(name, params[name], expected)
    return dict(zip(["loss", *names], measured, strict=True))


def trained(model: str, params: dict[str, Array], x: Array, labels: Array) -> Any:
    """(loss, params) after each step of the reference's own loop, on one batch over and over."""
    return train(MODELS[model], params, repeat((x, labels)), optimizer=OPTIMIZERS["sgd"], hyper=RATE)


def judge_phase(model: str, size: str, phase: str, results: list[Array]) -> dict[str, float]:
    """The worst distance of each result of a phase from the truth, in units of spread.

    results are the loss; the loss and the gradients in the order of the evidence; the loss and every parameter after one step.
    Raises Disagreement for the first that differs.
    """
    if phase == "step":
        expected = step_evidence(model, size).items()
        return {name: judge(name, actual, told, DTYPE) for (name, told), actual in zip(expected, results, strict=True)}
    told = evidence(model, size)
    if phase == "forward":
        rows = zip(told.names, results, told.measured, strict=False)  # the gradients are left out
        return {name: judge(name, actual, expected, told.dtype) for name, actual, expected in rows}
    return told.judge(results)


def _require_movement(name: str, before: Array, after: Measured) -> None:
    if not (np.abs(after.truth - before) > K * after.spread).any():
        raise Vacuous(f"{name} moves by less than rounding in one step: no update at all would pass")
