"""`judge` on numbers of NumPy against functions of NumPy, of PyTorch, and against ops by their names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import BadCall, Disagreement, assert_judge, judge

X = np.random.default_rng(0).normal(size=(4, 5))


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def from_elsewhere(dtype: Any) -> Any:
    """softmax of another program."""
    x = X.astype(dtype)
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_honest_numbers_are_within_rounding(dtype: str) -> None:
    report = judge(from_elsewhere(dtype), softmax, X)
    assert report.ok, str(report)
    assert report["out"].message == "Within rounding"
    assert 0 < report["out"].sight < {"float32": 1e-4, "float64": 1e-12}[dtype]


@pytest.mark.parametrize("factor", [1 + 1e-4, -1.0, float("nan")])
def test_other_numbers_are_wrong(factor: float) -> None:
    assert judge(factor * from_elsewhere("float32"), softmax, X, dtype="float32").verdict == "wrong"


def test_a_list_has_no_dtype_and_the_narrower_one_is_told() -> None:
    numbers = from_elsewhere("float32").tolist()
    report = judge(numbers, softmax, X)
    assert report.verdict == "cannot tell"
    assert "within it in float32" in report["out"].message
    assert judge(numbers, softmax, X, dtype="float32").ok
    assert judge(numbers, softmax, X, dtype="float64").verdict == "wrong"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_wrong_number_among_many_is_no_other_dtype(dtype: str) -> None:
    """All others have more digits than a narrower dtype holds, and are right to the last one."""
    numbers = from_elsewhere(dtype)
    numbers[2, 3] *= 1 + (1e-3 if dtype == "float32" else 1e-7)
    report = judge(numbers, softmax, X)
    assert (report.verdict, report["out"].wrong) == ("wrong", 1), str(report)


def test_a_name_of_ours_judges_gradients_too() -> None:
    dout = np.random.default_rng(1).normal(size=X.shape)
    out = softmax(X)
    dx = out * (dout - (dout * out).sum(-1, keepdims=True))
    report = judge({"out": out, "dx": dx}, "softmax", X, dout=dout)
    assert report.ok, str(report)
    assert judge({"dx": dx * 1.001}, "softmax", X, dout=dout).verdict == "wrong"


def test_a_function_of_a_framework_judges_gradients_too() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    report = judge({"out": np.square(X).sum(), "dx": 2 * X}, lambda x: torch.square(x).sum(), X)
    assert report.ok, str(report)
    assert judge({"dx": X}, lambda x: torch.square(x).sum(), X)["dx"].verdict == "wrong"


def test_three_percent_of_one_channel_are_seen_in_bfloat16() -> None:
    """Batch norm: each element allows it, and the projection of all of them as well."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    def norm(x: Any, weight: Any, bias: Any) -> Any:
        return torch.nn.functional.batch_norm(x, None, None, weight, bias, training=True)

    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randn(*shape, generator=generator).bfloat16() for shape in ((16, 8, 14, 14), (8,), (8,))]
    leaves = [x.clone().requires_grad_() for x in inputs]
    out = norm(*leaves)
    dout = torch.randn(out.shape, generator=generator).bfloat16()
    (dx, *_) = torch.autograd.grad(out, leaves, dout)
    given = {"dtype": "bfloat16", "dout": dout.float().numpy()}
    assert judge({"dx": dx.float().numpy()}, norm, tuple(inputs), **given).ok
    dx[:, 5] *= 1.03
    finding = judge({"dx": dx.float().numpy()}, norm, tuple(inputs), **given)["dx"]
    assert finding.verdict == "wrong"
    assert "at 5 of axis 1" in finding.explanation


def test_outputs_have_the_names_that_are_given() -> None:
    report = judge((X.min(), X.max()), lambda x: (x.min(), x.max()), X, names=("smallest", "largest"))
    assert [finding.about for finding in report] == ["smallest", "largest"]
    assert report.ok


def test_a_name_that_begins_with_d_is_no_gradient_of_what_is_no_input() -> None:
    assert judge({"density": 2 * X}, lambda x: 2 * x, X).ok


def test_tensors_of_bfloat16_say_their_dtype() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    x = torch.from_numpy(X).bfloat16()
    report = judge(torch.softmax(x, -1), lambda x: torch.softmax(x, -1), x)
    assert report.ok, str(report)
    assert "bfloat16" in str(report)


def test_code_that_leaves_numpy_cannot_be_watched() -> None:
    report = judge(np.tanh(X), lambda x: np.array([[float(v) for v in row] for row in np.tanh(x)]), X)
    assert report.verdict == "cannot tell"
    assert "plain" in report["out"].message


BAD: dict[str, tuple[Any, Any, dict[str, Any], str]] = {
    "words": ("seven", softmax, {}, r"got is text; wanted numbers\. Read the file first: np\.load"),
    "an unknown op": (X, "softmaks", {}, "softmax"),
    "two for one": ((X, X), softmax, {}, "got is with"),
    "a gradient under another name": ({"x": X}, "softmax", {"dout": X}, r'got is with x.*"dx"'),
    "a gradient of what is no input": ({"dz": X}, "softmax", {"dout": X}, r"got is with dz; wanted gradients for dout.*: dx"),
    "no dout": ({"dx": X}, "softmax", {}, "dout is not given"),
    "gradients of NumPy": ({"dx": X}, softmax, {}, "has no gradients"),
    "names": (X, softmax, {"names": ("a", "b")}, "names is"),
}


def test_inputs_of_an_op_may_come_by_name() -> None:
    weight, bias = np.ones((X.shape[-1], 2)), np.zeros(2)
    assert judge(X @ weight, "linear", {"x": X, "bias": bias, "weight": weight}).ok
    with pytest.raises(BadCall, match=r"inputs is a dict of x, w; wanted inputs of linear: x, weight, bias"):
        judge(X @ weight, "linear", {"x": X, "w": weight})


@pytest.mark.parametrize("name", BAD)
def test_a_call_that_cannot_be_used_is_a_bad_call(name: str) -> None:
    got, reference, options, message = BAD[name]
    with pytest.raises(BadCall, match=message):
        judge(got, reference, X, **options)


def test_the_assertion_raises() -> None:
    with pytest.raises(Disagreement, match="WRONG"):
        assert_judge(2 * softmax(X), softmax, X, dtype="float64")
