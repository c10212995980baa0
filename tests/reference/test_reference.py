"""The reference by itself: no framework is needed here, only NumPy.

Every backward is held against numerical differentiation of its forward, and the contract of an op is held against
every op.
"""

import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import numpy as np
import pytest

from conformance.run import evidence as evidence_of
from conformance.run import subject as subject_of
from gradwitness import Disagreement, K
from gradwitness.derivative.oracle import Vacuous, check_subject
from gradwitness.rounding.arithmetic import Unstable
from gradwitness.subjects.pair import floats_to, leaves, tree_map
from reference import MODELS, OPS, OPTIMIZERS, Case, Op, Optimizer
from reference.schedules import rate

FUNCTIONS = OPS | MODELS
DTYPES = ("float32", "float64", "longdouble")


EVERY_CASE = [pytest.param(op, case, id=f"{op.name}-{case.id}") for op in FUNCTIONS.values() for case in op.cases]


Telling = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def telling(request: pytest.FixtureRequest) -> Telling:
    """telling(op, case, *where): a verdict of the engine fails the test with its message, the place and a command to replay it.

    Where the engine reached it is no concern of whoever reads the failure, and is not printed.
    """

    @contextmanager
    def place(*where: object) -> Iterator[None]:
        try:
            yield
        except (Disagreement, Vacuous, Unstable) as verdict:
            message = f"{' / '.join(map(str, where))}: {type(verdict).__name__}\n{verdict}"
            message += f'\nreplay: python -m pytest "{request.node.nodeid}"'
            raise pytest.fail.Exception(message, pytrace=False) from None

    return place


@pytest.mark.parametrize(("op", "case"), EVERY_CASE)
def test_backward_is_the_derivative_of_forward(op: Op, case: Case, telling: Telling) -> None:
    with telling(op.name, case.id):
        check_subject(subject_of(op, case))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("op", "case"), EVERY_CASE)
def test_rounding_alone_explains_what_the_reference_returns_in_a_dtype(op: Op, case: Case, dtype: str, telling: Telling) -> None:
    with telling(op.name, case.id, dtype):
        evidence = evidence_of(op, case.id, dtype)
        evidence.judge(evidence.native)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("op", "case"), EVERY_CASE)
def test_no_case_is_blind(op: Op, case: Case, dtype: str, telling: Telling) -> None:
    # Saturation and cancellation cost digits; a case that lost all of them in a dtype could not fail there.
    with telling(op.name, case.id, dtype):
        evidence = evidence_of(op, case.id, dtype)
        for name, measured in zip(evidence.names, evidence.measured, strict=True):
            worst = np.unravel_index(np.argmax(np.abs(measured.truth)), measured.truth.shape)
            largest, allowance = float(np.abs(measured.truth[worst])), K * float(measured.spread[worst])
            if not name.startswith("out") and name[1:].split("[")[0] not in case.zero and not allowance < 0.01 * largest:
                raise Vacuous(
                    f"{name} is blind: its largest element is {largest:.3g}, and {allowance:.3g} is allowed to rounding"
                )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("op", "case"), EVERY_CASE)
def test_results_have_the_dtype_and_shape_of_their_arguments(op: Op, case: Case, dtype: str) -> None:
    subject = subject_of(op, case).rounded(dtype)
    out, cache = op.forward(*subject.inputs, **subject.static)
    grads = op.backward(subject.cotangent, cache)
    assert {o.dtype for o in leaves(out)} == {np.dtype(dtype)}
    for argument, grad in zip(leaves(subject.inputs), subject.align(grads), strict=True):
        assert grad.dtype == np.dtype(dtype)
        assert grad.shape == argument.shape


@pytest.mark.parametrize(("op", "case"), EVERY_CASE)
def test_arguments_are_never_mutated(op: Op, case: Case) -> None:
    subject = subject_of(op, case)
    watched = (subject.inputs, dict(subject.static), subject.cotangent)
    before = tree_map(np.copy, watched)
    _, cache = op.forward(*subject.inputs, **subject.static)
    op.backward(subject.cotangent, cache)
    op.backward(subject.cotangent, cache)  # a backward that consumed its cache would differ or fail here
    for was, now in zip(leaves(before), leaves(watched), strict=True):
        assert np.array_equal(was, now)


@pytest.mark.parametrize(("op", "case"), EVERY_CASE)
def test_backward_may_be_called_again(op: Op, case: Case) -> None:
    subject = subject_of(op, case)
    _, cache = op.forward(*subject.inputs, **subject.static)
    first, second = (subject.align(op.backward(subject.cotangent, cache)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


WITH_X = {name: model for name, model in MODELS.items() if "x" in inspect.signature(model.forward).parameters}  # not tokens


@pytest.mark.parametrize("model", WITH_X.values(), ids=WITH_X)
def test_training_leaves_out_the_gradient_of_the_input_and_nothing_else(model: Op) -> None:
    subject = subject_of(model, model.cases[0])
    _, cache = model.forward(*subject.inputs, **subject.static)
    (whole, dx), (dparams, none) = (
        model.backward(subject.cotangent, cache),
        model.backward(subject.cotangent, cache, input_gradient=False),
    )
    assert dx is not None
    assert none is None
    assert all(np.array_equal(whole[name], dparams[name]) for name in whole)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_step_keeps_dtype_and_arguments(optimizer: Optimizer, dtype: str) -> None:
    for case in optimizer.cases:
        param, grads = (a.astype(dtype) for a in case.inputs(np.random.default_rng(0)))
        hyper = {**case.attrs, "lr": rate(case.attrs["lr"], 0)}
        state = optimizer.init(param)
        for grad in grads[:2]:
            watched = (param, grad, state)
            before = tree_map(np.copy, watched)
            after, state = optimizer.step(param, grad, state, **hyper)
            assert {a.dtype for a in (after, *state.values()) if a.dtype.kind == "f"} == {np.dtype(dtype)}
            assert after.shape == param.shape
            assert state.keys() == watched[2].keys()
            assert all(np.array_equal(was, now) for was, now in zip(leaves(before), leaves(watched), strict=True))
            param = after


def test_gradient_descent_reaches_the_minimum_of_a_quadratic() -> None:
    # L = |param|^2 / 2 with lr = 1/2 halves the parameter at each step, exactly.
    sgd, param = OPTIMIZERS["sgd"], np.array([8.0, -16.0])
    state = sgd.init(param)
    for _ in range(4):
        param, state = sgd.step(param, param, state, lr=0.5)
    assert param.tolist() == [0.5, -1.0]


def test_an_integer_array_is_not_cast() -> None:
    labels = np.array([1, 2])
    assert floats_to("float32")(labels).dtype == labels.dtype


@pytest.mark.parametrize("package", ["reference", "gradwitness", "adapters"])
def test_importing_loads_no_framework(package: str) -> None:
    code = f"import sys, {package}; print(sorted({{'torch', 'tensorflow', 'keras', 'jax', 'optax', 'flax'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
