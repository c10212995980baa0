"""Gradient clipping against each framework's own, under the convention that the adapter names; and what the other one does."""

import re
from functools import partial
from typing import Any

import numpy as np
import pytest

import adapters
from adapters import Adapter
from conformance.having import having
from gradwitness import Disagreement
from gradwitness.rounding.arithmetic import Measured, measure
from gradwitness.verdict import judge
from reference import CLIPPING
from reference.case import seed

LIMITS = {"most_are_clipped": 0.5, "some_are_clipped": 4.0, "none_is_clipped": 64.0}


def gradients(dtype: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed("clipping"))
    shapes = {"weight": (3, 4), "bias": (4,), "zero": (2,)}
    return {name: (rng.normal(size=shape) * (name != "zero")).astype(dtype) for name, shape in shapes.items()}


def expected(name: str, dtype: str, limit: float, **convention: float) -> dict[str, Measured]:
    grads = gradients(dtype)

    def run(lift: Any) -> list[np.ndarray]:
        return list(CLIPPING[name]({key: lift(grad) for key, grad in grads.items()}, limit=limit, **convention).values())

    return dict(zip(grads, measure(run, dtype, seed=seed(name)), strict=True))


def clipped(adapter: Adapter, name: str, dtype: str, limit: float) -> dict[str, np.ndarray]:
    framework = adapter.framework
    grads = {key: framework.from_numpy(grad) for key, grad in gradients(dtype).items()}
    return {key: framework.to_numpy(grad) for key, grad in adapter.clipping[name](grads, limit=limit).items()}


@pytest.fixture(params=adapters.NAMES)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    return having(request.param, "clipping", *CLIPPING)


@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CLIPPING)
def test_clipping(adapter: Adapter, name: str, dtype: str, limit: float) -> None:
    results = clipped(adapter, name, dtype, limit)
    for key, measured in expected(name, dtype, limit, **adapter.conventions.get(name, {})).items():
        judge(key, results[key], measured, dtype)


@pytest.mark.parametrize("name", ["clip_by_norm", "clip_by_global_norm"])
def test_pytorch_s_epsilon_is_there(adapter: Adapter, name: str) -> None:
    # What clip_grad_norm_ leaves falls short of the limit by 1e-6 / (norm + 1e-6) of it; the exact rule does not.
    results, exact = clipped(adapter, name, "float64", 0.5), expected(name, "float64", 0.5)
    short = {key: partial(judge, key, results[key], exact[key], "float64") for key in ("weight", "bias")}
    for check in short.values():
        if adapter.spec.name == "torch":
            with pytest.raises(Disagreement):
                check()
        else:
            check()


@pytest.mark.parametrize("dtype", ["float32", "float64", "longdouble"])
@pytest.mark.parametrize("name", CLIPPING)
def test_the_direction_stays_and_dtypes_do(name: str, dtype: str) -> None:
    grads = {key: grad.astype(dtype) for key, grad in gradients("float64").items()}
    before = {key: grad.copy() for key, grad in grads.items()}
    after = CLIPPING[name](grads, limit=0.5)
    assert all(np.array_equal(grads[key], before[key]) for key in grads)
    assert all(after[key].dtype == np.dtype(dtype) and after[key].shape == grads[key].shape for key in grads)
    assert all((np.sign(after[key]) == np.sign(grads[key])).all() for key in grads)
    same = CLIPPING[name](grads, limit=64.0)
    assert all(np.array_equal(same[key], grads[key]) for key in grads)


@pytest.mark.parametrize("name", CLIPPING)
def test_a_limit_that_is_not_positive_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{name}: limit is 0.0; wanted limit > 0")):
        CLIPPING[name](gradients("float64"), limit=0.0)
