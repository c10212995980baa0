"""`compare` names what explains that a function of NumPy and one of a framework differ: settings, arrays, lines of source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import compare

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
F = torch.nn.functional
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(2, 3, 5))
IMAGES = RNG.normal(size=(2, 3, 6, 6))
WEIGHTS = {"W": RNG.normal(size=(4, 4)), "U": RNG.normal(size=(3, 4)), "b": RNG.normal(size=3)}


def norm(x: Any, eps: float = 1e-6) -> Any:
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)


def sample_norm(x: Any) -> Any:
    spread = x.var(-1, keepdims=True, ddof=1)
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(spread + 1e-5)


def norm_outside(x: Any) -> Any:
    spread = np.sqrt(x.var(-1, keepdims=True)) + 1e-5
    return (x - x.mean(-1, keepdims=True)) / spread


def huber(x: Any, y: Any) -> Any:
    d = np.abs(x - y)
    return np.where(d < 1.5, 0.5 * d * d, 1.5 * (d - 0.75)).mean()


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(axis=0))
    return e / e.sum(axis=0)


def softmax_of_columns(x: Any) -> Any:
    e = torch.exp(x - x.amax(dim=1, keepdim=True))
    return e / e.sum(dim=0, keepdim=True)


def softmax_of_rows(x: Any) -> Any:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def pooled(x: Any) -> Any:
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).mean(axis=(3, 5))


def summed(x: Any, labels: Any) -> Any:
    return -(x - np.log(np.exp(x).sum(1, keepdims=True)))[np.arange(len(labels)), labels].sum()


def divergence(p: Any, q: Any) -> Any:
    return (p * np.log(p / q)).sum()


class Network:
    """Two layers, whose weights lie in an object."""

    def __init__(self) -> None:
        self.W, self.U, self.b = WEIGHTS["W"], WEIGHTS["U"], WEIGHTS["b"]

    def forward(self, x: Any) -> Any:
        hidden = x @ self.W
        return np.maximum(hidden, 0) @ self.U.T + self.b


class Forgetful(Network):
    def forward(self, x: Any) -> Any:
        hidden = x @ self.W.T
        return hidden @ self.U.T + self.b


def network(x: Any) -> Any:
    first, second, bias = (torch.as_tensor(WEIGHTS[name]) for name in "WUb")
    return torch.relu(x @ first.T) @ second.T + bias


CASES: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...], str]] = {
    "keyword": (norm, lambda x: F.layer_norm(x, (5,)), (X,), "With eps=1e-05, in place of 1e-06, ours agrees with theirs"),
    "number of the other": (huber, F.huber_loss, (2 * X, Y), "With delta=1.5, in place of 1.0, theirs agrees with ours"),
    "axis of theirs": (softmax, lambda x: torch.softmax(x, -1), (X,), "With dim=0 in torch.softmax theirs agrees with ours"),
    "reduction": (summed, F.cross_entropy, (X, np.array([1, 0, 4])), "With reduction='sum', in place of 'mean', theirs"),
    "transposed": (Network().forward, network, (RNG.normal(size=(3, 4)),), "With W transposed ours agrees with theirs"),
    "exchanged": (
        divergence,
        lambda p, q: F.kl_div(p.log(), q, reduction="sum"),
        (softmax_of_rows(X), softmax_of_rows(Y)),
        "With p and q exchanged ours agrees with theirs",
    ),
    "divisor": (
        sample_norm,
        lambda x: F.layer_norm(x, (5,)),
        (X,),
        "+ spread = x.var(-1, keepdims=True, ddof=0)",
    ),
    "place of epsilon": (
        norm_outside,
        lambda x: F.layer_norm(x, (5,)),
        (X,),
        "+ spread = np.sqrt(x.var(-1, keepdims=True) + 1e-05)",
    ),
    "axis of a line": (softmax_of_rows, softmax_of_columns, (X,), "+ return e / e.sum(axis=0, keepdims=True)"),
    "largest": (
        pooled,
        lambda x: F.max_pool2d(x, 2),
        (IMAGES,),
        "+ return x.reshape(n, c, h // 2, 2, w // 2, 2).max(axis=(3, 5))",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_cause_is_named(name: str) -> None:
    ours, theirs, inputs, words = CASES[name]
    explanation = compare({"ours": ours, "theirs": theirs}, inputs, gradients=False)["out"].explanation
    assert words in explanation, explanation


def test_what_differs_from_the_reference_is_changed_to_agree_with_it() -> None:
    functions = {"first": norm, "second": lambda x: norm(x, 1e-5)}
    report = compare(functions, X, reference=lambda x: F.layer_norm(x, (5,)), gradients=False)
    assert report["out"].explanation == "With eps=1e-05, in place of 1e-06, first agrees with reference"


def test_a_line_is_named_with_its_file() -> None:
    ours, theirs, inputs, _ = CASES["divisor"]
    line = sample_norm.__code__.co_firstlineno + 1
    first, *others = compare({"ours": ours, "theirs": theirs}, inputs, gradients=False)["out"].explanation.splitlines()
    assert first == f"With line {line} of test_numpy.py otherwise, ours agrees with theirs"
    assert others[0] == "- spread = x.var(-1, keepdims=True, ddof=1)"


def test_two_mistakes_have_no_one_cause() -> None:
    explanation = compare({"ours": Forgetful().forward, "theirs": network}, (X[:, :4],), gradients=False)["out"].explanation
    assert "agrees" in explanation  # one of them is an array, the other a function: two changes at once


def test_everything_is_as_it_was() -> None:
    code, arrays = norm.__code__, {name: array.copy() for name, array in WEIGHTS.items()}
    for name in ("keyword", "transposed", "divisor"):
        ours, theirs, inputs, _ = CASES[name]
        compare({"ours": ours, "theirs": theirs}, inputs, gradients=False)
    assert norm.__code__ is code
    assert norm.__defaults__ == (1e-6,)
    assert all((WEIGHTS[name] == array).all() for name, array in arrays.items())


@pytest.mark.parametrize("as_reference", [True, False])
def test_gradients_have_the_scale_of_the_first_function_that_has_any(as_reference: bool) -> None:
    """NumPy comes first, and tells the truth of values alone."""

    def of_numpy(x: Any) -> Any:
        return np.tanh(x) * x

    functions = {"plain": lambda x: torch.tanh(x) * x, "by sinh": lambda x: torch.sinh(x) / torch.cosh(x) * x}

    def cut(x: Any) -> Any:
        return torch.tanh(x.detach()) * x

    x = np.linspace(-2, 2, 7).astype("float32")

    def compared(functions: dict[str, Any]) -> Any:
        return compare(functions, x, reference=of_numpy) if as_reference else compare({"numpy": of_numpy, **functions}, x)

    report = compared(functions)
    assert report.ok, report
    assert "of gradients those of plain" in report.examined
    report = compared({**functions, "cut": cut})
    assert [finding.about for finding in report if finding.verdict == "wrong"] == ["dx"]
    assert "the gradient of cut is not their derivative" in report["dx"].message
