"""Normalisation, losses on logits, kernels and factorisation, with explicit caches."""

import numpy as np

from trust.user_code.entry import loss, pair


def batchnorm_forward(x, gamma, beta, eps=1e-5):
    """Step by step along the graph, and back the same way."""
    N, D = x.shape
    mu = 1.0 / N * np.sum(x, axis=0)
    xmu = x - mu
    var = 1.0 / N * np.sum(xmu**2, axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    return gamma * xhat + beta, (xhat, gamma, xmu, ivar, sqrtvar)


def batchnorm_backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar = cache
    N, D = dout.shape
    dbeta, dgamma = np.sum(dout, axis=0), np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dvar = 0.5 / sqrtvar * (-1.0 / sqrtvar**2 * divar)
    dxmu = dxhat * ivar + 2 * xmu * (1.0 / N * np.ones((N, D)) * dvar)
    dmu = -np.sum(dxmu, axis=0)
    return dxmu + 1.0 / N * np.ones((N, D)) * dmu, dgamma, dbeta


def group_norm(x, w, b):
    """(N, C, L) in two groups."""
    N, C, L = x.shape
    g = x.reshape(N, 2, -1)
    rstd = 1 / np.sqrt(g.var(axis=2, keepdims=True) + 1e-5)
    xh = ((g - g.mean(axis=2, keepdims=True)) * rstd).reshape(x.shape)
    return xh * w[:, None] + b[:, None], (xh, rstd, w)


def group_norm_backward(dy, cache):
    xh, rstd, w = cache
    dw, db = (dy * xh).sum(axis=(0, 2)), dy.sum(axis=(0, 2))
    d = (dy * w[:, None]).reshape(len(dy), 2, -1)
    h = xh.reshape(d.shape)
    dx = rstd * (d - d.mean(axis=2, keepdims=True) - h * (d * h).mean(axis=2, keepdims=True))
    return dx.reshape(dy.shape), dw, db


def rms_norm(x, g):
    r = np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-6)
    return x / r * g, (x, g, r)


def rms_norm_backward(dy, cache):
    x, g, r = cache
    dn = dy * g
    return dn / r - x * np.mean(dn * x, axis=-1, keepdims=True) / r**3, np.sum(dy * x / r, axis=0)


def smoothed_cross_entropy(logits, y, alpha=0.1):
    N, C = logits.shape
    z = logits - logits.max(axis=1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    q = np.full((N, C), alpha / C)
    q[np.arange(N), y] += 1 - alpha
    return float(-(q * logp).sum() / N), (np.exp(logp) - q) / N


def focal_loss(z, t):
    """Binary, gamma = 2; t is 0 or 1."""
    s = np.where(t == 1, z, -z)
    logp = -np.logaddexp(0, -s)
    p = np.exp(logp)
    q = np.exp(-np.logaddexp(0, s))
    ds = 2 * q * q * p * logp - q**3
    return -np.sum(q**2 * logp), np.where(t == 1, ds, -ds)


def info_nce(a, b):
    """Rows of a and b belong together in pairs."""
    S = a @ b.T / 0.5
    m = S.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(S - m).sum(axis=1))
    return np.mean(lse - np.diag(S)), (a, b, np.exp(S - lse[:, None]))


def info_nce_backward(d, cache):
    a, b, P = cache
    dS = d * (P - np.eye(len(a))) / len(a) / 0.5
    return dS @ b, dS.T @ a


def rbf_mmd(X, Y):
    """Distance of two samples under a Gaussian kernel; only the first moves."""

    def kernel(A, B):
        return np.exp(-0.5 * ((A[:, None] - B[None]) ** 2).sum(-1))

    n, m = len(X), len(Y)
    Kxx, Kxy = kernel(X, X), kernel(X, Y)
    value = Kxx.sum() / n**2 - 2 * Kxy.sum() / (n * m) + kernel(Y, Y).sum() / m**2
    grad = -2 * (Kxx[:, :, None] * (X[:, None] - X[None])).sum(1) / n**2
    grad += 2 * (Kxy[:, :, None] * (X[:, None] - Y[None])).sum(1) / (n * m)
    return value, grad


def cosine(x, y):
    nx, ny = np.linalg.norm(x), np.linalg.norm(y)
    return x.dot(y) / (nx * ny), (x, y, nx, ny)


def cosine_backward(d, cache):
    x, y, nx, ny = cache
    c = x.dot(y) / (nx * ny)
    return d * (y / (nx * ny) - c * x / nx**2), d * (x / (nx * ny) - c * y / ny**2)


def masked_factorization(factors, R, mask):
    U, V = factors
    E = mask * (U @ V.T - R)
    return 0.5 * np.sum(E**2) + 0.01 * (np.sum(U**2) + np.sum(V**2)), (E @ V + 0.02 * U, E.T @ U + 0.02 * V)


FUNCTIONS = (
    pair(batchnorm_forward, batchnorm_backward, lambda n: (n.normal(5, 3), n.normal(3), n.normal(3))),
    pair(group_norm, group_norm_backward, lambda n: (n.normal(2, 4, 3), n.normal(4), n.normal(4))),
    pair(rms_norm, rms_norm_backward, lambda n: (n.normal(3, 5), n.normal(5))),
    loss(smoothed_cross_entropy, lambda n: (n.normal(4, 5), n.labels(4, 5))),
    loss(focal_loss, lambda n: (n.normal(6), n.labels(6, 2))),
    pair(info_nce, info_nce_backward, lambda n: (n.normal(3, 4), n.normal(3, 4))),
    loss(rbf_mmd, lambda n: (n.normal(4, 2), n.normal(5, 2))),
    pair(cosine, cosine_backward, lambda n: (n.normal(5), n.normal(5))),
    loss(masked_factorization, lambda n: ((n.normal(4, 2), n.normal(3, 2)), n.normal(4, 3), n.labels(12, 2).reshape(4, 3))),
)
