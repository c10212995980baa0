"""The models of the reference, prepared: by the reference itself and by an adapter."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

import numpy as np

import adapters
from benchmarks.devices import actual
from benchmarks.plan import PHASES, Implementation
from benchmarks.problems import rate, step_results, trained
from benchmarks.running import TRANSFERS, Prepared, Run, clock, median, no_wait
from conformance.run import parts
from gradwitness import frameworks
from gradwitness.arrays import Array
from gradwitness.subjects.pair import Subject, leaves, tree_map
from reference import MODELS


def reference(name: str, at: Subject) -> Prepared:
    """The reference's own pair and training loop."""
    op = MODELS[name]
    numpy: Any = frameworks.load("numpy")  # its vjp takes a pair
    params, batch, state, _ = parts(at, {})
    forward = partial(op.forward, **at.static)
    runs = {
        "forward": Run(lambda: next(leaves(forward(*at.inputs)[0])), lambda loss: [loss], no_wait),
        "forward+backward": Run(
            partial(numpy.vjp((forward, op.backward)), at.inputs, at.cotangent),
            lambda result: [*leaves(result[0]), *at.align(result[1])],
            no_wait,
        ),
        "step": Run(partial(next, trained(name, at)), lambda step: step_results(step, params | state), no_wait),
    }
    return Prepared(runs, build=0.0, to_device=median(lambda: tree_map(np.array, batch), TRANSFERS))


def adapter(name: str, at: Subject, who: Implementation, phases: Collection[str] = PHASES) -> Prepared:
    """An adapter's model, its gradients, and its trainer around the framework's own optimizer; what the phases need of them."""
    loaded = adapters.load(who.framework)
    framework, native_model = loaded.framework, loaded.models[name]
    params, host, state, config = parts(at, native_model.conventions)
    put = partial(framework.from_numpy, device=actual(who.device))

    def send() -> dict[str, Any]:
        sent: dict[str, Any] = tree_map(put, host)
        framework.wait(sent)
        return sent

    def build() -> Any:
        return native_model.from_reference(params, state, device=actual(who.device), **config)

    # Where there is a GPU, PyTorch's and TensorFlow's wait drain it even for what was computed, synchronously, on the CPU.
    wait = framework.wait if who.asynchronous else no_wait
    batch, runs, seconds = send(), {}, 0.0
    dout, *_ = leaves(at.cotangent)
    if "forward" in phases or "forward+backward" in phases:
        seconds, model = clock(build)
    if "step" in phases:  # its own model: it changes it
        seconds, own = clock(build)
        trainer = loaded.trainer(own, loaded.optimizers["sgd"](**rate(name)), who.mode)

    def gradient_arrays(result: Any) -> list[Array]:
        loss, dparams, dx, after = result
        kept = loaded.named_state(after, model)
        grads = (loaded.named(dparams, model), *(() if dx is None else (framework.to_numpy(dx),)))
        return [framework.to_numpy(loss), *(kept[key] for key in state), *at.align(grads)]

    def step_arrays(result: Any) -> list[Array]:
        after = native_model.to_reference(trainer.model) | native_model.state_of(trainer.model)
        return [framework.to_numpy(result[0]), *(after[key] for key in params | state)]

    if "forward" in phases:
        runs["forward"] = Run(partial(loaded.loss(model, who.mode), batch), lambda loss: [framework.to_numpy(loss)], wait)
    if "forward+backward" in phases:
        runs["forward+backward"] = Run(partial(loaded.gradients(model, who.mode), batch, put(dout)), gradient_arrays, wait)
    if "step" in phases:  # the loss may be there before the parameters are: wait for both
        runs["step"] = Run(lambda: (trainer.step(batch), trainer.model), step_arrays, wait)
    return Prepared(runs, build=seconds, to_device=median(send, TRANSFERS))
