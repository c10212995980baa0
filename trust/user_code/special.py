"""Special functions: by hand with math.*, and from SciPy."""

import math

import numpy as np

from trust.user_code.entry import loss, pair


def gelu(x):
    phi = np.array([0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x])
    return x * phi, (x, phi)


def gelu_backward(dout, cache):
    x, phi = cache
    density = np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi)
    return dout * (phi + x * density)


def digamma(x):
    """Recurrence up to 12, then the asymptotic series."""
    shift = 0.0
    while x < 12:
        shift -= 1 / x
        x += 1
    f = 1 / (x * x)
    return (
        shift
        + math.log(x)
        - 0.5 / x
        - f * (1 / 12 - f * (1 / 120 - f * (1 / 252 - f * (1 / 240 - f * (1 / 132 - f * 691 / 32760)))))
    )


def beta_nll(ab, data):
    a, b = (float(v) for v in ab)
    n = len(data)
    total = n * (math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b))
    total -= sum((a - 1) * math.log(t) + (b - 1) * math.log(1 - t) for t in data)
    da = n * (digamma(a) - digamma(a + b)) - sum(math.log(t) for t in data)
    db = n * (digamma(b) - digamma(a + b)) - sum(math.log(1 - t) for t in data)
    return total, np.array([da, db])


def probit_forward(t):
    """log Phi(t), by math.erfc one element after another."""
    return np.array([math.log(0.5 * math.erfc(-v / math.sqrt(2))) for v in t.ravel()]).reshape(t.shape)


def probit_backward(dout, t):
    tail = np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in t.ravel()]).reshape(t.shape)
    return dout * np.exp(-0.5 * t * t) / math.sqrt(2 * math.pi) / tail


def softplus_forward(x):
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


def softplus_backward(dout, x):
    return dout * np.where(x > 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def bessel_by_integral(x):
    """J0(x), the mean of cos(x sin t) over equally spaced t."""
    t = (np.arange(64) + 0.5) * np.pi / 64
    return np.cos(np.outer(x, np.sin(t))).mean(axis=1), (x, t)


def bessel_by_integral_backward(dout, cache):
    x, t = cache
    return -dout * (np.sin(np.outer(x, np.sin(t))) * np.sin(t)).mean(axis=1)


def scipy_bessel(x):
    from scipy.special import j0

    return j0(x), x


def scipy_bessel_backward(dout, x):
    from scipy.special import j1

    return -dout * j1(x)


def scipy_negative_binomial(params, counts):
    from scipy.special import digamma, expit, gammaln

    r, logit = np.exp(params["log_r"]), params["logit"]
    value = -np.sum(
        gammaln(counts + r) - gammaln(r) - gammaln(counts + 1) - counts * np.logaddexp(0, -logit) - r * np.logaddexp(0, logit)
    )
    dr = -np.sum(digamma(counts + r) - digamma(r) - np.logaddexp(0, logit))
    return value, {"log_r": dr * r, "logit": np.sum(r * expit(logit) - counts * expit(-logit))}


def scipy_logsumexp(x):
    from scipy.special import logsumexp

    return logsumexp(x, axis=1), x


def scipy_logsumexp_backward(dout, x):
    from scipy.special import softmax

    return dout[:, None] * softmax(x, axis=1)


def scipy_erf_kernel(x, scale):
    from scipy.special import erf

    return erf(x / scale), (x, scale)


def scipy_erf_kernel_backward(dout, cache):
    x, scale = cache
    slope = dout * 2 / np.sqrt(np.pi) * np.exp(-((x / scale) ** 2))
    return slope / scale, -np.sum(slope * x) / scale**2


def moderate(n, *shape):
    return np.clip(n.normal(*shape), -30, 30)


COUNTS = np.array([0, 3, 1, 7, 2])
FUNCTIONS = (
    pair(gelu, gelu_backward, lambda n: (n.normal(7),)),
    loss(beta_nll, lambda n: (n.positive(2) + 0.05, list(n.rng.beta(2, 3, size=8)))),
    pair(probit_forward, probit_backward, lambda n: (moderate(n, 5),), cached=False),
    pair(softplus_forward, softplus_backward, lambda n: (n.normal(3, 3),), cached=False),
    pair(bessel_by_integral, bessel_by_integral_backward, lambda n: (moderate(n, 5),)),
    pair(scipy_bessel, scipy_bessel_backward, lambda n: (moderate(n, 6),), needs="scipy"),
    loss(
        scipy_negative_binomial,
        lambda n: ({"log_r": float(n.weights(1)[0]), "logit": float(n.weights(1)[0])}, COUNTS),
        needs="scipy",
    ),
    pair(scipy_logsumexp, scipy_logsumexp_backward, lambda n: (n.normal(3, 4),), needs="scipy"),
    pair(scipy_erf_kernel, scipy_erf_kernel_backward, lambda n: (n.normal(6), float(n.positive(1)[0])), needs="scipy"),
)
