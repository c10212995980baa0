"""`compare` names the convention by which two modules differ, where one that it can change explains it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import compare

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def drawn(*shape: int) -> Any:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


class Recurrent(torch.nn.Module):  # type: ignore[misc]  # a class of a module that may be missing
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.lstm = torch.nn.LSTM(2, 3)

    def forward(self, x: Any) -> Any:
        return self.lstm(x)[0]


def gates() -> tuple[Any, Any, Any]:
    first = Recurrent()
    second = copy.deepcopy(first)
    with torch.no_grad():
        for parameter in second.parameters():
            parameter.copy_(torch.cat([parameter.chunk(4)[i] for i in (0, 2, 1, 3)]))
    return first, second, drawn(4, 2, 2)


def transposed() -> tuple[Any, Any, Any]:
    first = torch.nn.Linear(3, 3)
    second = copy.deepcopy(first)
    with torch.no_grad():
        second.weight.copy_(first.weight.T)
    return first, second, drawn(4, 3)


def flattened() -> tuple[Any, Any, Any]:
    first = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 2), torch.nn.Flatten(), torch.nn.Linear(8, 3))
    second = copy.deepcopy(first)
    with torch.no_grad():
        second[2].weight.copy_(first[2].weight.reshape(3, 2, 4).mT.reshape(3, 8))
    return first, second, drawn(2, 1, 3, 3)


def exchanged() -> tuple[Any, Any, Any]:
    first = torch.nn.BatchNorm1d(4).eval()
    first.running_mean.copy_(drawn(4))
    first.running_var.copy_(drawn(4).abs() + 1)
    second = copy.deepcopy(first)
    second.running_mean.copy_(first.running_var)
    second.running_var.copy_(first.running_mean)
    return first, second, drawn(3, 4)


def padded() -> tuple[Any, Any, Any]:
    first = torch.nn.Conv2d(2, 3, 3, stride=2, padding=1)
    second = copy.deepcopy(first)
    second.padding = (0, 0)
    return first, torch.nn.Sequential(torch.nn.ZeroPad2d((0, 1, 0, 1)), second), drawn(2, 2, 6, 6)


def resized(**settings: Any) -> Any:
    return torch.nn.Upsample(scale_factor=2, mode="bilinear", **settings)


def broadcast() -> tuple[Any, Any, Any]:
    inputs = (drawn(5), drawn(5, 1) * 2)
    return (lambda x, y: ((x - y) ** 2).mean()), (lambda x, y: ((x - y[:, 0]) ** 2).mean()), inputs


CASES: dict[str, tuple[Callable[[], tuple[Any, Any, Any]], str]] = {
    "eps": (lambda: (torch.nn.LayerNorm(4), torch.nn.LayerNorm(4, eps=1e-3), drawn(3, 4)), "With eps=0.001 in LayerNorm"),
    "keyword": (
        lambda: (torch.nn.functional.leaky_relu, torch.nn.LeakyReLU(0.3), drawn(9)),
        "With negative_slope=0.3, in place of 0.01, first agrees with second",
    ),
    "form": (lambda: (torch.nn.GELU(), torch.nn.GELU("tanh"), drawn(9)), "With approximate='tanh' in GELU"),
    "corners": (
        lambda: (resized(), resized(align_corners=True), drawn(1, 2, 3, 3)),
        "With align_corners=True in Upsample, in place of None,",
    ),
    "reduction": (
        lambda: (torch.nn.MSELoss(), torch.nn.MSELoss(reduction="sum"), (drawn(5), drawn(5) * 2)),
        "With reduction='sum' in MSELoss, in place of 'mean',",
    ),
    "reduction over the batch": (
        lambda: (
            torch.nn.KLDivLoss(reduction="sum"),
            lambda guess, target: (target * (target.log() - guess)).sum() / len(guess),
            (drawn(3, 4).log_softmax(-1), (2 * drawn(3, 4)).softmax(-1)),
        ),
        "With reduction='batchmean' in KLDivLoss, in place of 'sum',",
    ),
    "statistics": (exchanged, "With running_mean and running_var exchanged in BatchNorm1d,"),
    "padding": (padded, "With padding [(0, 1), (0, 1)] in Conv2d, in place of [(1, 1), (1, 1)],"),
    "broadcast": (broadcast, "With x of shape (5, 1), in place of (5,), so that it broadcasts otherwise,"),
    "gates": (gates, "in the order 0, 2, 1, 3"),
    "transposed": (transposed, "With weight transposed"),
    "flattened": (flattened, "With the columns of 2.weight put from the order (C, H, W) to (H, W, C), for 2 channels,"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_convention_is_named(name: str) -> None:
    make, words = CASES[name]
    first, second, x = make()
    explanation = compare({"first": first, "second": second}, x)["out"].explanation
    assert words in explanation, explanation
    assert explanation.endswith("agrees with second")


def test_what_is_tried_is_put_back() -> None:
    first, second, x = CASES["eps"][0]()
    compare({"first": first, "second": second}, x)
    assert (first.eps, second.eps) == (1e-5, 1e-3)


@pytest.mark.parametrize("name", ["statistics", "padding"])
def test_modules_are_put_back(name: str) -> None:
    first, second, x = CASES[name][0]()
    before = copy.deepcopy(first)
    compare({"first": first, "second": second}, x)
    assert (first.state_dict().keys(), repr(first)) == (before.state_dict().keys(), repr(before))
    assert all(bool((value == before.state_dict()[key]).all()) for key, value in first.state_dict().items())
    assert bool((first(x) == before(x)).all())


def test_statistics_of_keras_that_are_exchanged_are_told() -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    first, _, x = exchanged()
    second = keras.layers.BatchNormalization(epsilon=first.eps)
    second.build((None, 4))
    second.moving_mean.assign(first.running_var.numpy())
    second.moving_variance.assign(first.running_mean.numpy() ** 2)
    first.running_mean.square_()
    explanation = compare({"second": second, "first": first}, x.numpy())["out"].explanation
    assert explanation == "With moving_mean and moving_variance exchanged in BatchNormalization, second agrees with first", (
        explanation
    )


def test_weighted_means_that_are_divided_otherwise_are_told() -> None:
    functions = {"samples": lambda x, w: (x * w).mean(), "weights": lambda x, w: (x * w).sum() / w.sum()}
    explanation = compare(functions, (drawn(6), drawn(6).abs()))["out"].explanation
    assert explanation.endswith("which is 1 over the mean of w"), explanation


def test_where_no_convention_explains_it_none_is_told() -> None:
    first, second = torch.nn.LayerNorm(4), torch.nn.LayerNorm(4)
    with torch.no_grad():
        first.weight.copy_(torch.from_numpy(np.linspace(2, 3, 4)))
        second.weight.copy_(torch.from_numpy(np.linspace(0.5, 1.5, 4)))
    assert compare({"first": first, "second": second}, drawn(3, 4))["out"].explanation == ""


def test_a_factor_is_known_by_the_length_of_an_input() -> None:
    def squares(x: Any) -> Any:
        return (x - x.mean(0)).square().sum(0)

    functions = {"sample": lambda x: (squares(x) / 4).sqrt(), "population": lambda x: (squares(x) / len(x)).sqrt()}
    explanation = compare(functions, drawn(5, 3))["out"].explanation
    assert explanation == "population gives 0.894427 times as much: sqrt(4/5), and 5 is the number of rows of x"


def test_parameters_that_were_never_loaded_are_told() -> None:
    report = compare({"first": torch.nn.Linear(3, 2), "second": torch.nn.Linear(3, 2)}, drawn(4, 3))
    assert report["parameters"].message == "first and second have other values: weight, bias. Load the same before you compare"


RNN = torch.nn.RNN(2, 3, batch_first=True)
WEIGHTS = [parameter.detach().numpy() for parameter in RNN.parameters()]


def recurrent(x: Any, second: float) -> Any:
    """By hand, with the second bias of `torch.nn.RNN` or without it."""
    weight, hidden, bias, other = WEIGHTS
    state, states = np.zeros((x.shape[0], 3), x.dtype), []
    for t in range(x.shape[1]):
        state = np.tanh(x[:, t] @ weight.T + bias + state @ hidden.T + second * other)
        states.append(state)
    return np.stack(states, axis=1)


BY_HAND: dict[str, tuple[Any, Any, tuple[int, ...], str]] = {
    "epsilon": (
        torch.nn.LayerNorm(4),
        lambda x: (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-3),
        (3, 4),
        "With eps=0.001 in LayerNorm, in place of 1e-05, theirs agrees with mine",
    ),
    "reduction": (
        lambda x: torch.nn.functional.kl_div(x, torch.full((3, 4), 0.25, dtype=x.dtype)),
        lambda x: (0.25 * (np.log(0.25) - x)).sum() / len(x),
        (3, 4),
        "With reduction='batchmean' in torch.nn.functional.kl_div theirs agrees with mine",
    ),
    "n - 1": (
        lambda x: torch.std(x, -1),
        lambda x: np.std(x, -1),
        (3, 4),
        "With correction=0 in torch.std theirs agrees with mine",
    ),
    "bias": (
        lambda x: RNN(x)[0],
        lambda x: recurrent(x, 0.0),
        (2, 4, 2),
        "With bias_hh_l0 zero theirs agrees with mine",
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_function_of_the_framework_is_changed_to_agree_with_one_of_numpy(name: str) -> None:
    of_torch, by_hand, shape, words = BY_HAND[name]
    report = compare({"theirs": of_torch, "mine": by_hand}, drawn(*shape).numpy(), gradients=False)
    assert report["out"].explanation == words
    assert report.verdict == "wrong"


def test_a_right_port_in_numpy_is_right() -> None:
    report = compare(
        {"theirs": lambda x: RNN(x)[0], "mine": lambda x: recurrent(x, 1.0)}, drawn(2, 4, 2).numpy(), gradients=False
    )
    assert report.verdict == "right"
