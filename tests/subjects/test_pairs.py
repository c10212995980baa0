"""Predictions of shape (N, 1) beside targets of shape (N,): a note, and none where pairs are meant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import Report, check, check_loss

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(5, 3)), RNG.normal(size=5)
COLUMN, LABELS = RNG.normal(size=(5, 1)), (Y > 0).astype(float)
Returned = tuple[Any, Any]


def squares(w: Any, x: Any, y: Any) -> Returned:
    d = x @ w - y
    return (d**2).mean(), 2 * x.T @ d / len(y)


def squares_of_pairs(w: Any, x: Any, y: Any) -> Returned:
    """Right, and a loss that nobody means."""
    d = x @ w - y
    return (d**2).mean(), 2 * x.T @ d.mean(axis=1, keepdims=True) / len(y)


def absolute(w: Any, x: Any, y: Any) -> Returned:
    return np.mean(np.abs(x.dot(w) - y)), x.T @ np.sign(x @ w - y)


def entropy(w: Any, x: Any, y: Any) -> Returned:
    p = 1 / (1 + np.exp(-x @ w))
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(), x.T @ (p - y) / len(y)


def weighted(w: Any, x: Any, y: Any, weights: Any) -> Returned:
    d = x @ w - y
    return (weights * d**2).mean(), 2 * x.T @ (weights * d) / len(y)


W, FLAT = RNG.normal(size=(3, 1)), RNG.normal(size=3)
MISTAKEN: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "squares": (squares, (W, X, Y)),
    "a flat prediction": (squares, (FLAT, X, COLUMN)),
    "right, of pairs": (squares_of_pairs, (W, X, Y)),
    "absolute": (absolute, (W, X, Y)),
    "cross-entropy": (entropy, (W, X, LABELS)),
    "flat weights": (weighted, (W, X, COLUMN, np.abs(Y))),
}


def noted(report: Report) -> str:
    return next((finding.message for finding in report if finding.about == "shapes"), "")


@pytest.mark.parametrize("name", MISTAKEN)
def test_a_loss_over_pairs_is_told(name: str) -> None:
    function, (params, *data) = MISTAKEN[name]
    assert "(5, 1) and (5,) make (5, 5) at line" in noted(check_loss(function, params, *data))


def test_the_note_names_the_line_and_the_cure() -> None:
    said = noted(check_loss(squares, W, X, Y))
    assert "test_pairs.py: d = x @ w - y. So the loss is over 25 pairs" in said
    assert "target[:, None], or prediction.ravel()" in said


def test_the_note_is_no_verdict() -> None:
    assert check_loss(squares_of_pairs, W, X, Y).ok


class Network:
    """Parameters that live in an object."""

    def __init__(self) -> None:
        self.w = np.random.default_rng(0).normal(size=(3, 1))

    def loss(self, x: Any, y: Any) -> Returned:
        return squares_of_pairs(self.w, x, y)


@pytest.mark.parametrize(("y", "said"), [(Y, True), (COLUMN, False)])
def test_parameters_that_are_moved_in_place_are_told(y: Any, said: bool) -> None:
    network = Network()
    report = check_loss(network.loss, network.w, X, y, in_place=True)
    assert bool(noted(report)) is said, str(report)


def mean_square(prediction: Any, target: Any) -> Any:
    return np.mean((prediction - target) ** 2)


def its_gradient(dout: Any, prediction: Any, target: Any) -> Any:
    return dout * 2 * (prediction - target) / len(target), None


def test_a_forward_and_a_backward_are_told() -> None:
    assert "make (5, 5)" in noted(check(mean_square, its_gradient, (COLUMN, Y)))


def ranking(w: Any, x: Any, y: Any) -> Returned:
    """RankNet: the code makes the column itself."""
    scores = x @ w
    d, ahead = scores[:, None] - scores, y[:, None] > y
    slopes = -(ahead / (1 + np.exp(d)))
    return (ahead * np.log1p(np.exp(-d))).sum(), x.T @ (slopes.sum(axis=1) - slopes.sum(axis=0))


def kernel(alpha: Any, x: Any, z: Any, y: Any) -> Returned:
    """Pairs are a matrix."""
    k = np.exp(-((x - z) ** 2))
    error = k @ alpha - y
    return 0.5 * error @ error, k.T @ error


def energy(w: Any, x: Any, y: Any) -> Returned:
    scores = x @ w
    signs = np.sign(scores.reshape(-1, 1) - y)
    return np.abs(scores.reshape(-1, 1) - y).mean(), x.T @ signs.mean(axis=1) / len(y)


def nearest(centres: Any, x: Any) -> Returned:
    """Distances to the nearest."""
    d = (x - centres) ** 2
    at = d.argmin(axis=1)
    dcentres = np.zeros_like(centres)
    np.add.at(dcentres, at, 2 * (centres[at] - x[:, 0]))
    return d.min(axis=1).sum(), dcentres


def bias(b: Any, x: Any, y: Any) -> Returned:
    """N inputs and N biases."""
    return np.sum((x + b - y) ** 2), 2 * (x + b - y).sum(axis=0)


def mixture(centres: Any, x: Any) -> Returned:
    """Parameters are no predictions."""
    d = x - centres
    shares = np.exp(-0.5 * d**2)
    total = shares.sum(axis=1, keepdims=True)
    return -np.log(total).sum(), -(shares * d / total).sum(axis=0)


def upper(w: Any, x: Any, y: Any) -> Returned:
    """Some of the pairs."""
    d = np.triu(x @ w - y)
    return (d**2).sum(), 2 * x.T @ d.sum(axis=1, keepdims=True)


MEANT: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "one shape": (squares, (W, X, COLUMN)),
    "ranking": (ranking, (FLAT, X, Y)),
    "a kernel": (kernel, (RNG.normal(size=5), COLUMN, RNG.normal(size=5), Y)),
    "energy distance": (energy, (FLAT, X, Y)),
    "nearest centre": (nearest, (RNG.normal(size=5), COLUMN)),
    "mixture": (mixture, (RNG.normal(size=5), COLUMN)),
    "a triangle": (upper, (W, X, Y)),
    "a square": (bias, (RNG.normal(size=3), RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3)))),
}


@pytest.mark.parametrize("name", MEANT)
def test_pairs_that_are_meant_are_not_told(name: str) -> None:
    function, (params, *data) = MEANT[name]
    report = check_loss(function, params, *data)
    assert report.ok, str(report)
    assert not noted(report)


def distances(x: Any, z: Any) -> Any:
    return (np.sum(x**2, axis=1, keepdims=True) - 2 * x @ z.T + np.sum(z**2, axis=1)).sum()


def distances_back(dout: Any, x: Any, z: Any) -> Returned:
    return 2 * dout * (len(z) * x - z.sum(axis=0)), 2 * dout * (len(x) * z - x.sum(axis=0))


def test_squared_distances_are_not_told() -> None:
    report = check(distances, distances_back, (X, RNG.normal(size=(5, 3))))
    assert report.ok, str(report)
    assert not noted(report)


def test_what_forward_returns_for_all_pairs_is_not_told() -> None:
    """No loss: an outer difference."""

    def backward(dout: Any, *_: Any) -> Returned:
        return dout.sum(axis=1, keepdims=True), -dout.sum(axis=0)

    report = check(lambda x, z: x - z, backward, (COLUMN, Y))
    assert report.ok, str(report)
    assert not noted(report)


def test_a_function_that_takes_plain_arrays_alone_is_not_disturbed() -> None:
    def picky(w: Any, x: Any, y: Any) -> Returned:
        if type(w) is not np.ndarray:
            raise RuntimeError("no subclass")
        return squares(w, x, y)

    report = check_loss(picky, W, X, COLUMN)
    assert report.ok, str(report)
