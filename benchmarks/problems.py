"""What the reference says of what is timed: verify first, then time."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import repeat
from typing import Any

import numpy as np

from benchmarks import ops
from benchmarks.networks import PROBLEMS
from benchmarks.precision import measured_in
from benchmarks.sizes import OPS, arguments
from conformance.run import parts
from gradwitness import K
from gradwitness.arrays import Array, unit_roundoff, wider
from gradwitness.derivative.oracle import Vacuous
from gradwitness.evidence import Evidence
from gradwitness.rounding.arithmetic import SAMPLES, Measured
from gradwitness.subjects.pair import Subject, floats_to, leaves, tree_map
from gradwitness.verdict import judge
from reference import MODELS, OPTIMIZERS
from reference.case import seed
from reference.training import Step, train

DTYPE = "float32"
RATE = {"lr": 2.0**-7}
"""Exact in every binary dtype (Keras keeps rates in float32); it moves every parameter well beyond rounding, and in
thousands of timed steps saturates none of these networks but those of `SMALLER`."""
SMALLER = {"vae": {"lr": 2.0**-14}, "siamese": {"lr": 2.0**-14}}
"""The loss of the first is a sum over pixels, and that of the second is zero once all triplets are apart."""


def rate(model: str) -> dict[str, float]:
    """The optimizer's arguments for a model."""
    return SMALLER.get(model, RATE)


Conventions = tuple[tuple[str, Any], ...]
"""Arguments under which the reference computes what a framework defines; see `adapters.Model`."""


def of_framework(model: str, conventions: Mapping[str, Any]) -> Conventions:
    """A framework's conventions, where they are not the reference's own anyway: those who agree share the evidence."""
    own = inspect.signature(MODELS[model].forward).parameters
    return tuple((key, value) for key, value in conventions.items() if own[key].default != value)


LARGE = 1_000_000
"""Numbers in the parameters from which on few perturbed runs do: each is a sample of so many deviations."""
FEW = 4


def samples(subject: Subject) -> int:
    """How many perturbed runs there are; of a large network few. The deviation of a whole tensor is part of each element's spread
    (`measure`), so that only scalars, the loss among them, are judged by few numbers.
    """
    return FEW if sum(np.size(leaf) for leaf in leaves(subject.inputs)) > LARGE else SAMPLES


@lru_cache(maxsize=2)
def point(name: str, size: str, conventions: Conventions = ()) -> Subject:
    """A model's network at a size, as everybody is given it, in float32."""
    number = seed("benchmarks", name, size)
    at = PROBLEMS[name](np.random.default_rng(number), *arguments(name, size)).subject(name, number)
    return replace(at, static={**at.static, **dict(conventions)}).rounded(DTYPE)


@lru_cache(maxsize=2)  # a problem is done with before the next begins, and the largest takes gigabytes
def evidence(name: str, size: str, conventions: Conventions = (), precision: str = DTYPE) -> Evidence:
    """What the reference says of a model's loss, running statistics and gradients, or of an op's, in a precision."""
    if name in OPS:
        return Evidence.of(ops.subject(name), DTYPE)
    rounded = point(name, size, conventions)

    def run(lift: Any) -> list[Array]:
        return rounded.run(lift, wider(DTYPE))

    return Evidence(rounded, np.dtype(DTYPE), measured_in(precision, run, rounded.seed, samples(rounded)))


@lru_cache(maxsize=2)
def step_evidence(name: str, size: str, conventions: Conventions = (), precision: str = DTYPE) -> dict[str, Measured]:
    """What the reference says of the loss, and of each parameter and running statistic after one training step.

    Raises Vacuous where one moves by no more than the allowance: leaving it as it is would pass.
    """
    subject = point(name, size, conventions)
    params, _, state, _ = parts(subject, {})
    before = params | state
    if precision != DTYPE:
        return _updated(evidence(name, size, conventions, precision), params, state, rate(name)["lr"])

    def run(lift: Any) -> list[Array]:
        lifted = replace(
            subject,
            inputs=tuple(tree_map(lift, value) for value in subject.inputs),
            static=tree_map(floats_to(wider(DTYPE)), dict(subject.static)),
        )
        return step_results(next(trained(name, lifted)), before)

    found = measured_in(DTYPE, run, subject.seed, samples(subject))
    measured = dict(zip(["loss", *before], found, strict=True))
    for key, value in before.items():
        _require_movement(key, value, measured[key])
    return measured


def _updated(
    told: Evidence, params: Mapping[str, Array], state: Mapping[str, Array], learning_rate: float
) -> dict[str, Measured]:
    """What SGD makes of gradients in a narrow precision. The update itself is float32: its rounding is that of the parameter."""
    loss, *others = told.measured
    running, gradients = others[: len(state)], others[len(state) :]
    unit = unit_roundoff(DTYPE)
    dloss, *_ = leaves(told.subject.cotangent)  # the gradients are for this cotangent of the loss, and training has one of 1
    scale = learning_rate / float(dloss)
    after = {
        key: Measured(value - scale * gradient.truth, abs(scale) * gradient.spread + unit * np.abs(value))
        for (key, value), gradient in zip(params.items(), gradients, strict=False)  # that of the input is left out
    }
    return {"loss": loss, **after, **dict(zip(state, running, strict=True))}


def trained(name: str, subject: Subject) -> Iterator[Step]:
    """What each step of the reference's own loop leaves, on one batch over and over."""
    params, batch, state, config = parts(subject, {})
    return train(MODELS[name], params, repeat(batch), optimizer=OPTIMIZERS["sgd"], hyper=rate(name), config=config, state=state)


def step_results(step: Step, names: Mapping[str, Any]) -> list[Array]:
    """The loss, and what each parameter and running statistic is after the step, in the order of names."""
    after = step.params | step.state
    return [step.loss, *(after[name] for name in names)]


def judge_phase(
    name: str, size: str, conventions: Conventions, phase: str, results: list[Array], precision: str = DTYPE
) -> dict[str, float]:
    """The worst distance of each result of a phase from the truth, in units of spread.

    results are the loss; loss, running statistics and gradients in the order of the evidence; or the loss and every parameter
    and running statistic after one step. Raises Disagreement for the first that differs.
    """
    if phase == "step":
        expected = step_evidence(name, size, conventions, precision).items()
        return {key: judge(key, actual, told, DTYPE) for (key, told), actual in zip(expected, results, strict=True)}
    told = evidence(name, size, conventions, precision)
    if phase == "forward":
        rows = zip(told.names, results, told.measured, strict=False)  # the gradients are left out
        return {key: judge(key, actual, expected, told.dtype) for key, actual, expected in rows}
    return told.judge(results)


def _require_movement(name: str, before: Array, after: Measured) -> None:
    if not (np.abs(after.truth - before) > K * after.spread).any():
        raise Vacuous(f"{name} moves by less than rounding in one step: no update at all would pass")


_KEPT: list[tuple[str, str]] = []


def only(name: str, size: str) -> None:
    """Drop what is kept of other problems, when one begins: its phases share what the reference says."""
    if [(name, size)] != _KEPT:
        forget()
        _KEPT[:] = [(name, size)]


def forget() -> None:
    """Drop what is kept of a problem: of a large one it is gigabytes."""
    for cached in (point, evidence, step_evidence):
        cached.cache_clear()
