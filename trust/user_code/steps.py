"""Time steps: recurrent networks, filters, and steps of differential equations."""

import numpy as np

from trust.user_code.entry import loss, pair


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    prev, steps = h0, []
    for t in range(T):
        new = np.tanh(x[:, t].dot(Wx) + prev.dot(Wh) + b)
        steps.append((x[:, t], prev, new))
        h[:, t] = prev = new
    return h, (steps, Wx, Wh)


def rnn_backward(dh, cache):
    steps, Wx, Wh = cache
    N, T, H = dh.shape
    dx = np.zeros((N, T, Wx.shape[0]))
    dWx, dWh, db, dprev = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(H), np.zeros((N, H))
    for t in reversed(range(T)):
        x, prev, new = steps[t]
        da = (dh[:, t] + dprev) * (1 - new * new)
        dx[:, t] = da.dot(Wx.T)
        dprev = da.dot(Wh.T)
        dWx += x.T.dot(da)
        dWh += prev.T.dot(da)
        db += da.sum(axis=0)
    return dx, dprev, dWx, dWh, db


def lstm_forward(x, W, U, b):
    """x (T, D); gates i, f, o, g in the columns of W and U; the hidden states are stacked."""
    H = U.shape[0]
    h, c, hs, tape = np.zeros(H), np.zeros(H), [], []
    for xt in x:
        a = xt @ W + h @ U + b
        i, f, o, g = sigmoid(a[:H]), sigmoid(a[H : 2 * H]), sigmoid(a[2 * H : 3 * H]), np.tanh(a[3 * H :])
        c_new = f * c + i * g
        tape.append((xt, h, c, i, f, o, g, np.tanh(c_new)))
        h, c = o * np.tanh(c_new), c_new
        hs.append(h)
    return np.stack(hs), (tape, W, U)


def lstm_backward(dhs, cache):
    tape, W, U = cache
    H = U.shape[0]
    dx, dW, dU, db = [], np.zeros(W.shape), np.zeros(U.shape), np.zeros(4 * H)
    dh, dc = np.zeros(H), np.zeros(H)
    for t in range(len(tape) - 1, -1, -1):
        xt, h, c, i, f, o, g, tanh_c = tape[t]
        dh = dh + dhs[t]
        dc = dc + dh * o * (1 - tanh_c**2)
        da = np.concatenate([dc * g * i * (1 - i), dc * c * f * (1 - f), dh * tanh_c * o * (1 - o), dc * i * (1 - g**2)])
        dx.insert(0, W @ da)
        dW += np.outer(xt, da)
        dU += np.outer(h, da)
        db += da
        dh, dc = U @ da, dc * f
    return np.array(dx), dW, dU, db


def gru_loss(params, xs, target):
    """A gated unit over a sequence, a squared error at its end."""
    W, U, R = params
    h, tape = np.zeros(W.shape[1]), []
    for x in xs:
        z = sigmoid(x @ W + h @ U)
        n = np.tanh(x @ W + (z * h) @ R)
        tape.append((x, h, z, n))
        h = (1 - z) * n + z * h
    error = h - target
    dW, dU, dR, dh = np.zeros_like(W), np.zeros_like(U), np.zeros_like(R), error
    for x, h, z, n in reversed(tape):
        dn = dh * (1 - z) * (1 - n**2)
        inner = R @ dn
        dz = (dh * (h - n) + inner * h) * z * (1 - z)
        dW += np.outer(x, dn + dz)
        dU += np.outer(h, dz)
        dR += np.outer(z * h, dn)
        dh = dh * z + inner * z + U @ dz
    return 0.5 * error.dot(error), [dW, dU, dR]


def iir_forward(x, a, b):
    """y[t] = a y[t-1] + b x[t]; a and b are numbers."""
    y = np.zeros(len(x))
    for t in range(len(x)):
        y[t] = b * x[t] + (a * y[t - 1] if t else 0.0)
    return y, (x, a, b, y)


