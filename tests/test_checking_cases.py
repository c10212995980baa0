"""`check` and `check_loss` on gradients in the styles of other people, as their authors wrote them. Right is right.

The first part takes published cases from ../shared/cases/numpy, where that folder is there. The second part has ten functions in
ten styles. Each takes `slip`: True makes one mistake of the kind that people make.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check, check_loss
from gradwitness.report.report import Report

CASES = Path(__file__).parent.parent.parent / "shared" / "cases" / "numpy"
FILES = sorted(CASES.glob("*.py")) or [None]


def made(file: Path) -> Any:
    """What a case's make() returns."""
    spec = importlib.util.spec_from_file_location(f"case_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem if file else "none")
@pytest.mark.parametrize(("which", "verdict"), [("good", "right"), ("bad", "wrong")])
def test_a_published_case(file: Path | None, which: str, verdict: str) -> None:
    if file is None:
        pytest.skip("the published cases are not beside this repository: ../shared/cases/numpy")
    case = made(file)
    report = check(*case[which]["A"], case["inputs"])
    assert report.verdict == verdict, report


def draw(*shape: int) -> Any:
    """Normal numbers; the same for the same shape."""
    return np.random.default_rng((14, *shape)).normal(size=shape)


class BatchNorm:
    """A class with state: running statistics, a cache, gradients as attributes."""

    def __init__(self, slip: bool) -> None:
        self.gamma, self.beta = draw(3), draw(3)
        self.running_mean, self.slip = None, slip

    def forward(self, x: Any, gamma: Any, beta: Any) -> Any:
        mu = x.mean(axis=0)
        if self.running_mean is None:
            self.running_mean = np.zeros(mu.shape)
        self.running_mean = 0.9 * self.running_mean + 0.1 * mu
        self.xmu = x - mu
        self.std = np.sqrt((self.xmu**2).mean(axis=0) + 1e-5)
        self.gamma, self.xhat = gamma, self.xmu / self.std
        return gamma * self.xhat + beta

    def backward(self, dout: Any) -> Any:
        self.dbeta, self.dgamma = dout.sum(axis=0), (dout * self.xhat).sum(axis=0)
        dxhat = dout * self.gamma
        dx = dxhat - dxhat.mean(axis=0)
        if not self.slip:
            dx = dx - self.xhat * (dxhat * self.xhat).mean(axis=0)
        return dx / self.std, self.dgamma, self.dbeta


def batch_norm(slip: bool) -> Report:
    layer = BatchNorm(slip)
    return check(layer.forward, layer.backward, (draw(5, 3), layer.gamma, layer.beta))


def two_layer_dict(slip: bool) -> Report:
    """Dicts of parameters and gradients, as courses write a two-layer net with a penalty."""

    def loss(params: Any, x: Any, y: Any, reg: float) -> Any:
        h = np.maximum(0, x.dot(params["W1"]) + params["b1"])
        scores = h.dot(params["W2"]) + params["b2"]
        shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
        probs = shifted / shifted.sum(axis=1, keepdims=True)
        n = x.shape[0]
        value = -np.log(probs[range(n), y]).sum() / n + 0.5 * reg * (np.sum(params["W1"] ** 2) + np.sum(params["W2"] ** 2))
        dscores = probs.copy()
        dscores[range(n), y] -= 1
        dscores /= n
        dh = dscores.dot(params["W2"].T)
        dh[h <= 0] = 0
        grads = {"W2": h.T.dot(dscores) + reg * params["W2"], "b2": dscores.sum(axis=0)}
        grads["W1"] = x.T.dot(dh) + (0.5 if slip else 1) * reg * params["W1"]
        grads["b1"] = dh.sum(axis=0)
        return value, grads

    params = {"W1": draw(4, 6), "b1": draw(6), "W2": draw(6, 3), "b2": draw(3)}
    return check_loss(loss, params, draw(5, 4), np.array([0, 2, 1, 1, 0]), 0.1)


def lists_of_lists(slip: bool) -> Report:
    """No arrays at all: nested lists, Python floats, math.tanh."""

    def forward(weights: list[list[float]], inputs: list[float]) -> float:
        total = 0.0
        for row in weights:
            total += math.tanh(sum(w * v for w, v in zip(row, inputs, strict=True)))
        return total

    def backward(d: float, weights: list[list[float]], inputs: list[float]) -> Any:
        dweights, dinputs = [], [0.0 for _ in inputs]
        for row in weights:
            t = math.tanh(sum(w * v for w, v in zip(row, inputs, strict=True)))
            slope = d * (1 - t) if slip else d * (1 - t * t)
            dweights.append([slope * v for v in inputs])
            for j, w in enumerate(row):
                dinputs[j] += slope * w
        return dweights, dinputs

    return check(forward, backward, ([[0.3, -0.7], [1.1, 0.2]], [0.5, -1.5]))


def least_squares(slip: bool) -> Report:
    """LAPACK: the solution of the normal equations, and its adjoint."""

    def forward(A: Any, b: Any) -> Any:
        gram = A.T @ A
        x = np.linalg.solve(gram, A.T @ b)
        return x, (A, b, gram, x)

    def backward(dx: Any, cache: Any) -> Any:
        A, b, gram, x = cache  # noqa: N806
        u = np.linalg.solve(gram, dx)
        residual = b - A @ x
        dA = np.outer(residual, u)  # noqa: N806
        if not slip:
            dA -= np.outer(A @ u, x)  # noqa: N806
        return dA, A @ u

    return check(forward, backward, (draw(6, 3), draw(6)))


def erf_by_hand(slip: bool) -> Report:
    """A special function written by hand: erf by its series, in a loop."""

    def erf(x: Any) -> Any:
        term, total = x.copy(), x.copy()
        for n in range(1, 60):
            term = -term * x * x / n
            total += term / (2 * n + 1)
        return 2 / np.sqrt(np.pi) * total

    def forward(x: Any) -> Any:
        return x * 0.5 * (1 + erf(x / np.sqrt(2)))

    def backward(dout: Any, x: Any) -> Any:
        density = np.exp(-x * x / 2) / np.sqrt((1 if slip else 2) * np.pi)
        return dout * (0.5 * (1 + erf(x / np.sqrt(2))) + x * density)

    return check(forward, backward, (draw(7),))


def recurrent(slip: bool) -> Report:
    """Time steps into an np.zeros buffer; the gradient flows back through time."""

    def forward(x: Any, h0: Any, Wx: Any, Wh: Any, b: Any) -> Any:
        n, steps, _ = x.shape
        h = np.zeros((n, steps, h0.shape[1]))
        previous = h0
        for t in range(steps):
            previous = np.tanh(x[:, t] @ Wx + previous @ Wh + b)
            h[:, t] = previous
        return h, (x, h0, Wx, Wh, h)

    def backward(dh: Any, cache: Any) -> Any:
        x, h0, Wx, Wh, h = cache  # noqa: N806
        dx, dWx, dWh, db = np.zeros(x.shape), np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(Wh.shape[0])  # noqa: N806
        carried = np.zeros(h0.shape)
        for t in reversed(range(x.shape[1])):
            before = h[:, t - 1] if t > 0 else h0
            dz = (dh[:, t] + carried) * (1 - h[:, t] ** 2)
            dx[:, t] = dz @ Wx.T
            dWx += x[:, t].T @ dz  # noqa: N806
            dWh += h[:, t].T @ dz if slip else before.T @ dz  # noqa: N806
            db += dz.sum(axis=0)
            carried = dz @ Wh.T
        return dx, carried, dWx, dWh, db

    shapes = [(2, 4, 3), (2, 5), (3, 5), (5, 5), (5,)]
    return check(forward, backward, tuple(draw(*shape) / 2 for shape in shapes))


def blocked_attention(slip: bool) -> Report:
    """Attention in blocks of keys, with a running maximum."""

    def forward(q: Any, k: Any, v: Any) -> Any:
        rows, scale, size = len(q), 1 / math.sqrt(q.shape[1]), 2
        m, z, acc = np.full(rows, -np.inf), np.zeros(rows), np.zeros((rows, v.shape[1]))
        for j in range(0, len(k), size):
            s = q @ k[j : j + size].T * scale
            new = np.maximum(m, s.max(axis=1))
            p = np.exp(s - new[:, None])
            acc = acc * np.exp(m - new)[:, None] + p @ v[j : j + size]
            z, m = z * np.exp(m - new) + p.sum(axis=1), new
        out = acc / z[:, None]
        return out, (q, k, v, out, m + np.log(z), scale)

    def backward(dout: Any, cache: Any) -> Any:
        q, k, v, out, lse, scale = cache
        p = np.exp(q @ k.T * scale - lse[:, None])
        dp = dout @ v.T
        ds = p * (dp - (0 if slip else (dout * out).sum(axis=1, keepdims=True))) * scale
        return {"q": ds @ k, "k": ds.T @ q, "v": p.T @ dout}

    return check(forward, backward, (draw(3, 4), draw(5, 4), draw(5, 2)))


def mixture_likelihood(slip: bool) -> Report:
    """The negative log-likelihood of a mixture of Gaussians by log-sum-exp, parameters in a tuple."""

    def nll(params: Any, data: Any) -> Any:
        logits, mu, log_sigma = params
        log_pi = logits - np.logaddexp.reduce(logits)
        z = (data[:, None] - mu) / np.exp(log_sigma)
        joint = log_pi - 0.5 * z**2 - log_sigma - 0.5 * np.log(2 * np.pi)
        total = np.logaddexp.reduce(joint, axis=1)
        r = np.exp(joint - total[:, None])
        dlogits = len(data) * np.exp(log_pi) - r.sum(axis=0)
        dmu = -(r * z / np.exp(log_sigma)).sum(axis=0)
        dlog_sigma = -(r * (z**2 - (0 if slip else 1))).sum(axis=0)
        return -total.sum(), (dlogits, dmu, dlog_sigma)

    return check_loss(nll, (draw(3), draw(3), draw(3) / 4), draw(8))


def scalar_physics(slip: bool) -> Report:
    """Python floats and math.* only, several outputs in a dict."""

    def forward(speed: float, angle: float, g: float) -> dict[str, float]:
        return {
            "range": speed**2 * math.sin(2 * angle) / g,
            "height": (speed * math.sin(angle)) ** 2 / (2 * g),
        }

    def backward(d: dict[str, float], speed: float, angle: float, g: float) -> dict[str, float]:
        far, high = speed**2 * math.sin(2 * angle) / g, (speed * math.sin(angle)) ** 2 / (2 * g)
        return {
            "speed": 2 * (d["range"] * far + d["height"] * high) / speed,
            "angle": d["range"] * (1 if slip else 2) * speed**2 * math.cos(2 * angle) / g
            + d["height"] * speed**2 * math.sin(2 * angle) / (2 * g),
            "g": -(d["range"] * far + d["height"] * high) / g,
        }

    return check(forward, backward, (12.5, 0.6, 9.81))


class Conv1d:
    """Parameters that live in the object, a loop over windows, repeated indices."""

    def __init__(self, slip: bool) -> None:
        self.kernel, self.bias, self.slip = draw(3), np.array([0.2]), slip

    def loss_and_grads(self, signal: Any, target: Any) -> Any:
        n = len(signal) - len(self.kernel) + 1
        windows = np.array([signal[i : i + len(self.kernel)] for i in range(n)])
        error = windows @ self.kernel + self.bias[0] - target
        dkernel = np.zeros(self.kernel.shape)
        for i in range(n):
            if self.slip:
                dkernel = error[i] * windows[i] / n
            else:
                dkernel += error[i] * windows[i] / n
        return float(0.5 * np.mean(error**2)), {"kernel": dkernel, "bias": np.array([error.mean()])}


def object_in_place(slip: bool) -> Report:
    layer = Conv1d(slip)
    params = {"kernel": layer.kernel, "bias": layer.bias}
    return check_loss(layer.loss_and_grads, params, draw(8), draw(6), in_place=True)


STYLES: list[Callable[[bool], Report]] = [
    batch_norm,
    two_layer_dict,
    lists_of_lists,
    least_squares,
    erf_by_hand,
    recurrent,
    blocked_attention,
    mixture_likelihood,
    scalar_physics,
    object_in_place,
]


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__)
@pytest.mark.parametrize(("slip", "verdict"), [(False, "right"), (True, "wrong")])
def test_a_function_of_somebody_else(style: Callable[[bool], Report], slip: bool, verdict: str) -> None:
    report = style(slip)
    assert report.verdict == verdict, report


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__)
def test_what_is_right_costs_few_evaluations(style: Callable[[bool], Report]) -> None:
    assert style(False).evaluations <= 200


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__)
def test_a_report_says_how_it_was_examined(style: Callable[[bool], Report]) -> None:
    assert style(False).examined.startswith(("in longdouble", "in float64: "))
