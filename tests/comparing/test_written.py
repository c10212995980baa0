"""`compare` takes a forward with its backward in NumPy: values and gradients beside those of a framework."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradwitness import BadCall, compare, frameworks

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(5, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=2)


def forward(x: Any, weight: Any, bias: Any) -> Any:
    out = np.tanh(x @ weight + bias)
    return out, (x, weight, out)


def backward(dout: Any, cache: Any) -> Any:
    x, weight, out = cache
    dz = dout * (1 - out**2)
    return dz @ weight.T, x.T @ dz, dz.sum(axis=0)


def averaged(dout: Any, cache: Any) -> Any:
    x, weight, out = cache
    dz = dout * (1 - out**2)
    return dz @ weight.T, x.T @ dz, dz.mean(axis=0)


def layer(x: Any, weight: Any, bias: Any) -> Any:
    return torch.tanh(x @ weight + bias)


class Layer:
    """The same with weights in an object, whose gradients it keeps."""

    def __init__(self) -> None:
        self.weight, self.dweight = INPUTS[1].copy(), None

    def forward(self, x: Any) -> Any:
        self.x, self.out = x, np.tanh(x @ self.weight)
        return self.out

    def backward(self, dout: Any) -> Any:
        dz = dout * (1 - self.out**2)
        self.dweight = self.x.T @ dz
        return dz @ self.weight.T


def moments(x: Any) -> Any:
    return (x.sum(0), (x * x).sum(0)), x


def of_moments(dout: Any, x: Any) -> Any:
    return dout[0] + 2 * x * dout[1]


@pytest.mark.parametrize("dtype", [None, "float32", "float16"])
def test_a_right_pair_is_right(dtype: str | None) -> None:
    report = compare({"by hand": (forward, backward), "autograd": layer}, INPUTS, dtype=dtype)
    assert report.ok, str(report)
    assert [finding.about for finding in report] == ["out", "dx", "dweight", "dbias"]


def test_a_wrong_gradient_is_told_with_its_line() -> None:
    report = compare({"autograd": layer, "by hand": (forward, averaged)}, INPUTS)
    assert [finding.about for finding in report if finding.verdict == "wrong"] == ["dbias"]
    assert "By differences of its values, the gradient of by hand is not their derivative" in report["dbias"].message
    assert report["dbias"].message.endswith("- dz.mean(axis=0)\n+ dz.sum(axis=0)")


def test_values_that_differ_have_a_cause() -> None:
    report = compare(
        {"by hand": (forward, backward), "autograd": lambda x, weight, bias: torch.sigmoid(x @ weight + bias)}, INPUTS
    )
    assert "agrees with" in report["out"].explanation
    assert "The values differ, and so do their derivatives" in report["dx"].message


def test_what_an_object_keeps_is_as_it_was() -> None:
    ours = Layer()
    report = compare(
        {"ours": (ours.forward, ours.backward), "theirs": lambda x: torch.tanh(x @ torch.as_tensor(ours.weight))}, INPUTS[0]
    )
    assert report.ok
    assert ours.dweight is None
    assert (ours.weight == INPUTS[1]).all()


def test_some_outputs_and_some_inputs_can_be_asked_for() -> None:
    theirs = ("torch", lambda x: (x.sum(0), (x * x).sum(0)))
    report = compare({"ours": (moments, of_moments), "theirs": theirs}, INPUTS[0], outputs=1)
    assert [finding.about for finding in report] == ["out[1]", "dx"]
    assert report.ok
    assert [f.about for f in compare({"a": (forward, backward), "b": layer}, INPUTS, wrt=["bias"])] == ["out", "dbias"]


def test_two_pairs_need_no_framework() -> None:
    report = compare({"ours": (forward, backward), "theirs": (forward, averaged)}, INPUTS)
    assert "the gradient of theirs is not their derivative; that of ours is" in report["dbias"].message


@pytest.mark.parametrize("name", ["tensorflow", "jax"])
def test_any_framework_will_do(name: str) -> None:
    if not frameworks.installed(name):
        pytest.skip(f"{name} is not installed")
    library: Any = pytest.importorskip("jax.numpy" if name == "jax" else "tensorflow", reason=f"{name} is not installed")
    theirs = (name, lambda x, weight, bias: library.tanh(library.matmul(x, weight) + bias))
    assert compare({"ours": (forward, backward), "theirs": theirs}, INPUTS).ok


def test_a_pair_has_no_script(tmp_path: Path) -> None:
    report = compare({"by hand": (forward, averaged), "autograd": layer}, INPUTS)
    with pytest.raises(ValueError, match="by hand is a forward and a backward of NumPy"):
        report.reproducer(tmp_path / "script.py")


def test_a_tuple_that_is_no_pair_is_refused() -> None:
    with pytest.raises(
        BadCall, match=r"functions\['ours'\] is a tuple; wanted a function, a module, a pair \(forward, backward\)"
    ):
        compare({"ours": (forward, 3), "theirs": layer}, INPUTS)
    with pytest.raises(BadCall, match="bfloat16"):
        compare({"ours": (forward, backward), "theirs": layer}, INPUTS, dtype="bfloat16")
