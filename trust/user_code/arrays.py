"""NumPy's own functions: fft, outer, diag, trace, sort, interp, cumsum, cumprod, vstack, einsum, casts and indices."""

import numpy as np

from trust.user_code.entry import loss, pair


def power_spectrum(x):
    X = np.fft.fft(x)
    return np.abs(X) ** 2, X


def power_spectrum_backward(dP, X):
    return 2 * np.real(np.fft.fft(dP * np.conj(X)))


def circular(x, k):
    return np.real(np.fft.ifft(np.fft.fft(x) * np.fft.fft(k))), (x, k)


def circular_backward(dy, cache):
    x, k = cache
    D = np.fft.fft(dy)
    back = lambda other: np.real(np.fft.ifft(D * np.conj(np.fft.fft(other))))  # noqa: E731
    return back(k), back(x)


def interpolate(ys, at):
    grid = np.arange(len(ys), dtype=float)
    return np.interp(at, grid, ys), (ys, at)


def interpolate_backward(dout, cache):
    ys, at = cache
    left = np.minimum(at.astype(int), len(ys) - 2)
    share = at - left
    dys = np.zeros_like(ys)
    np.add.at(dys, left, dout * (1 - share))
    np.add.at(dys, left + 1, dout * share)
    return dys, dout * (ys[left + 1] - ys[left])


def drawdown(returns):
    """Wealth by cumprod, its logs' running sum."""
    wealth = np.cumprod(1 + returns)
    return np.cumsum(np.log(wealth)), (returns, wealth)


def drawdown_backward(dout, cache):
    returns, wealth = cache
    dlog = np.cumsum(dout[::-1])[::-1]
    dwealth = dlog / wealth
    return np.cumsum((dwealth * wealth)[::-1])[::-1] / (1 + returns)


def with_bias(X, theta):
    """A row of ones on top."""
    Xb = np.vstack([np.ones((1, X.shape[1])), X])
    h = np.cos(theta.dot(Xb))
    return h, (Xb, theta)


def with_bias_backward(dh, cache):
    Xb, theta = cache
    dz = -dh * np.sin(theta.dot(Xb))
    return theta[:, 1:].T.dot(dz), dz.dot(Xb.T)


def bilinear(x, W, y):
    return np.einsum("ni,oij,nj->no", x, W, y), (x, W, y)


def bilinear_backward(d, cache):
    x, W, y = cache
    return np.einsum("no,oij,nj->ni", d, W, y), np.einsum("no,ni,nj->oij", d, x, y), np.einsum("no,oij,ni->nj", d, W, x)


def rank_one_energy(u, v, A):
    """trace((diag(u) + u v') A)"""
    return np.trace((np.diag(u) + np.outer(u, v)) @ A), (u, v, A)


def rank_one_energy_backward(d, cache):
    u, v, A = cache
    return d * (np.diag(A) + A.T @ v), d * (A @ u), d * (np.diag(u) + np.outer(u, v)).T


def polynomial(c, x):
    V = np.vander(x, len(c))
    return V @ c, (c, x, V)


def polynomial_backward(dy, cache):
    c, x, V = cache
    slope = np.polyval(np.polyder(c), x)
    return V.T @ dy, dy * slope


def histogram_features(x, table):
    """An integer cast chooses the row."""
    row = np.clip(np.floor(np.abs(x)).astype(np.int64), 0, len(table) - 1)
    return x[:, None] * table[row], (x, table, row)


def histogram_features_backward(d, cache):
    x, table, row = cache
    dtable = np.zeros_like(table)
    np.add.at(dtable, row, d * x[:, None])
    return (d * table[row]).sum(axis=1), dtable


def total_variation(img):
    dx, dy = np.diff(img, axis=1), np.diff(img, axis=0)
    a, b = np.sqrt(dx**2 + 1e-3), np.sqrt(dy**2 + 1e-3)
    g = np.zeros_like(img)
    g[:, 1:] += dx / a
    g[:, :-1] -= dx / a
    g[1:] += dy / b
    g[:-1] -= dy / b
    return a.sum() + b.sum(), g


def sorted_cost(x):
    """A spread by order statistics, with its gradient scattered back."""
    order = np.argsort(x)
    w = np.linspace(-1, 1, len(x))
    g = np.empty_like(x)
    g[order] = w
    return np.sum(w * np.sort(x)), g


FUNCTIONS = (
    pair(power_spectrum, power_spectrum_backward, lambda n: (n.normal(8),)),
    pair(circular, circular_backward, lambda n: (n.normal(6), n.normal(6))),
    loss(sorted_cost, lambda n: (n.normal(7),)),
    pair(interpolate, interpolate_backward, lambda n: (n.normal(6), n.uniform(0.05, 4.95, 5))),
    pair(drawdown, drawdown_backward, lambda n: (n.uniform(-0.5, 0.8, 6),)),
    pair(with_bias, with_bias_backward, lambda n: (n.normal(3, 4), n.weights(2, 4))),
    pair(bilinear, bilinear_backward, lambda n: (n.normal(3, 2), n.normal(2, 2, 3), n.normal(3, 3))),
    pair(rank_one_energy, rank_one_energy_backward, lambda n: (n.normal(4), n.normal(4), n.normal(4, 4))),
    pair(polynomial, polynomial_backward, lambda n: (n.normal(4), n.normal(5))),
    pair(histogram_features, histogram_features_backward, lambda n: (n.normal(5), n.normal(4, 2))),
    loss(total_variation, lambda n: (n.normal(4, 4),)),
)
