"""The reference by itself: no framework is needed here, only NumPy.

Every backward is held against numerical differentiation of its forward, and the contract of an op is held against
every op.
"""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import K
from gradwitness.oracles import check_subject
from gradwitness.subject import floats_to, leaves, tree_map
from reference import MODELS, OPS, OPTIMIZERS, Case, Op, Optimizer
from tests.run import evidence, subject

FUNCTIONS = OPS | MODELS
DTYPES = ("float32", "float64", "longdouble")


EVERY_CASE = [pytest.param(op, case, id=f"{op.name}-{case.id}") for op in FUNCTIONS.values() for case in op.cases]


@pytest.mark.parametrize(("op", "case"), EVERY_CASE)
def test_backward_is_the_derivative_of_forward(op: Op, case: Case) -> None:
    check_subject(subject(op, case))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("op", "case"), EVERY_CASE)
def test_rounding_alone_explains_what_the_reference_returns_in_a_dtype(op: Op, case: Case, dtype: str) -> None:
    told = evidence(op, case.id, dtype)
    told.judge(told.native)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("op", "case"), EVERY_CASE)
def test_no_case_is_blind(op: Op, case: Case, dtype: str) -> None:
    # Saturation and cancellation cost digits; a case that lost all of them in a dtype could not fail there.
    told = evidence(op, case.id, dtype)
    for name, measured in zip(told.names, told.measured, strict=True):
        worst = np.unravel_index(np.argmax(np.abs(measured.truth)), measured.truth.shape)
        largest = float(np.abs(measured.truth[worst]))
        if not name.startswith("out") and name[1:].split("[")[0] not in case.zero:
            assert K * float(measured.spread[worst]) < 0.01 * largest, name


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("op", "case"), EVERY_CASE)
def test_results_have_the_dtype_and_shape_of_their_arguments(op: Op, case: Case, dtype: str) -> None:
    at = subject(op, case).rounded(dtype)
    out, cache = op.forward(*at.inputs, **at.static)
    grads = op.backward(at.cotangent, cache)
    assert {o.dtype for o in leaves(out)} == {np.dtype(dtype)}
    for argument, grad in zip(leaves(at.inputs), at.align(grads), strict=True):
        assert grad.dtype == np.dtype(dtype)
        assert grad.shape == argument.shape


@pytest.mark.parametrize(("op", "case"), EVERY_CASE)
def test_arguments_are_never_mutated(op: Op, case: Case) -> None:
    at = subject(op, case)
    watched = (at.inputs, dict(at.static), at.cotangent)
    before = tree_map(np.copy, watched)
    _, cache = op.forward(*at.inputs, **at.static)
    op.backward(at.cotangent, cache)
    op.backward(at.cotangent, cache)  # a backward that consumed its cache would differ or fail here
    for was, now in zip(leaves(before), leaves(watched), strict=True):
        assert np.array_equal(was, now)


