"""Parameters, gradients and caches in dicts, in the style of courses: (loss, grads) = f(params, X, y)."""

import numpy as np

from trust.user_code.entry import loss, pair


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def two_layer_net(params, X, y, reg=0.05):
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    N = X.shape[0]
    hidden = np.maximum(0, X.dot(W1) + b1)
    scores = hidden.dot(W2) + b2
    shifted = scores - scores.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    value = -logp[range(N), y].sum() / N + reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
    dscores = np.exp(logp)
    dscores[range(N), y] -= 1
    dscores /= N
    grads = {"W2": hidden.T.dot(dscores) + 2 * reg * W2, "b2": dscores.sum(axis=0)}
    dhidden = dscores.dot(W2.T)
    dhidden[hidden <= 0] = 0
    grads["W1"], grads["b1"] = X.T.dot(dhidden) + 2 * reg * W1, dhidden.sum(axis=0)
    return value, grads


def propagate(params, X, Y):
    """Logistic regression, examples in columns."""
    w, b = params["w"], params["b"]
    m = X.shape[1]
    Z = np.dot(w.T, X) + b
    cost = np.sum(np.logaddexp(0, Z) - Y * Z) / m
    A = 1 / (1 + np.exp(-Z))
    dw, db = np.dot(X, (A - Y).T) / m, np.sum(A - Y) / m
    return float(np.squeeze(cost)), {"dw": dw, "db": db}


def linear_activation_forward(A, W, b):
    Z = np.dot(W, A) + b
    out = np.tanh(Z)
    return out, {"linear": {"A": A, "W": W}, "activation": out}


def linear_activation_backward(dA, cache):
    A, W = cache["linear"]["A"], cache["linear"]["W"]
    dZ = dA * (1 - np.power(cache["activation"], 2))
    return {"dA": np.dot(W.T, dZ), "dW": np.dot(dZ, A.T), "db": dZ.sum(axis=1, keepdims=True)}


def autoencoder(theta, X):
    """Nested dicts of parameters."""
    enc, dec = theta["enc"], theta["dec"]
    z = 1 / (1 + np.exp(-(X @ enc["W"] + enc["b"])))
    error = z @ dec["W"] + dec["b"] - X
    dz = error @ dec["W"].T * z * (1 - z)
    grads = {
        "enc": {"W": X.T @ dz, "b": dz.sum(0)},
        "dec": {"W": z.T @ error, "b": error.sum(0)},
    }
    return 0.5 * (error**2).sum(), grads


def recommender(p, ratings, lam=0.02):
    """Ratings are (user, item, stars): factors and biases, one rating after another."""
    g = {k: np.zeros_like(v) for k, v in p.items()}
    J = 0.0
    for u, i, r in ratings:
        e = p["U"][u].dot(p["V"][i]) + p["bu"][u] + p["bi"][i] - r
        J += 0.5 * e * e + 0.5 * lam * (p["U"][u].dot(p["U"][u]) + p["V"][i].dot(p["V"][i]))
        g["U"][u] += e * p["V"][i] + lam * p["U"][u]
        g["V"][i] += e * p["U"][u] + lam * p["V"][i]
        g["bu"][u] += e
        g["bi"][i] += e
    return J, g


def skipgram(vectors, center, outside, negatives):
    """Word2vec with negative samples."""
    v, U = vectors["center"][center], vectors["outside"]
    sigmoid = lambda t: 1 / (1 + np.exp(-t))  # noqa: E731
    grads = {"center": np.zeros_like(vectors["center"]), "outside": np.zeros_like(U)}
    value = np.logaddexp(0, -U[outside] @ v)
    grads["outside"][outside] += (sigmoid(U[outside] @ v) - 1) * v
    grads["center"][center] += (sigmoid(U[outside] @ v) - 1) * U[outside]
    for k in negatives:
        value += np.logaddexp(0, U[k] @ v)
        grads["outside"][k] += sigmoid(U[k] @ v) * v
        grads["center"][center] += sigmoid(U[k] @ v) * U[k]
    return value, grads


def net(n):
    params = {"W1": n.weights(4, 5), "b1": n.normal(5), "W2": n.weights(5, 3), "b2": n.normal(3)}
    return params, n.normal(6, 4), n.labels(6, 3)


def factors(n):
    ratings = [(0, 1, 3.0), (0, 0, 5.0), (2, 1, 1.0), (1, 2, 4.0), (2, 2, 2.5)]
    return {"U": n.normal(3, 2), "V": n.normal(3, 2), "bu": n.normal(3), "bi": n.normal(3)}, ratings


def coder(n):
    return {"enc": {"W": n.weights(5, 2), "b": n.normal(2)}, "dec": {"W": n.weights(2, 5), "b": n.normal(5)}}, n.normal(4, 5)


FUNCTIONS = (
    loss(two_layer_net, net),
    loss(
        propagate, lambda n: ({"w": n.weights(4, 1), "b": float(n.weights(1)[0])}, n.normal(4, 6), n.labels(6, 2).reshape(1, 6))
    ),
    pair(linear_activation_forward, linear_activation_backward, lambda n: (n.normal(3, 5), n.weights(2, 3), n.normal(2, 1))),
    loss(autoencoder, coder),
    loss(recommender, factors),
    loss(skipgram, lambda n: ({"center": n.weights(4, 3), "outside": n.normal(5, 3)}, 1, 0, [2, 3, 2])),
)
