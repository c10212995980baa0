"""How a cell is run: the reference's evidence on one side, what the adapter returns on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property, lru_cache, partial
from itertools import repeat
from typing import Any

import numpy as np

import adapters
from gradwitness.arithmetic import Array, measure, wider
from gradwitness.subject import Subject, floats_to, leaves, tree_map
from gradwitness.verdict import judge
from gradwitness.witness import Evidence
from lessons.data import digits
from reference import MODELS, OPTIMIZERS, Case, Op, Optimizer
from reference.case import seed
from reference.models import mlp, two_layer
from reference.schedules import Schedule, rate
from reference.training import train
from tests.matrix import Cell


def subject(op: Op, case: Case) -> Subject:
    """A case as the engine takes it: seeded by its name, so that no value depends on the order of tests."""
    number = seed(op.name, case.id)
    inputs = case.inputs(np.random.default_rng(number))
    return Subject(op.forward, op.backward, inputs, case.attrs, number, case.kink, case.zero, op.detached)


@lru_cache(maxsize=8)
def evidence(op: Op, case_id: str, dtype: str) -> Evidence:
    """What the reference says of a case; kept for the neighbouring cells."""
    return Evidence.of(subject(op, next(case for case in op.cases if case.id == case_id)), dtype)


def run_op(cell: Cell) -> tuple[Evidence, list[Array]]:
    """Evidence, and the adapter's out and gradients."""
    adapter = adapters.load(cell.adapter)
    framework = adapter.framework
    told = evidence(cell.subject, cell.case_id, cell.dtype)
    put = partial(framework.from_numpy, device=cell.device)
    fn = partial(adapter.ops[cell.name], **tree_map(put, dict(told.subject.static)))
    args, dout = tree_map(put, told.subject.inputs), tree_map(put, told.subject.cotangent)
    out, grads = framework.vjp(fn, cell.mode)(args, dout)
    return told, [framework.to_numpy(a) for a in (*leaves(out), *grads)]


def run_model(cell: Cell) -> tuple[Evidence, list[Array]]:
    """Evidence, and the adapter's loss and gradients of every parameter and of the input."""
    adapter = adapters.load(cell.adapter)
    framework = adapter.framework
    told = evidence(cell.subject, cell.case_id, cell.dtype)
    params, x = told.subject.inputs
    config = dict(told.subject.static)
    labels = config.pop("labels")
    model = adapter.models[cell.name].from_reference(params, device=cell.device, **config)
    put = partial(framework.from_numpy, device=cell.device)
    loss, (dparams, dx) = adapter.gradients(model, cell.mode)(put(x), put(labels), put(told.subject.cotangent))
    named = adapter.named(dparams, model)
    return told, [framework.to_numpy(loss), *told.subject.align((named, framework.to_numpy(dx)))]


class Path:
    """Evidence about a path: arrays whose axis 0 counts steps, each step with a spread of its own.

    run(lift, wide) -> the arrays along the reference's path, as `Subject.run` for a single point.
    """

    def __init__(self, names: list[str], run: Callable[[Any, Any], list[Array]], dtype: str, number: int) -> None:
        self.names, self.dtype, self._run = names, np.dtype(dtype), run
        self.measured = measure(lambda lift: run(lift, wider(dtype)), dtype, seed=number, stacked=True)

    @cached_property
    def native(self) -> list[Array]:
        """What the reference itself returns in dtype."""
        return self._run(lambda array: array, self.dtype)

    def judge(self, results: Iterable[Array]) -> dict[str, float]:
        """The worst distance of each result from the truth, in units of spread; raises Disagreement."""
        rows = zip(self.names, results, self.measured, strict=True)
        return {name: judge(name, actual, expected, self.dtype) for name, actual, expected in rows}

    def furthest(self) -> float:
        """The largest spread of a step against the largest value of its tensor: how far rounding has carried the
        path.
        """
        shares = []
        for m in self.measured:
            spread, value = (np.abs(a).reshape(len(a), -1).max(axis=1, initial=0) for a in (m.spread, m.truth))
            shares.append(float((spread[value > 0] / value[value > 0]).max(initial=0)))
        return max(shares)


