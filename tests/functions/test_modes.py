"""`check_function(modes=...)`: what frameworks compile is judged, and what cannot be compiled or compared is said."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from gradwitness import Report, check_function

ROWS = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)


def verdicts(report: Report, mode: str) -> set[str]:
    """Of the findings in a mode."""
    return {finding.verdict for finding in report.findings if f", {mode}" in finding.about}


def said(report: Report, mode: str) -> str:
    """The one sentence about a mode that cannot be judged."""
    (finding,) = [finding for finding in report.findings if finding.about == f"float32, {mode}"]
    assert finding.verdict == "cannot tell"
    return finding.message


def test_inductor_draws_the_numbers_that_eager_pytorch_draws() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    report = check_function(torch.nn.Dropout(0.5), torch.tensor(ROWS), modes=("eager", "inductor"))
    assert report.ok, report
    assert verdicts(report, "inductor") == {"right"}


def test_a_reference_draws_the_numbers_that_the_function_draws() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    dropout = torch.nn.functional.dropout
    report = check_function(lambda x: dropout(x.clone(), 0.5), torch.tensor(ROWS), reference=functools.partial(dropout, p=0.5))
    assert report.ok, report


def test_what_inductor_cannot_compile_as_a_whole_is_said() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    report = check_function(lambda x: 2 * x if x.sum() > 0 else 3 * x, torch.tensor(ROWS), modes=("inductor",))
    assert "Data-dependent branching" in said(report, "inductor")


def test_without_a_compiler_inductor_says_so() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    import torch
    from torch._inductor import config

    # Not monkeypatch: from pytest 9.2 on it ends by deleting a setting that is no entry of the module's __dict__.
    with config.patch({"cpp.cxx": ("no-such-compiler",), "fx_graph_cache": False}):
        report = check_function(lambda x: torch.sin(x) / 3, torch.tensor(ROWS), modes=("inductor",))
    assert "No working C++ compiler found" in said(report, "inductor")


JAX_CALLS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {
    "an axis by keyword": ("softmax", (), {"axis": 0}),
    "an axis by position": ("softmax", (0,), {}),
    "a flag": ("gelu", (), {"approximate": False}),
}


@pytest.mark.parametrize("name", JAX_CALLS)
def test_jit_takes_what_is_no_array_as_it_is(name: str) -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    function, args, kwargs = JAX_CALLS[name]
    report = check_function(getattr(jax.nn, function), (jax.numpy.asarray(ROWS), *args), kwargs=kwargs, modes=("eager", "jit"))
    assert report.ok, report
    assert verdicts(report, "jit") == {"right"}


def test_jit_takes_names_functions_and_shapes_as_they_are() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")

    def layer(params: Any, activation: Any, shape: Any) -> Any:
        return activation(params["w"]).reshape(shape) if params["kind"] == "dense" else params["w"]

    inputs = ({"w": jax.numpy.asarray(ROWS), "kind": "dense"}, jax.numpy.tanh, (2, 10))
    report = check_function(layer, inputs, modes=("eager", "jit"))
    assert report.ok, report
    assert verdicts(report, "jit") == {"right"}


@pytest.mark.parametrize("mode", ["eager", "jit"])
def test_dropout_of_flax_is_judged_in_float32(mode: str) -> None:
    """Its key is a constant of the program."""
    nn = pytest.importorskip("flax.linen", reason="Flax is not installed")
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    kwargs = {"rngs": {"dropout": jax.random.key(0)}}
    report = check_function(nn.Dropout(0.5, deterministic=False), ({}, jax.numpy.asarray(ROWS)), kwargs=kwargs, modes=(mode,))
    assert report.ok, report


def test_a_graph_is_made_of_what_decides_by_values() -> None:
    """By AutoGraph; of a tf.function as well, which keeps tensors without values of its earlier traces."""
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

    def plain(x: Any) -> Any:
        if tf.reduce_sum(x) > 0:
            return 2 * x
        return 3 * x

    for function in (plain, tf.function(plain)):
        report = check_function(function, tf.constant(ROWS), modes=("eager", "graph"))
        assert report.ok, report
        assert verdicts(report, "graph") == {"right"}


def test_xla_draws_other_numbers_and_is_not_compared() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    layer = keras.layers.Dropout(0.5, seed=3)
    report = check_function(layer, tf.constant(ROWS), kwargs={"training": True}, modes=("graph", "xla"))
    assert verdicts(report, "graph") == {"right"}
    assert "XLA draws others" in said(report, "xla")
