"""What is compiled or traced once in a check, and that this changes nothing: functions that keep state run as they are."""

from __future__ import annotations

import importlib
import itertools
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gradwitness import check_function


@pytest.fixture
def jax() -> ModuleType:
    return pytest.importorskip("jax", reason="JAX is not installed")


@pytest.fixture
def tf() -> Any:
    return pytest.importorskip("tensorflow", reason="TensorFlow is not installed")


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"gradwitness.{name}")


def test_programs_of_jax_that_do_the_same_are_equal(jax: Any) -> None:
    structure = _module("rounding.jax.structure")

    def program(function: Callable[[Any], Any], x: Any = 1.0) -> Any:
        return structure.program(jax.make_jaxpr(function)(x))

    def loop(factor: float) -> Callable[[Any], Any]:
        return lambda x: jax.lax.fori_loop(0, 3, lambda _, c: jax.numpy.tanh(factor * c), x)

    assert program(loop(1.5)) == program(loop(1.5))
    assert hash(program(loop(1.5))) == hash(program(loop(1.5)))
    assert program(loop(1.5)) != program(loop(1.25))
    assert program(lambda x: x + 0.0) != program(lambda x: x + -0.0)
    assert program(lambda x: x + 0.0) != program(lambda x: x + 0.0, jax.numpy.float16(1))
    assert program(lambda x: x * np.arange(3.0)) != program(lambda x: x * np.arange(1.0, 4.0))
    assert program(lambda x: (x + 1.0) * x) != program(lambda x: (x + 1.0) * (x + 1.0))


@pytest.mark.parametrize("what", ["a rule", "an effect", "a large constant"])
def test_programs_of_jax_that_cannot_be_compared_say_so(what: str, jax: Any) -> None:
    structure = _module("rounding.jax.structure")

    @jax.custom_vjp
    def own(x: Any) -> Any:
        return x

    own.defvjp(lambda x: (x, None), lambda _, dout: (dout,))
    large = np.ones(2 * structure.LARGEST)
    functions = {
        "a rule": own,
        "an effect": lambda x: jax.debug.callback(print, x),
        "a large constant": lambda x: x * large,
    }
    with pytest.raises(structure.Unlike):
        structure.program(jax.make_jaxpr(functions[what])(1.0))


def _recurrence(jax: Any) -> Callable[[Any, Any], Any]:
    def recurrence(x: Any, w: Any) -> Any:
        def step(h: Any, row: Any) -> Any:
            return jax.numpy.tanh(row @ w + jax.numpy.maximum(h, 0) * 0.5), h

        last, all_ = jax.lax.scan(step, jax.numpy.zeros(3, x.dtype), x)
        return last + all_.sum(0)

    return recurrence


def test_gradients_of_loops_of_jax_are_the_same_and_their_code_runs_each_time(jax: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    loops, backend = _module("subjects.tensors.jax.loops"), _module("subjects.tensors.jax").BACKEND
    monkeypatch.setattr(loops, "SLOW", -1.0)
    calls, function = [], _recurrence(jax)

    def run(leaves: Any) -> list[Any]:
        calls.append(leaves)
        return [function(*leaves)]

    rng = np.random.default_rng(0)
    inputs = [jax.numpy.asarray(rng.normal(size=shape), np.float32) for shape in ((5, 4), (4, 3))]
    kept = loops.Looping(backend.vjp)
    plain_outs, plain = backend.vjp(run, inputs)
    for _ in range(3):
        outs, pull = kept(run, inputs)
        assert np.array_equal(outs[0], plain_outs[0])
        for one, other in zip(pull(plain_outs), plain(plain_outs), strict=True):
            assert np.array_equal(one, other)
    assert len(calls) == 4
    assert loops._compiled.cache_info().hits


def test_a_loop_of_jax_that_changes_at_each_call_is_seen(jax: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_module("subjects.tensors.jax.loops"), "SLOW", -1.0)
    calls = itertools.count()  # random generators are put back

    def changing(x: Any) -> Any:
        factor = 1 + next(calls) / 64
        return jax.lax.scan(lambda c, row: (jax.numpy.tanh(c * row + factor), None), jax.numpy.zeros(3), x)[0]

    report = check_function(changing, (jax.numpy.linspace(-1, 1, 12).reshape(4, 3),))
    assert report.verdict == "wrong"
    assert any("varies" in finding.message for finding in report)


def test_a_loop_of_jax_that_looks_at_values_runs_as_it_is(jax: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_module("subjects.tensors.jax.loops"), "SLOW", -1.0)

    def looking(x: Any) -> Any:
        if x.sum() > 100:
            return x
        return jax.lax.scan(lambda c, row: (jax.numpy.tanh(c * row + 0.5), None), jax.numpy.zeros(3), x)[0]

    assert check_function(looking, (jax.numpy.linspace(-1, 1, 12).reshape(4, 3),)).verdict == "right"


def _evaluated(tf: Any, function: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any], int]:
    """What some calls of an evaluator return, and how often the code ran."""
    traced, backend = _module("subjects.tensors.tensorflow.traced"), _module("subjects.tensors.tensorflow").BACKEND
    monkeypatch.setattr(traced, "SLOW", -1.0)
    calls = []

    def run(leaves: Any) -> list[Any]:
        calls.append(leaves)
        return [function(*leaves)]

    evaluate = backend.evaluator(function, run)
    values = [evaluate([tf.constant([0.5, i], tf.float64)])[0].numpy() for i in range(8)]
    return values, len(calls)


def test_a_slow_function_of_tensorflow_is_traced(tf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    values, calls = _evaluated(tf, lambda x: tf.exp(x) * 3, monkeypatch)
    assert calls == 3
    assert all(np.array_equal(value, (tf.exp(tf.constant([0.5, i], tf.float64)) * 3).numpy()) for i, value in enumerate(values))


def test_what_keeps_state_is_not_traced(tf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    variable, counted = tf.Variable(0.0, dtype=tf.float64), []

    def assigns(x: Any) -> Any:
        return x * variable.assign_add(1.0)

    def counts(x: Any) -> Any:
        counted.append(x)
        return x * len(counted)

    functions: list[Callable[[Any], Any]] = [
        assigns,
        counts,
        lambda x: tf.random.normal((), dtype=tf.float64, seed=1) * x,
        lambda x: x * np.random.default_rng().normal(),
        lambda x: tf.numpy_function(np.exp, [x], tf.float64),
        lambda x: x * float(tf.reduce_sum(x).numpy()),
    ]
    for function in functions:
        _, calls = _evaluated(tf, function, monkeypatch)
        assert calls >= 8


def test_most_calls_of_a_slow_function_of_tensorflow_are_those_of_its_graph(tf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    traced = _module("subjects.tensors.tensorflow.traced")
    of_graphs, on = [], traced._on

    def counted(graph: Any, inputs: Any) -> Any:
        of_graphs.append(graph)
        return on(graph, inputs)

    def slow(x: Any, w: Any) -> Any:
        time.sleep(2 * traced.SLOW)
        return tf.tanh(tf.linalg.matvec(w, x))

    monkeypatch.setattr(traced, "_on", counted)
    x, w = tf.constant([0.5, -1.0], tf.float64), tf.constant([[0.3, 0.1], [-0.7, 0.2]], tf.float64)
    assert check_function(slow, (x, w)).verdict == "right"
    assert len(of_graphs) > 20
    assert len(set(of_graphs)) == 1
