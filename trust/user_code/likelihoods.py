"""Log likelihoods: Gaussian, Student, mixture, Poisson, hidden Markov model, conditional random field, Kalman filter."""

import numpy as np

from trust.user_code.entry import loss, pair


def gaussian_nll(mu, logvar, x):
    return np.sum(0.5 * (logvar + (x - mu) ** 2 * np.exp(-logvar) + np.log(2 * np.pi))), (mu, logvar, x)


def gaussian_nll_backward(dout, cache):
    mu, logvar, x = cache
    w = (x - mu) * np.exp(-logvar)
    return -dout * w, dout * 0.5 * (1 - (x - mu) * w), dout * w


def student_nll(params, x, nu=4.0):
    """The degrees of freedom are fixed."""
    loc, log_scale = params
    z = (x - loc) / np.exp(log_scale)
    value = np.sum(0.5 * (nu + 1) * np.log1p(z * z / nu) + log_scale)
    slope = (nu + 1) * z / (nu + z * z)
    return value, (-np.sum(slope) / np.exp(log_scale), np.sum(1 - slope * z))


def mixture_nll(p, x):
    """Gaussians in one dimension; logits, means and log deviations."""
    a = p["logits"] - np.log(np.sum(np.exp(p["logits"] - p["logits"].max()))) - p["logits"].max()
    z = (x[:, None] - p["mu"]) * np.exp(-p["s"])
    joint = a - p["s"] - 0.5 * z**2 - 0.5 * np.log(2 * np.pi)
    m = joint.max(axis=1, keepdims=True)
    ll = m[:, 0] + np.log(np.exp(joint - m).sum(axis=1))
    r = np.exp(joint - ll[:, None])
    grads = {
        "logits": len(x) * np.exp(a) - r.sum(axis=0),
        "mu": -(r * z * np.exp(-p["s"])).sum(axis=0),
        "s": (r * (1 - z**2)).sum(axis=0),
    }
    return -ll.sum(), grads


def poisson_nll(w, X, counts):
    eta = X @ w
    rate = np.exp(eta)
    return np.sum(rate - counts * eta), X.T @ (rate - counts)


def hmm_nll(log_pi, log_A, log_B, observed):
    """Forward algorithm in logs, the parameters not normalised; backward by the backward algorithm."""
    lse = lambda v, axis: v.max(axis) + np.log(np.exp(v - np.expand_dims(v.max(axis), axis)).sum(axis))  # noqa: E731
    T = len(observed)
    alpha = np.zeros((T, len(log_pi)))
    alpha[0] = log_pi + log_B[:, observed[0]]
    for t in range(1, T):
        alpha[t] = lse(alpha[t - 1][:, None] + log_A, 0) + log_B[:, observed[t]]
    total = lse(alpha[-1], 0)
    return -total, (alpha, total, log_A, log_B, observed)


def hmm_nll_backward(dout, cache):
    alpha, total, log_A, log_B, observed = cache
    T, S = alpha.shape
    dA, dB = np.zeros_like(log_A), np.zeros_like(log_B)
    beta = np.zeros(S)
    for t in range(T - 1, -1, -1):
        gamma = np.exp(alpha[t] + beta - total)
        dB[:, observed[t]] -= dout * gamma
        if t == 0:
            return -dout * gamma, dA, dB, None
        step = log_A + log_B[:, observed[t]] + beta
        dA -= dout * np.exp(alpha[t - 1][:, None] + step - total)
        m = step.max(axis=1)
        beta = m + np.log(np.exp(step - m[:, None]).sum(axis=1))
    return None


def crf_loss(unary, trans, tags):
    """Linear chain: log partition less the score of the tags; the gradient through the recursion, reversed."""
    T, S = unary.shape
    score = unary[np.arange(T), tags].sum() + trans[tags[:-1], tags[1:]].sum()
    a, weights = unary[0], []
    for t in range(1, T):
        M = a[:, None] + trans
        top = M.max(axis=0)
        E = np.exp(M - top)
        weights.append(E / E.sum(axis=0))
        a = top + np.log(E.sum(axis=0)) + unary[t]
    Z = a.max() + np.log(np.exp(a - a.max()).sum())
    return Z - score, (np.exp(a - Z), weights, tags, unary.shape)


def crf_backward(dout, cache):
    g, weights, tags, (T, S) = cache
    dunary, dtrans = np.zeros((T, S)), np.zeros((S, S))
    for t in range(T - 1, 0, -1):
        dunary[t] = g
        pair_marginal = weights[t - 1] * g
        dtrans += pair_marginal
        g = pair_marginal.sum(axis=1)
    dunary[0] = g
    dunary[np.arange(T), tags] -= 1
    np.subtract.at(dtrans, (tags[:-1], tags[1:]), 1)
    return dout * dunary, dout * dtrans, None


def kalman_nll(theta, ys):
    """A random walk seen through noise; theta = (log q, log r)."""
    q, r = np.exp(theta[0]), np.exp(theta[1])
    m, P, value = 0.0, 1.0, 0.0
    dm, dP, grad = np.zeros(2), np.zeros(2), np.zeros(2)  # forward mode: the derivatives travel along
    dq, dr = np.array([q, 0.0]), np.array([0.0, r])
    for y in ys:
        P, dP = P + q, dP + dq
        S, dS = P + r, dP + dr
        e, de = y - m, -dm
        value += 0.5 * (np.log(S) + e * e / S)
        grad += 0.5 * (dS / S + 2 * e * de / S - e * e * dS / S**2)
        k, dk = P / S, dP / S - P * dS / S**2
        m, dm = m + k * e, dm + dk * e + k * de
        P, dP = (1 - k) * P, -dk * P + (1 - k) * dP
    return value, grad


def mixture(n):
    return {"logits": n.normal(3), "mu": n.normal(3), "s": n.rng.normal(size=3)}, n.normal(7)


FUNCTIONS = (
    pair(gaussian_nll, gaussian_nll_backward, lambda n: (n.normal(5), n.weights(5), n.normal(5))),
    loss(student_nll, lambda n: ((float(n.normal(1)[0]), float(n.weights(1)[0])), n.normal(6))),
    loss(mixture_nll, mixture),
    loss(poisson_nll, lambda n: (n.weights(3), np.clip(n.normal(6, 3), -4, 4), n.labels(6, 5))),
    pair(hmm_nll, hmm_nll_backward, lambda n: (n.normal(3), n.normal(3, 3), n.normal(3, 4), [0, 3, 1, 1, 2])),
    pair(crf_loss, crf_backward, lambda n: (n.normal(4, 3), n.normal(3, 3), np.array([0, 2, 2, 1]))),
    loss(kalman_nll, lambda n: (n.weights(2), list(n.normal(8)))),
)