def iir_backward(dy, cache):
    x, a, b, y = cache
    dx, da, db, carry = np.zeros(len(x)), 0.0, 0.0, 0.0
    for t in range(len(x) - 1, -1, -1):
        carry = dy[t] + a * carry
        dx[t] = b * carry
        db += x[t] * carry
        da += y[t - 1] * carry if t else 0.0
    return dx, da, db


def predator_prey_forward(state, rates, dt=0.05, n=6):
    """Lotka and Volterra's equations by Euler's steps."""
    x, y = state
    a, b, c, d = rates
    path = [(x, y)]
    for _ in range(n):
        x, y = x + dt * (a * x - b * x * y), y + dt * (c * x * y - d * y)
        path.append((x, y))
    return np.array(path[1:]), (path, rates, dt)


def predator_prey_backward(dout, cache):
    path, (a, b, c, d), dt = cache
    gx = gy = 0.0
    dr = np.zeros(4)
    for (x, y), (dx, dy) in zip(path[-2::-1], dout[::-1], strict=True):
        gx, gy = gx + dx, gy + dy
        dr += dt * np.array([gx * x, -gx * x * y, gy * x * y, -gy * y])
        gx, gy = gx * (1 + dt * (a - b * y)) + gy * dt * c * y, -gx * dt * b * x + gy * (1 + dt * (c * x - d))
    return np.array([gx, gy]), dr


def leapfrog_forward(q, p, k):
    """A pendulum, ten steps; k is a number."""
    h, states = 0.1, []
    for _ in range(10):
        mid = p - 0.5 * h * k * np.sin(q)
        q_new = q + h * mid
        states.append((q, q_new))
        q, p = q_new, mid - 0.5 * h * k * np.sin(q_new)
    return (q, p), (states, k, h)


def leapfrog_backward(dout, cache):
    (dq, dp), (states, k, h) = dout, cache
    dk = 0.0
    for q, q_new in reversed(states):
        dk -= 0.5 * h * np.sum(dp * np.sin(q_new))
        dq = dq - 0.5 * h * k * np.cos(q_new) * dp
        dmid = dp + h * dq
        dk -= 0.5 * h * np.sum(dmid * np.sin(q))
        dq, dp = dq - 0.5 * h * k * np.cos(q) * dmid, dmid
    return dq, dp, dk


def heat_forward(u, kappa):
    """Diffusion on a ring by explicit steps, kappa at each point."""
    tape = []
    for _ in range(5):
        lap = np.roll(u, 1) - 2 * u + np.roll(u, -1)
        tape.append(lap)
        u = u + 0.1 * kappa * lap
    return u, (tape, kappa)


def heat_backward(du, cache):
    tape, kappa = cache
    dkappa = np.zeros_like(kappa)
    for lap in tape[::-1]:
        dkappa += 0.1 * du * lap
        g = 0.1 * kappa * du
        du = du + np.roll(g, -1) - 2 * g + np.roll(g, 1)
    return du, dkappa


FUNCTIONS = (
    pair(rnn_forward, rnn_backward, lambda n: (n.normal(2, 4, 3), n.normal(2, 3), n.weights(3, 3), n.weights(3, 3), n.normal(3))),
    pair(lstm_forward, lstm_backward, lambda n: (n.normal(4, 2), n.weights(2, 12), n.weights(3, 12), n.weights(12))),
    loss(gru_loss, lambda n: ([n.weights(2, 3), n.weights(3, 3), n.weights(3, 3)], n.normal(4, 2), n.normal(3))),
    pair(iir_forward, iir_backward, lambda n: (n.normal(8), 0.9, float(n.weights(1)[0]))),
    pair(predator_prey_forward, predator_prey_backward, lambda n: (n.uniform(0.2, 3, 2), n.uniform(0.2, 2, 4))),
    pair(leapfrog_forward, leapfrog_backward, lambda n: (n.normal(3), n.normal(3), 1.7)),
    pair(heat_forward, heat_backward, lambda n: (n.normal(7), n.uniform(0.1, 1, 7))),
)
