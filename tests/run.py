"""How a cell is run: the reference's evidence on one side, what the adapter returns on the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, lru_cache, partial
from typing import Any

import numpy as np

import adapters
from gradwitness.arithmetic import Array
from gradwitness.subject import Subject, leaves, tree_map
from gradwitness.witness import Evidence
from reference import Case, Op, Optimizer
from reference.case import seed
from reference.schedules import Schedule, rate
from tests.matrix import Cell
from tests.path import Path
from tests.training import run_training

Params = dict[str, Array]


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
    told = evidence(cell.subject, cell.case_id, cell.dtype)
    return told, op_results(told, cell.name, cell.adapter, cell.device, cell.mode)


def op_results(told: Evidence, name: str, adapter_name: str, device: str = "cpu", mode: str = "eager") -> list[Array]:
    """An adapter's out and gradients of an op, at the very point that the evidence is about."""
    adapter = adapters.load(adapter_name)
    framework = adapter.framework
    put = partial(framework.from_numpy, device=device)
    fn = partial(adapter.ops[name], **tree_map(put, dict(told.subject.static)))
    args, dout = tree_map(put, told.subject.inputs), tree_map(put, told.subject.cotangent)
    out, grads = framework.vjp(fn, mode)(args, dout)
    return [framework.to_numpy(a) for a in (*leaves(out), *grads)]


@lru_cache(maxsize=8)
def model_evidence(op: Op, case_id: str, dtype: str, conventions: tuple[tuple[str, Any], ...]) -> Evidence:
    """What the reference says of a model's case under a framework's conventions."""
    at = subject(op, next(case for case in op.cases if case.id == case_id))
    return Evidence.of(replace(at, static={**at.static, **dict(conventions)}), dtype)


def run_model(cell: Cell) -> tuple[Evidence, list[Array]]:
    """Evidence, and the adapter's loss, running statistics, and gradients of every parameter and of the input."""
    adapter = adapters.load(cell.adapter)
    framework, spelling = adapter.framework, adapter.models[cell.name]
    told = model_evidence(cell.subject, cell.case_id, cell.dtype, tuple(spelling.conventions.items()))
    params, batch, state, config = parts(told.subject, spelling.conventions)
    model = spelling.from_reference(params, state, device=cell.device, **config)
    put = partial(framework.from_numpy, device=cell.device)
    dout, *_ = leaves(told.subject.cotangent)
    loss, dparams, dx, after = adapter.gradients(model, cell.mode)(tree_map(put, batch), put(dout))
    grads = (adapter.named(dparams, model), framework.to_numpy(dx)) if dx is not None else (adapter.named(dparams, model),)
    kept = adapter.named_state(after, model)
    return told, [framework.to_numpy(loss), *(kept[name] for name in state), *told.subject.align(grads)]


def parts(at: Subject, conventions: Mapping[str, Any]) -> tuple[Params, dict[str, Any], Params, dict[str, Any]]:
    """The parameters, the batch, the running statistics and the configuration of a model's case: arrays are data, all else says
    how the network is built, but for the conventions, which are the framework's own.
    """
    params, *x = at.inputs
    given = {key: value for key, value in at.static.items() if key not in conventions and value is not None}
    state = given.pop("state", {})
    data = {key for key, value in given.items() if all(isinstance(leaf, np.ndarray) for leaf in leaves(value))}
    batch = ({"x": x[0]} if x else {}) | {key: given[key] for key in data}
    return params, batch, state, {key: value for key, value in given.items() if key not in data}


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


RUN = {"op": run_op, "model": run_model, "optimizer": run_optimizer, "training": run_training}
