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
from benchmarks.sizes import MODELS as SIZES
from benchmarks.sizes import OPS
from conformance.run import parts
from gradwitness import K
from gradwitness.arrays import Array, wider
from gradwitness.derivative.oracle import Vacuous
from gradwitness.evidence import Evidence
from gradwitness.rounding.arithmetic import Measured, measure
from gradwitness.subjects.pair import Subject, floats_to, tree_map
from gradwitness.verdict import judge
from reference import MODELS, OPTIMIZERS
from reference.case import seed
from reference.training import Step, train

DTYPE = "float32"
RATE = {"lr": 2.0**-7}
"""Exact in every binary dtype (Keras keeps rates in float32); it moves every parameter well beyond rounding, and in
thousands of timed steps saturates none of these networks."""

Conventions = tuple[tuple[str, Any], ...]
"""Arguments under which the reference computes what a framework defines; see `adapters.Model`."""


def of_framework(model: str, conventions: Mapping[str, Any]) -> Conventions:
    """A framework's conventions, where they are not the reference's own anyway: those who agree share the evidence."""
    own = inspect.signature(MODELS[model].forward).parameters
    return tuple((key, value) for key, value in conventions.items() if own[key].default != value)


@lru_cache(maxsize=2)  # a problem is done with before the next begins, and the largest takes 100 MB
def evidence(name: str, size: str, conventions: Conventions = ()) -> Evidence:
    """What the reference says of a model's loss, running statistics and gradients, or of an op's, in float32."""
    if name in OPS:
        return Evidence.of(ops.subject(name), DTYPE)
    number = seed("benchmarks", name, size)
    at = PROBLEMS[name](np.random.default_rng(number), *SIZES[name][size]).subject(name, number)
    return Evidence.of(replace(at, static={**at.static, **dict(conventions)}), DTYPE)


@lru_cache(maxsize=2)
def step_evidence(name: str, size: str, conventions: Conventions = ()) -> dict[str, Measured]:
    """What the reference says of the loss, and of each parameter and running statistic after one training step.

    Raises Vacuous where one moves by no more than the allowance: leaving it as it is would pass.
    """
    subject = evidence(name, size, conventions).subject
    params, _, state, _ = parts(subject, {})
    before = params | state

    def run(lift: Any) -> list[Array]:
        lifted = replace(
            subject,
            inputs=tuple(tree_map(lift, value) for value in subject.inputs),
            static=tree_map(floats_to(wider(DTYPE)), dict(subject.static)),
        )
        return step_results(next(trained(name, lifted)), before)

    measured = dict(zip(["loss", *before], measure(run, DTYPE, seed=subject.seed), strict=True))
    for key, value in before.items():
        _require_movement(key, value, measured[key])
    return measured


def trained(name: str, subject: Subject) -> Iterator[Step]:
    """What each step of the reference's own loop leaves, on one batch over and over."""
    params, batch, state, config = parts(subject, {})
    return train(MODELS[name], params, repeat(batch), optimizer=OPTIMIZERS["sgd"], hyper=RATE, config=config, state=state)


def step_results(step: Step, names: Mapping[str, Any]) -> list[Array]:
    """The loss, and what each parameter and running statistic is after the step, in the order of names."""
    after = step.params | step.state
    return [step.loss, *(after[name] for name in names)]


def judge_phase(name: str, size: str, conventions: Conventions, phase: str, results: list[Array]) -> dict[str, float]:
    """The worst distance of each result of a phase from the truth, in units of spread.

    results are the loss; loss, running statistics and gradients in the order of the evidence; or the loss and every parameter
    and running statistic after one step. Raises Disagreement for the first that differs.
    """
    if phase == "step":
        expected = step_evidence(name, size, conventions).items()
        return {key: judge(key, actual, told, DTYPE) for (key, told), actual in zip(expected, results, strict=True)}
    told = evidence(name, size, conventions)
    if phase == "forward":
        rows = zip(told.names, results, told.measured, strict=False)  # the gradients are left out
        return {key: judge(key, actual, expected, told.dtype) for key, actual, expected in rows}
    return told.judge(results)


def _require_movement(name: str, before: Array, after: Measured) -> None:
    if not (np.abs(after.truth - before) > K * after.spread).any():
        raise Vacuous(f"{name} moves by less than rounding in one step: no update at all would pass")
