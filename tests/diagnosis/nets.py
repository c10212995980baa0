"""Small nets in everyday style (loops, lists, buffers, classes, tapes) whose backward has one mistake, marked WRONG."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Net = tuple[Any, Any, tuple[Any, ...]]


def draw(*shape: int) -> Array:
    """Normal numbers; the same for the same shape."""
    return 0.6 * np.random.default_rng((6, *shape)).normal(size=shape)


def rnn_forward(xs: Any, wx: Any, wh: Any, b: Any) -> Any:
    h = [np.zeros(len(b))]
    for x in xs:
        h.append(np.tanh(wx @ x + wh @ h[-1] + b))
    return np.array(h[1:]), (xs, wx, wh, h)


def rnn_without_carry(dh: Any, cache: Any) -> Any:
    xs, wx, wh, h = cache
    dxs, dwx, dwh, db = np.zeros_like(xs), np.zeros_like(wx), np.zeros_like(wh), np.zeros(len(wh))
    carry = np.zeros(len(wh))
    for t in reversed(range(len(xs))):
        dz = (dh[t] + carry) * (1 - h[t + 1] ** 2)
        dxs[t] = wx.T @ dz
        dwx += np.outer(dz, xs[t])
        dwh += np.outer(dz, h[t])
        db += dz  # WRONG: and carry = wh.T @ dz
    return dxs, dwx, dwh, db


def rnn_with_another_step(dh: Any, cache: Any) -> Any:
    xs, wx, wh, h = cache
    dxs, dwx, dwh, db = np.zeros_like(xs), np.zeros_like(wx), np.zeros_like(wh), np.zeros(len(wh))
    carry = np.zeros(len(wh))
    for t in reversed(range(len(xs))):
        dz = (dh[t] + carry) * (1 - h[t + 1] ** 2)
        dxs[t] = wx.T @ dz
        dwx += np.outer(dz, xs[t])
        dwh += np.outer(dz, h[t + 1])  # WRONG: h[t]
        db += dz
        carry = wh.T @ dz
    return dxs, dwx, dwh, db


RNN = (draw(3, 3), draw(4, 3), draw(4, 4), draw(4))


def exchanged_gates() -> Net:
    """One step of an LSTM in a class."""

    class Cell:
        def forward(self, x: Any, h: Any, c: Any, w: Any) -> Any:
            a = np.concatenate([x, h]) @ w
            n = len(h)
            self.x, self.h, self.c, self.w = x, h, c, w
            self.i, self.f, self.o = (1 / (1 + np.exp(-a[k * n : k * n + n])) for k in range(3))
            self.g = np.tanh(a[3 * n :])
            self.new = self.f * c + self.i * self.g
            return self.o * np.tanh(self.new)

        def backward(self, dh: Any) -> Any:
            i, f, o, g, t = self.i, self.f, self.o, self.g, np.tanh(self.new)
            dc = dh * o * (1 - t * t)
            da = np.hstack([dc * g * i * (1 - i), dh * t * o * (1 - o), dc * self.c * f * (1 - f), dc * i * (1 - g * g)])  # WRONG
            d = self.w @ da
            return d[: len(self.x)], d[len(self.x) :], dc * f, np.outer(np.concatenate([self.x, self.h]), da)

    cell = Cell()
    return cell.forward, cell.backward, (draw(2), draw(3), draw(1, 3)[0], draw(5, 12))


def attention_without_row_term() -> Net:
    def forward(q: Any, k: Any, v: Any) -> Any:
        s = q @ k.T / math.sqrt(q.shape[1])
        rows = []
        for row in s:
            e = [math.exp(each) for each in row]
            rows.append(np.array(e) / sum(e))
        return np.array(rows) @ v, (q, k, v, np.array(rows))

    def backward(dout: Any, cache: Any) -> Any:
        q, k, v, p = cache
        ds = p * (dout @ v.T) / math.sqrt(q.shape[1])  # WRONG: less the sum along the row
        return ds @ k, ds.T @ q, p.T @ dout

    return forward, backward, (draw(4, 3), draw(5, 3), draw(5, 2))


def ctc(y: Any, labels: list[int]) -> Any:
    """The probability of a labelling, by dynamic programming; blanks are 0."""
    path = [0]
    for label in labels:
        path += [label, 0]
    a = np.zeros((len(y), len(path)))
    a[0, 0], a[0, 1] = y[0, 0], y[0, path[1]]
    for t in range(1, len(y)):
        for s in range(len(path)):
            total = a[t - 1, s] + (a[t - 1, s - 1] if s else 0)
            if s > 1 and path[s] != 0 and path[s] != path[s - 2]:
                total += a[t - 1, s - 2]
            a[t, s] = total * y[t, path[s]]
    return a[-1, -1] + a[-1, -2], (y, path, a)


def ctc_overwriting(dout: Any, cache: Any) -> Any:
    y, path, a = cache
    b = np.zeros_like(a)
    b[-1, -1], b[-1, -2] = y[-1, 0], y[-1, path[-2]]
    last = len(path)
    for t in range(len(y) - 2, -1, -1):
        for s in range(last):
            total = b[t + 1, s] + (b[t + 1, s + 1] if s + 1 < last else 0)
            if s + 2 < last and path[s] != 0 and path[s] != path[s + 2]:
                total += b[t + 1, s + 2]
            b[t, s] = total * y[t, path[s]]
    dy = np.zeros_like(y)
    for t in range(len(y)):
        for s in range(last):
            dy[t, path[s]] = a[t, s] * b[t, s]  # WRONG: +=
    return dout * dy / y**2


PROBABILITIES = np.exp(draw(5, 3)) / np.exp(draw(5, 3)).sum(axis=1, keepdims=True)


def epsilon_dropped() -> Net:
    def forward(p: Any, target: Any) -> Any:
        return -sum(float(t) * math.log(q + 1e-3) for q, t in zip(p, target, strict=True))

    def backward(dout: Any, p: Any, target: Any) -> Any:
        return -dout * target / p, -dout * np.log(p + 1e-3)  # WRONG: p + 1e-3

    return forward, backward, (np.abs(draw(5)) + 0.1, np.abs(draw(1, 5)[0]))


def hidden_sigmoid() -> Net:
    def forward(x: Any, w: Any, u: Any) -> Any:
        h = 1 / (1 + np.exp(-x @ w))
        return h @ u, (x, w, u, h)

    def backward(dout: Any, cache: Any) -> Any:
        x, w, u, h = cache
        dh = dout @ u.T  # WRONG: times h * (1 - h)
        return dh @ w.T, x.T @ dh, h.T @ dout

    return forward, backward, (draw(4, 3), draw(3, 5), draw(5, 2))


def overlapping_windows() -> Net:
    def forward(signal: Any, kernel: Any) -> Any:
        return np.array([np.sum(signal[i : i + 3] * kernel) for i in range(len(signal) - 2)])

    def backward(dout: Any, signal: Any, kernel: Any) -> Any:
        dsignal, dkernel = np.zeros(signal.shape), np.zeros(kernel.shape)
        for i in range(len(dout)):
            dsignal[i : i + 3] = dout[i] * kernel  # WRONG: +=
            dkernel += dout[i] * signal[i : i + 3]
        return dsignal, dkernel

    return forward, backward, (draw(9), draw(3))


class Value:
    """A number on a tape."""

    def __init__(self, value: Any, parents: tuple[Value, ...] = ()) -> None:
        self.value, self.grad, self.parents = value, 0.0, parents
        self.back: Callable[[], None] = lambda: None

    def __mul__(self, other: Value) -> Value:
        out = Value(self.value * other.value, (self, other))

        def back() -> None:
            self.grad = other.value * out.grad  # WRONG: +=, in both
            other.grad = self.value * out.grad

        out.back = back
        return out

    def __add__(self, other: Value) -> Value:
        out = Value(self.value + other.value, (self, other))

        def back() -> None:
            self.grad += out.grad
            other.grad += out.grad

        out.back = back
        return out


def tape(a: Any, b: Any) -> Any:
    one, other = Value(a), Value(b)
    out = one * other + one * one * other
    return out.value, (out, one, other)


def along_tape(dout: Any, cache: Any) -> Any:
    out, one, other = cache
    order: list[Value] = []

    def visit(value: Value) -> None:
        if value not in order:
            for parent in value.parents:
                visit(parent)
            order.append(value)

    visit(out)
    out.grad = dout
    for value in reversed(order):
        value.back()
    return one.grad, other.grad


NETS: dict[str, tuple[Net, str, str]] = {
    "carry missing": ((rnn_forward, rnn_without_carry, RNN), "series", "+ carry = dz @ wh"),
    "another step": ((rnn_forward, rnn_with_another_step, RNN), "shifted", "+ dwh += np.outer(dz, h[t])"),
    "exchanged gates": (exchanged_gates(), "entries", "two entries are exchanged"),
    "attention": (attention_without_row_term(), "statistics", "(p * (dout @ v.T)).sum(axis=-1, keepdims=True)"),
    "ctc": ((ctc, ctc_overwriting, (PROBABILITIES, [1, 2])), "series", "+ dy[t, path[s]] += a[t, s] * b[t, s]"),
    "epsilon": (epsilon_dropped(), "epsilon", "-dout * target / (p + 0.001)"),
    "hidden sigmoid": (hidden_sigmoid(), "derivative", "- dh = dout @ u.T\n+ dh = dout @ u.T * (h * (1 - h))"),
    "windows": (overlapping_windows(), "series", "+ dsignal[i:i + 3] += dout[i] * kernel"),
    "tape": ((tape, along_tape, (0.7, -1.3)), "series", "+ other.grad += self.value * out.grad"),
}
"""By name: the net, the kind of its mistake, and words that its explanation has."""
