"""np.linalg: solve, inv, det, slogdet, cholesky, eigh, svd, lstsq, pinv. LAPACK computes in float64."""

import numpy as np

from trust.user_code.entry import loss, pair


def solve_forward(A, b):
    x = np.linalg.solve(A, b)
    return x, (A, x)


def solve_backward(dx, cache):
    A, x = cache
    db = np.linalg.solve(A.T, dx)
    return -np.outer(db, x), db


def log_volume(A):
    sign, logdet = np.linalg.slogdet(A)
    return logdet, A


def log_volume_backward(dout, A):
    return dout * np.linalg.inv(A).T


def det_forward(A):
    return np.linalg.det(A)


def det_backward(dout, A):
    return dout * np.linalg.det(A) * np.linalg.inv(A).T


def inverse_forward(A):
    B = np.linalg.inv(A)
    return B, B


def inverse_backward(dB, B):
    return -B.T @ dB @ B.T


def gp_nll(theta, X, y):
    """Negative log marginal likelihood of a Gaussian process; theta: log of length, amplitude and noise."""
    length, amplitude, noise = np.exp(theta)
    D2 = np.sum((X[:, None, :] - X[None, :, :]) ** 2, axis=2)
    K0 = amplitude * np.exp(-0.5 * D2 / length**2)
    K = K0 + noise * np.eye(len(X))
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    value = 0.5 * y.dot(alpha) + np.log(np.diag(L)).sum() + 0.5 * len(X) * np.log(2 * np.pi)
    inner = np.linalg.inv(K) - np.outer(alpha, alpha)
    dK = [K0 * D2 / length**2, K0, noise * np.eye(len(X))]
    return value, np.array([0.5 * np.trace(inner @ d) for d in dK])


def cholesky_forward(A):
    """Of the symmetric part; backward after Murray (2016)."""
    L = np.linalg.cholesky((A + A.T) / 2)
    return L, L


def cholesky_backward(dL, L):
    P = np.tril(L.T @ np.tril(dL))
    P[np.diag_indices_from(P)] /= 2
    Linv = np.linalg.inv(L)
    S = Linv.T @ P @ Linv
    return (S + S.T) / 2


def matrix_sqrt_forward(A):
    w, V = np.linalg.eigh((A + A.T) / 2)
    root = np.sqrt(w)
    return (V * root) @ V.T, (root, V)


def matrix_sqrt_backward(dR, cache):
    root, V = cache
    inner = (V.T @ dR @ V) / (root[:, None] + root[None, :])
    dA = V @ inner @ V.T
    return (dA + dA.T) / 2


def nuclear_norm_forward(A):
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return s.sum(), (U, Vt)


def nuclear_norm_backward(dout, cache):
    U, Vt = cache
    return dout * U @ Vt


def least_squares_forward(A, b):
    x = np.linalg.lstsq(A, b, rcond=None)[0]
    return x, (A, b, x)


def least_squares_backward(dx, cache):
    A, b, x = cache
    g = np.linalg.solve(A.T @ A, dx)
    return np.outer(b - A @ x, g) - np.outer(A @ g, x), A @ g


def ridge(X, y, lam):
    """Ridge regression's prediction, through the normal equations."""
    K = X.T @ X + lam * np.eye(X.shape[1])
    beta = np.linalg.solve(K, X.T @ y)
    return X @ beta, (X, y, lam, K, beta)


def ridge_backward(dout, cache):
    X, y, lam, K, beta = cache
    dbeta = X.T @ dout
    g = np.linalg.solve(K, dbeta)
    dX = np.outer(dout, beta) + np.outer(y, g) - X @ (np.outer(g, beta) + np.outer(beta, g))
    return dX, X @ g, -g @ beta


def kernel(n):
    return n.rng.normal(size=3) * (2 if n.kind == "saturated" else 0.5), n.rng.normal(size=(6, 2)), n.normal(6)


FUNCTIONS = (
    pair(solve_forward, solve_backward, lambda n: (n.matrix(4), n.normal(4))),
    pair(log_volume, log_volume_backward, lambda n: (n.matrix(4),)),
    pair(det_forward, det_backward, lambda n: (n.matrix(3),), cached=False),
    pair(inverse_forward, inverse_backward, lambda n: (n.matrix(3),)),
    loss(gp_nll, kernel),
    pair(cholesky_forward, cholesky_backward, lambda n: (n.spd(4),)),
    pair(matrix_sqrt_forward, matrix_sqrt_backward, lambda n: (n.spd(3),)),
    pair(nuclear_norm_forward, nuclear_norm_backward, lambda n: (n.matrix(4)[:, :3],)),
    pair(least_squares_forward, least_squares_backward, lambda n: (n.rng.normal(size=(6, 3)), n.normal(6))),
    pair(ridge, ridge_backward, lambda n: (n.normal(5, 3), n.normal(5), 0.3)),
)