@cache
def optimizer_path(
    optimizer: Optimizer, case_id: str, dtype: str, convention: tuple[tuple[str, Any], ...] = ()
) -> tuple[Path, Array, Array]:
    """The reference's parameter after each of a case's steps, under an adapter's convention; with the start and the gradients,
    in dtype.
    """
    case = next(case for case in optimizer.cases if case.id == case_id)
    number = seed(optimizer.name, case.id)
    param, grads = (a.astype(dtype) for a in case.inputs(np.random.default_rng(number)))

    hyper = {**case.attrs, **dict(convention)}
    lr = hyper.pop("lr")

    def run(lift: Any, _wide: Any) -> list[Array]:
        value, state, history = lift(param), optimizer.init(lift(param)), []
        for t, grad in enumerate(lift(grads)):
            value, state = optimizer.step(value, grad, state, lr=rate(lr, t), **hyper)
            history.append(value)
        return [np.stack(history)]

    return Path(["param"], run, dtype, number), param, grads


def run_optimizer(cell: Cell) -> tuple[Path, list[Array]]:
    """The parameter after each step, by the reference and by the framework's own optimizer."""
    adapter = adapters.load(cell.adapter)
    framework = adapter.framework
    convention = tuple(adapter.conventions.get(cell.name, {}).items())
    path, param, grads = optimizer_path(cell.subject, cell.case_id, cell.dtype, convention)
    put = partial(framework.from_numpy, device=cell.device)
    optimizer = adapter.optimizers[cell.name](**native(adapter, cell.case.attrs))
    history = adapter.optimize(optimizer, put(param), [put(g) for g in grads])
    return path, [np.stack([framework.to_numpy(p) for p in history])]


def native(adapter: Any, hyper: Mapping[str, Any]) -> dict[str, Any]:
    """Hyper-parameters with a schedule as the adapter spells it."""
    lr = hyper["lr"]
    return {**hyper, "lr": adapter.schedules[lr.name](**lr.hyper) if isinstance(lr, Schedule) else lr}


class Run:
    """One training run: model, start, batches and rate; every adapter takes the same."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.hyper = {"lr": 0.5}  # exact in every binary dtype: Keras keeps rates in float32
        if name == "xor":
            self.model, self.start = MODELS["two_layer"], two_layer.xor_params()
        else:
            self.model, self.start = MODELS["mlp"], mlp.init(np.random.default_rng(0), (64, 32, 10))

    def batches(self, dtype: Any) -> Iterator[tuple[Array, Array]]:
        """(x, labels) for each step: 1000 epochs of XOR, 5 epochs of digits in mini-batches of 32."""
        if self.name == "xor":
            return repeat((two_layer.XOR_X.astype(dtype), two_layer.XOR_Y.astype(dtype)), 1000)
        return digits().batches(epochs=5, size=32, dtype=dtype)

    def reference(self, dtype: str, lift: Any, wide: Any) -> list[Array]:
        """Losses (steps,) and each parameter (steps, ...) along the reference's own run, on data rounded to dtype."""
        params = {name: lift(value.astype(dtype)) for name, value in self.start.items()}
        batches = ((lift(x), floats_to(wide)(labels)) for x, labels in self.batches(dtype))
        path = list(train(self.model, params, batches, optimizer=OPTIMIZERS["sgd"], hyper=self.hyper))
        return [np.stack([loss for loss, _ in path]), *(np.stack([p[name] for _, p in path]) for name in params)]


@cache
def training_path(name: str, dtype: str) -> Path:
    """The reference's run as evidence."""
    run = Run(name)
    return Path(["loss", *run.start], partial(run.reference, dtype), dtype, seed("training", name))


def run_training(cell: Cell) -> tuple[Path, list[Array]]:
    """The same run in a framework: its own model, its own optimizer, its own loop."""
    adapter = adapters.load(cell.adapter)
    framework = adapter.framework
    run = Run(cell.name)
    put = partial(framework.from_numpy, device=cell.device)
    spelling = adapter.models[run.model.name]
    start = {name: value.astype(cell.dtype) for name, value in run.start.items()}
    model = spelling.from_reference(start, device=cell.device)
    trainer = adapter.trainer(model, adapter.optimizers["sgd"](**run.hyper), cell.mode)
    losses, history = [], []
    for x, labels in run.batches(cell.dtype):
        losses.append(framework.to_numpy(trainer.step(put(x), put(labels))))
        history.append(spelling.to_reference(trainer.model))
    return training_path(cell.name, cell.dtype), [
        np.stack(losses),
        *(np.stack([params[name] for params in history]) for name in run.start),
    ]


RUN = {"op": run_op, "model": run_model, "optimizer": run_optimizer, "training": run_training}
