"""How a cell is run: the reference's evidence on one side, what the adapter returns on the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

import adapters
from conformance.matrix import Cell, Kind
from conformance.path import Path
from conformance.recipes import RECIPES
from conformance.training import Conventions, run_training
from gradwitness.arrays import Array
from gradwitness.evidence import Evidence
from gradwitness.rounding.arithmetic import SAMPLES
from gradwitness.subjects.pair import Subject, floats_to, leaves, tree_map
from reference import Case, Op, Optimizer
from reference.case import seed
from reference.schedules import Schedule, rate

Params = dict[str, Array]


def number(name: str, case_id: str, draw: int | None) -> int:
    """The seed of a case: by its name, so that no value depends on the order of tests; and by the number of a further draw."""
    return seed(name, case_id, *([] if draw is None else [str(draw)]))


def subject(op: Op, case: Case, draw: int | None = None) -> Subject:
    """A case as the engine takes it."""
    return point(op, case, number(op.name, case.id, draw))


def point(op: Op, case: Case, of: int) -> Subject:
    """A case at the inputs that belong to a seed."""
    inputs = case.inputs(np.random.default_rng(of))
    return Subject(op.forward, op.backward, inputs, case.attrs, of, case.kink, case.zero, op.detached)


@lru_cache(maxsize=8)
def evidence(op: Op, case_id: str, dtype: str, draw: int | None = None, samples: int = SAMPLES) -> Evidence:
    """What the reference says of a case; kept for the neighbouring cells."""
    return Evidence.of(subject(op, next(case for case in op.cases if case.id == case_id), draw), dtype, samples)


def run_op(cell: Cell, samples: int = SAMPLES) -> tuple[Evidence, list[Array]]:
    """Evidence from so many perturbed runs, and the adapter's out and gradients."""
    told = evidence(cell.subject, cell.case_id, cell.dtype, cell.seed, samples)
    # Seeds share what is compiled; a cell without one is prepared anew, for its spelling may have been exchanged since.
    prepare = prepared if cell.seed is None else kept
    return told, _applied(prepare(replace(cell, seed=None)), told, cell.adapter, cell.device)


def op_results(told: Evidence, name: str, adapter: str, device: str = "cpu", mode: str = "eager") -> list[Array]:
    """An adapter's out and gradients of an op, at the very point that the evidence is about."""
    return _applied(_differentiable(name, adapter, told.subject.static, device, mode), told, adapter, device)


def _applied(vjp: Any, told: Evidence, adapter: str, device: str) -> list[Array]:
    framework = adapters.load(adapter).framework
    put = partial(framework.from_numpy, device=device)
    out, grads = vjp(tree_map(put, told.subject.inputs), tree_map(put, told.subject.cotangent))
    return [framework.to_numpy(a) for a in (*leaves(out), *grads)]


def _differentiable(name: str, adapter: str, static: Mapping[str, Any], device: str, mode: str) -> Any:
    loaded = adapters.load(adapter)
    put = partial(loaded.framework.from_numpy, device=device)
    return loaded.framework.vjp(partial(loaded.ops[name], **tree_map(put, dict(static))), mode)


def prepared(cell: Cell) -> Any:
    """(args, dout) -> (out, grads) by the adapter, for a case's static arguments, which no seed changes."""
    static = tree_map(floats_to(cell.dtype), dict(cell.case.attrs))
    return _differentiable(cell.name, cell.adapter, static, cell.device, cell.mode)


kept = lru_cache(maxsize=4)(prepared)


@lru_cache(maxsize=8)
def model_evidence(
    op: Op, case_id: str, dtype: str, conventions: Conventions, draw: int | None = None, samples: int = SAMPLES
) -> Evidence:
    """What the reference says of a model's case under a framework's conventions."""
    at = subject(op, next(case for case in op.cases if case.id == case_id), draw)
    return Evidence.of(replace(at, static={**at.static, **dict(conventions)}), dtype, samples)