@pytest.mark.parametrize(("op", "case"), EVERY_CASE)
def test_backward_may_be_called_again(op: Op, case: Case) -> None:
    at = subject(op, case)
    _, cache = op.forward(*at.inputs, **at.static)
    first, second = (at.align(op.backward(at.cotangent, cache)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_training_leaves_out_the_gradient_of_the_input_and_nothing_else(model: Op) -> None:
    at = subject(model, model.cases[0])
    _, cache = model.forward(*at.inputs, **at.static)
    (whole, dx), (dparams, none) = model.backward(at.cotangent, cache), model.backward(at.cotangent, cache, input_gradient=False)
    assert dx is not None
    assert none is None
    assert all(np.array_equal(whole[name], dparams[name]) for name in whole)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_step_keeps_dtype_and_arguments(optimizer: Optimizer, dtype: str) -> None:
    for case in optimizer.cases:
        param, grads = (a.astype(dtype) for a in case.inputs(np.random.default_rng(0)))
        before = param.copy(), grads.copy()
        after, _ = optimizer.step(param, grads[0], optimizer.init(param), **case.attrs)
        assert after.dtype == np.dtype(dtype)
        assert after.shape == param.shape
        assert np.array_equal(param, before[0])
        assert np.array_equal(grads, before[1])


def test_gradient_descent_reaches_the_minimum_of_a_quadratic() -> None:
    # L = |param|^2 / 2 with lr = 1/2 halves the parameter at each step, exactly.
    sgd, param = OPTIMIZERS["sgd"], np.array([8.0, -16.0])
    state = sgd.init(param)
    for _ in range(4):
        param, state = sgd.step(param, param, state, lr=0.5)
    assert param.tolist() == [0.5, -1.0]


def _ones(*shape: int) -> np.ndarray:
    return np.ones(shape)


BAD: list[tuple[str, Callable[[], Any], str]] = [
    (
        "linear",
        lambda: OPS["linear"].forward(_ones(4, 3), _ones(5, 2), _ones(2)),
        r"x is of shape \(4, 3\); wanted \(\.\.\., 5\)",
    ),
    ("linear", lambda: OPS["linear"].forward(_ones(4, 3), _ones(3, 2), _ones(3)), r"bias is of shape \(3,\); wanted \(2,\)"),
    ("linear", lambda: OPS["linear"].forward(_ones(4, 3), _ones(3), _ones(3)), r"weight is of shape \(3,\); wanted \(I, O\)"),
    (
        "linear",
        lambda: OPS["linear"].forward(_ones(4, 3).astype("float32"), _ones(3, 2), _ones(2)),
        "weight is of dtype float64; wanted float32",
    ),
    ("relu", lambda: OPS["relu"].forward(np.array([1, 2])), "x is of dtype int64; wanted floats"),
    ("sigmoid", lambda: OPS["sigmoid"].forward([1.0, 2.0]), "x is a list; wanted an array of floats"),
    (
        "binary_cross_entropy",
        lambda: OPS["binary_cross_entropy"].forward(_ones(2), labels=np.array([True, False])),
        "labels is of dtype bool; wanted floats",
    ),
    ("glu", lambda: OPS["glu"].forward(_ones(2, 3)), r"x is of shape \(2, 3\); wanted an even length of axis -1"),
    ("prelu", lambda: OPS["prelu"].forward(_ones(2, 3), _ones(2)), r"weight is of shape \(2,\); wanted \(3,\) or \(1,\)"),
    ("softplus", lambda: OPS["softplus"].forward(_ones(2), beta=0.0), r"beta is 0\.0; wanted beta > 0"),
    (
        "hard_tanh",
        lambda: OPS["hard_tanh"].forward(_ones(2), min_value=1.0),
        r"min_value is 1\.0; wanted less than max_value, 1\.0",
    ),
    ("celu", lambda: OPS["celu"].forward(_ones(2), alpha=0.0), r"alpha is 0\.0; wanted another number than 0"),
    ("log_softmax", lambda: OPS["log_softmax"].forward(_ones(2), axis=1), r"axis is 1; wanted an axis of x"),
    ("mse", lambda: OPS["mse"].forward(_ones(4, 1), _ones(4)), r"target is of shape \(4,\); wanted \(4, 1\)"),
    (
        "mse",
        lambda: OPS["mse"].forward(_ones(2), _ones(2), reduction="avg"),
        r"reduction is 'avg'; wanted 'none', 'mean' or 'sum'",
    ),
    ("mse", lambda: OPS["mse"].forward(_ones(0), _ones(0)), r"'mean' of no elements"),
    ("softmax", lambda: OPS["softmax"].forward(_ones(2, 3), axis=2), r"axis is 2; wanted an axis of x, whose shape is \(2, 3\)"),
    ("softmax", lambda: OPS["softmax"].forward(_ones(2, 0)), r"x is of shape \(2, 0\)"),
    (
        "binary_cross_entropy",
        lambda: OPS["binary_cross_entropy"].forward(_ones(2), labels=_ones(3)),
        r"labels is of shape \(3,\)",
    ),
    (
        "binary_cross_entropy",
        lambda: OPS["binary_cross_entropy"].forward(_ones(2), labels=_ones(2), eps=0.5),
        r"eps is 0\.5; wanted",
    ),
    (
        "binary_cross_entropy_with_logits",
        lambda: OPS["binary_cross_entropy_with_logits"].forward(_ones(2, 3), labels=_ones(2, 3), pos_weight=_ones(2)),
        r"pos_weight is of shape \(2,\); wanted one that broadcasts to \(2, 3\)",
    ),
    (
        "cross_entropy",
        lambda: OPS["cross_entropy"].forward(_ones(3), labels=np.array([0])),
        r"x is of shape \(3,\); wanted \(N, C\)",
    ),
    (
        "cross_entropy",
        lambda: OPS["cross_entropy"].forward(_ones(2, 3), labels=np.array([0, 3])),
        r"labels is \[3\] among others; wanted 0 to 2 or -100",
    ),
    (
        "cross_entropy",
        lambda: OPS["cross_entropy"].forward(_ones(2, 3), labels=np.array([0.0, 1.0])),
        r"of dtype float64; wanted integers",
    ),
    (
        "cross_entropy",
        lambda: OPS["cross_entropy"].forward(_ones(2, 3), labels=np.array([0, 1]), weight=_ones(2)),
        r"weight is of shape \(2,\); wanted \(3,\)",
    ),
    (
        "cross_entropy",
        lambda: OPS["cross_entropy"].forward(_ones(2, 3), labels=np.array([-100, -100])),
        r"'mean' over no label; wanted at least one",
    ),
    (
        "cross_entropy",
        lambda: OPS["cross_entropy"].forward(_ones(1, 3), labels=np.array([0]), label_smoothing=1.5),
        r"label_smoothing is 1\.5; wanted 0 <= label_smoothing <= 1",
    ),
    (
        "two_layer",
        lambda: MODELS["two_layer"].forward(
            *MODELS["two_layer"].cases[0].inputs(np.random.default_rng(0)), labels=_ones(6, 3), loss="l1"
        ),
        r"loss is 'l1'; wanted 'binary_cross_entropy' or 'mse'",
    ),
    (
        "mlp",
        lambda: MODELS["mlp"].forward(
            *MODELS["mlp"].cases[0].inputs(np.random.default_rng(0)), labels=np.zeros(6, int), activation="cube"
        ),
        r"activation is 'cube'; wanted one of relu, sigmoid, softmax, tanh",
    ),
    ("sgd", lambda: OPTIMIZERS["sgd"].step(_ones(2), _ones(3), {}, lr=0.1), r"grad is of shape \(3,\); wanted \(2,\)"),
    ("sgd", lambda: OPTIMIZERS["sgd"].step(_ones(2), _ones(2), {}, lr=-1.0), r"lr is -1\.0; wanted lr >= 0"),
]


@pytest.mark.parametrize(("name", "call", "message"), BAD, ids=[f"{name}-{i}" for i, (name, _, _) in enumerate(BAD)])
def test_bad_input_is_named_at_the_door(name: str, call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: .*{message}"):
        call()


def test_an_integer_array_is_not_cast() -> None:
    labels = np.array([1, 2])
    assert floats_to("float32")(labels).dtype == labels.dtype


@pytest.mark.parametrize("package", ["reference", "gradwitness", "adapters"])
def test_importing_loads_no_framework(package: str) -> None:
    code = f"import sys, {package}; print(sorted({{'torch', 'tensorflow', 'keras', 'jax', 'optax', 'flax'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
