"""The ops that are timed by themselves, at an ordinary size each: what they are given, and who runs them how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import adapters
from benchmarks.devices import actual
from benchmarks.plan import Implementation
from benchmarks.running import TRANSFERS, Prepared, Run, clock, median, no_wait
from benchmarks.sizes import OPS as OPS_TIMED
from gradwitness import frameworks
from gradwitness.arrays import Array
from gradwitness.subjects.pair import Subject, leaves, tree_map
from reference import OPS
from reference.case import seed

Draw = Callable[[np.random.Generator], Any]


class Problem(NamedTuple):
    """What an op is given: rng -> the positional arguments of forward, float64, and rng -> its keyword arguments."""

    inputs: Draw
    static: Callable[[np.random.Generator], Mapping[str, Any]] = lambda rng: {}


def _normal(*shapes: tuple[int, ...], scale: float = 1.0) -> Draw:
    return lambda rng: tuple(scale * np.asarray(rng.normal(size=shape)) for shape in shapes)


PROBLEMS = {
    "linear": Problem(_normal((256, 512), (512, 512), (512,))),
    "conv2d": Problem(_normal((16, 32, 32, 32), (64, 32, 3, 3), (64,)), lambda rng: {"padding": 1}),
    "max_pool2d": Problem(_normal((16, 64, 32, 32)), lambda rng: {"kernel_size": 2}),
    "batch_norm": Problem(
        _normal((16, 64, 32, 32), (64,), (64,)),
        lambda rng: {"running_mean": rng.normal(size=64), "running_var": rng.uniform(0.5, 2, size=64)},
    ),
    "layer_norm": Problem(_normal((512, 768), (768,), (768,))),
    "lstm": Problem(_normal((32, 64, 128), (32, 128), (32, 128), (128, 512), (128, 512), (512,), scale=0.1)),
    "scaled_dot_product_attention": Problem(_normal(*[(8, 8, 128, 64)] * 3)),
    "gelu": Problem(_normal((1024, 1024))),
    "softmax": Problem(_normal((512, 1000))),
    "cross_entropy": Problem(_normal((512, 1000)), lambda rng: {"labels": rng.integers(0, 1000, size=512)}),
}


def subject(name: str) -> Subject:
    """The problem as the engine takes it."""
    number = seed("benchmarks", name, OPS_TIMED[name])
    rng = np.random.default_rng(number)
    op, problem = OPS[name], PROBLEMS[name]
    inputs, static = problem.inputs(rng), problem.static(rng)
    return Subject(op.forward, op.backward, inputs, static, number, detached=op.detached)


def reference(name: str, at: Subject) -> Prepared:
    """The reference's own pair."""
    op = OPS[name]
    numpy: Any = frameworks.load("numpy")  # its vjp takes a pair
    forward = partial(op.forward, **at.static)
    runs = {
        "forward": Run(lambda: forward(*at.inputs)[0], lambda out: list(leaves(out)), no_wait),
        "forward+backward": Run(
            partial(numpy.vjp((forward, op.backward)), at.inputs, at.cotangent),
            lambda result: [*leaves(result[0]), *at.align(result[1])],
            no_wait,
        ),
    }
    return Prepared(runs, build=0.0, to_device=median(lambda: tree_map(np.array, at.inputs), TRANSFERS))


def adapter(name: str, at: Subject, who: Implementation) -> Prepared:
    """An adapter's spelling."""
    loaded = adapters.load(who.framework)
    framework = loaded.framework
    put = partial(framework.from_numpy, device=actual(who.device))
    wait = framework.wait if who.asynchronous else no_wait

    def send() -> tuple[Any, Any]:
        sent = tree_map(put, at.inputs), tree_map(put, dict(at.static))
        framework.wait(sent)
        return sent

    def arrays(tree: Any) -> list[Array]:
        return [framework.to_numpy(leaf) for leaf in leaves(tree)]

    seconds, (inputs, static) = clock(send)
    fn = partial(loaded.ops[name], **static)
    dout = tree_map(put, at.cotangent)
    runs = {
        "forward": Run(partial(framework.compile(fn, who.mode), *inputs), arrays, wait),
        "forward+backward": Run(partial(framework.vjp(fn, who.mode), inputs, dout), arrays, wait),
    }
    return Prepared(runs, build=seconds, to_device=median(send, TRANSFERS))