def run_model(cell: Cell, samples: int = SAMPLES) -> tuple[Evidence, list[Array]]:
    """Evidence, and the adapter's loss, running statistics, and gradients of every parameter and of the input."""
    adapter = adapters.load(cell.adapter)
    framework, native_model = adapter.framework, adapter.models[cell.name]
    told = model_evidence(cell.subject, cell.case_id, cell.dtype, tuple(native_model.conventions.items()), cell.seed, samples)
    params, batch, state, config = parts(told.subject, native_model.conventions)
    if cell.seed is None:
        model = native_model.from_reference(params, state, device=cell.device, **config)
    else:
        model = native_model.load(built(replace(cell, seed=None)), params, state, device=cell.device)
    put = partial(framework.from_numpy, device=cell.device)
    dout, *_ = leaves(told.subject.cotangent)
    loss, dparams, dx, after = adapter.gradients(model, cell.mode)(tree_map(put, batch), put(dout))
    grads = (adapter.named(dparams, model), framework.to_numpy(dx)) if dx is not None else (adapter.named(dparams, model),)
    kept = adapter.named_state(after, model)
    return told, [framework.to_numpy(loss), *(kept[name] for name in state), *told.subject.align(grads)]


@lru_cache(maxsize=4)
def built(cell: Cell) -> Any:
    """The adapter's model of a case, which seeds share, and what is compiled with it; they load it with their parameters."""
    native_model = adapters.load(cell.adapter).models[cell.name]
    params, _, state, config = parts(subject(cell.subject, cell.case).rounded(cell.dtype), native_model.conventions)
    return native_model.from_reference(params, state, device=cell.device, **config)


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


@lru_cache(maxsize=256)
def optimizer_path(
    optimizer: Optimizer,
    case_id: str,
    dtype: str,
    convention: Conventions = (),
    draw: int | None = None,
    samples: int = SAMPLES,
) -> tuple[Path, Array, Array]:
    """The reference's parameter after each of a case's steps, under an adapter's convention; with the start and the gradients,
    in dtype.
    """
    case = next(case for case in optimizer.cases if case.id == case_id)
    of = number(optimizer.name, case.id, draw)
    param, grads = (a.astype(dtype) for a in case.inputs(np.random.default_rng(of)))

    hyper = {**case.attrs, **dict(convention)}
    lr = hyper.pop("lr")

    def run(lift: Any, _wide: Any) -> list[Array]:
        value, state, history = lift(param), optimizer.init(lift(param)), []
        for t, grad in enumerate(lift(grads)):
            value, state = optimizer.step(value, grad, state, lr=rate(lr, t), **hyper)
            history.append(value)
        return [np.stack(history)]

    return Path(["param"], run, dtype, of, samples), param, grads


def run_optimizer(cell: Cell, samples: int = SAMPLES) -> tuple[Path, list[Array]]:
    """The parameter after each step, by the reference and by the framework's own optimizer."""
    adapter = adapters.load(cell.adapter)
    framework = adapter.framework
    convention = tuple(adapter.conventions.get(cell.name, {}).items())
    path, param, grads = optimizer_path(cell.subject, cell.case_id, cell.dtype, convention, cell.seed, samples)
    put = partial(framework.from_numpy, device=cell.device)
    prepare = optimization if cell.seed is None else optimization_kept
    history = prepare(replace(cell, seed=None))(put(param), [put(g) for g in grads])
    return path, [np.stack([framework.to_numpy(p) for p in history])]


def optimization(cell: Cell) -> Any:
    """(param, grads) -> the parameter after each step, by the framework's own optimizer."""
    adapter = adapters.load(cell.adapter)
    return adapter.optimize(adapter.optimizers[cell.name](**native(adapter, cell.case.attrs)), cell.mode)


optimization_kept = lru_cache(maxsize=4)(optimization)


def native(adapter: Any, hyper: Mapping[str, Any]) -> dict[str, Any]:
    """Hyper-parameters with a schedule as the adapter spells it."""
    lr = hyper["lr"]
    return {**hyper, "lr": adapter.schedules[lr.name](**lr.hyper) if isinstance(lr, Schedule) else lr}


def missing(cell: Cell) -> str:
    """Why an adapter lacks what a cell is about; "" where it has it.

    Raises LookupError, with the place and the cure, where it lacks it and gives no reason; Unavailable where the framework is
    missing.
    """
    adapter = adapters.load(cell.adapter)
    if cell.kind != "training":
        return adapter.missing(f"{cell.kind}s", cell.name)
    recipe = RECIPES[cell.name]
    return adapter.missing("models", recipe.model) or adapter.missing("optimizers", recipe.optimizer)


RUN: dict[Kind, Callable[..., tuple[Any, list[Array]]]] = {
    "op": run_op,
    "model": run_model,
    "optimizer": run_optimizer,
    "training": run_training,
}
