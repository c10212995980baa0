"""Numbers one by one: math.*, Python's lists, sums in a loop, float(...) around an array's sum."""

import math

import numpy as np

from trust.user_code.entry import loss, pair


def rosenbrock(v):
    f, g = 0.0, [0.0] * len(v)
    for i in range(len(v) - 1):
        f += 100 * (v[i + 1] - v[i] ** 2) ** 2 + (1 - v[i]) ** 2
        g[i] += -400 * v[i] * (v[i + 1] - v[i] ** 2) - 2 * (1 - v[i])
        g[i + 1] += 200 * (v[i + 1] - v[i] ** 2)
    return f, np.array(g)


def Phi(t):
    return 0.5 * math.erfc(-t / math.sqrt(2))


def call_price(S, K, r, sigma, T):
    """Black and Scholes; backward: the Greeks."""
    d1 = (math.log(S / K) + (r + 0.5 * sigma**2) * T) / (sigma * math.sqrt(T))
    return S * Phi(d1) - K * math.exp(-r * T) * Phi(d1 - sigma * math.sqrt(T))


def greeks(dout, S, K, r, sigma, T):
    root = math.sqrt(T)
    d1 = (math.log(S / K) + (r + 0.5 * sigma**2) * T) / (sigma * root)
    d2 = d1 - sigma * root
    density = math.exp(-0.5 * d1 * d1) / math.sqrt(2 * math.pi)
    discounted = K * math.exp(-r * T)
    theta = S * density * sigma / (2 * root) + r * discounted * Phi(d2)
    grads = [Phi(d1), -math.exp(-r * T) * Phi(d2), T * discounted * Phi(d2), S * density * root, theta]
    return [dout * g for g in grads]


def haversine(lat1, lon1, lat2, lon2):
    a = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * math.asin(math.sqrt(a))


def haversine_backward(d, lat1, lon1, lat2, lon2):
    half, turn = math.sin((lon2 - lon1) / 2) ** 2, math.cos(lat1) * math.cos(lat2)
    a = math.sin((lat2 - lat1) / 2) ** 2 + turn * half
    da = d / math.sqrt(a * (1 - a))
    north, east = 0.5 * math.sin(lat2 - lat1), 0.5 * turn * math.sin(lon2 - lon1)
    dlat1 = -north - math.sin(lat1) * math.cos(lat2) * half
    dlat2 = north - math.cos(lat1) * math.sin(lat2) * half
    return da * dlat1, -da * east, da * dlat2, da * east


def neuron(w, b, rows, answers):
    """Lists of lists, no arrays at all."""
    total = 0.0
    for row, answer in zip(rows, answers, strict=True):
        z = sum(wi * xi for wi, xi in zip(w, row, strict=True)) + b
        p = 1 / (1 + math.exp(-z))
        total += (p - answer) ** 2
    return total / len(rows)


def neuron_backward(d, w, b, rows, answers):
    dw, db, drows = [0.0 for _ in w], 0.0, []
    for row, answer in zip(rows, answers, strict=True):
        z = sum(wi * xi for wi, xi in zip(w, row, strict=True)) + b
        p = 1 / (1 + math.exp(-z))
        delta = d * 2 * (p - answer) * p * (1 - p) / len(rows)
        dw = [g + delta * xi for g, xi in zip(dw, row, strict=True)]
        db += delta
        drows.append([delta * wi for wi in w])
    return dw, db, drows, None


def unit_forward(x):
    length = math.sqrt(np.sum(x * x))
    return x / length


def unit_backward(dout, x):
    length = math.sqrt(np.sum(x * x))
    y = x / length
    return (dout - y * float(np.sum(y * dout))) / length


def energy(x, k):
    """Springs between neighbours: a Python float comes back."""
    e, dx, dk = 0.0, np.zeros_like(x), 0.0
    for i in range(len(x) - 1):
        stretch = x[i + 1] - x[i] - 1
        e += 0.5 * k * stretch**2
        dx[i + 1] += k * stretch
        dx[i] -= k * stretch
        dk += 0.5 * stretch**2
    return float(e), (dx, dk)


def springs(params):
    return energy(*params)


def lens_forward(f, u):
    """Where a thin lens shows an object, and how large."""
    v = f * u / (u - f)
    return [v, math.atan(v / u)]


def lens_backward(dout, f, u):
    v = f * u / (u - f)
    dv = dout[0] + dout[1] * u / (u * u + v * v)
    return dv * (u / (u - f)) ** 2, -dv * (f / (u - f)) ** 2 - dout[1] * v / (u * u + v * v)


def scaled(x):
    return x * float(np.sum(x * x))


def scaled_backward(dout, x):
    return dout * float(np.sum(x * x)) + 2 * x * float(np.sum(dout * x))


def market(n):
    return (float(n.uniform(60, 150)), 100.0, 0.03, float(n.uniform(0.05, 0.6)), float(n.uniform(0.1, 3)))


def places(n):
    return tuple(float(v) for v in n.uniform(-1, 1, 4))


def row_lists(n):
    return list(map(float, n.weights(3))), 0.3, [list(map(float, row)) for row in np.clip(n.normal(4, 3), -20, 20)], [0, 1, 1, 0]


FUNCTIONS = (
    loss(rosenbrock, lambda n: (n.normal(5),)),
    pair(call_price, greeks, market),
    pair(haversine, haversine_backward, places),
    pair(neuron, neuron_backward, row_lists),
    pair(unit_forward, unit_backward, lambda n: (n.normal(6),), cached=False),
    loss(springs, lambda n: ((n.normal(6), 2.5),)),
    pair(lens_forward, lens_backward, lambda n: (float(n.uniform(0.5, 1.5)), float(n.uniform(2, 5)))),
    pair(scaled, scaled_backward, lambda n: (n.normal(5),), cached=False),
)
