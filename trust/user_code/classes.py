"""Classes that remember: layers with self.W and self.dW, networks with self.params."""

import numpy as np

from trust.user_code.entry import loss, pair


class Dense:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout):
        self.dW = np.dot(self.x.T, dout)
        self.db = dout.sum(axis=0)
        return np.dot(dout, self.W.T)


class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * self.out * (1 - self.out)


class Swish:
    def __init__(self):
        self.gate = Sigmoid()

    def forward(self, x):
        self.x, self.s = x, self.gate.forward(x)
        return x * self.s

    def backward(self, dout):
        return dout * self.s + self.gate.backward(dout * self.x)


class LayerNorm:
    eps = 1e-5

    def forward(self, x):
        self.mean, self.var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        self.xhat = (x - self.mean) / np.sqrt(self.var + self.eps)
        return self.xhat

    def backward(self, d):
        inner = d - d.mean(-1, keepdims=True) - self.xhat * (d * self.xhat).mean(-1, keepdims=True)
        return inner / np.sqrt(self.var + self.eps)


class BatchNorm:
    def __init__(self, size):
        self.running_mean, self.running_var, self.momentum = np.zeros(size), np.ones(size), 0.9

    def forward(self, x, gamma, beta):
        mu, var = x.mean(axis=0), x.var(axis=0)
        self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mu
        self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        self.std = np.sqrt(var + 1e-5)
        self.xhat, self.gamma = (x - mu) / self.std, gamma
        return gamma * self.xhat + beta

    def backward(self, dout):
        N = len(dout)
        dgamma, dbeta = (dout * self.xhat).sum(axis=0), dout.sum(axis=0)
        dx = self.gamma / (N * self.std) * (N * dout - dbeta - self.xhat * dgamma)
        return dx, dgamma, dbeta


class SoftmaxWithLoss:
    def forward(self, x, t):
        x = x - np.max(x, axis=1, keepdims=True)
        self.y = np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True)
        self.t = t
        logp = x - np.log(np.sum(np.exp(x), axis=1, keepdims=True))
        return -np.sum(logp[np.arange(len(t)), t]) / len(t)

    def backward(self, dout):
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dout * dx / len(self.t), None


class Sequential:
    """Dense, Sigmoid, Dense, Swish: the layers are called in turn, and backward in reverse."""

    def forward(self, x, W1, b1, W2, b2):
        self.layers = [Dense(W1, b1), Sigmoid(), Dense(W2, b2), Swish()]
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        first, _, second, _ = self.layers
        return dout, first.dW, first.db, second.dW, second.db


class Regression:
    """A network that holds its parameters; loss(X, y) returns the loss and the gradients."""

    def __init__(self, W1, W2, reg=0.1):
        self.params, self.reg = {"W1": W1, "W2": W2}, reg

    def loss(self, X, y):
        W1, W2 = self.params["W1"], self.params["W2"]
        hidden = np.tanh(X @ W1)
        error = hidden @ W2 - y
        value = 0.5 * np.mean(np.sum(error**2, axis=1)) + 0.5 * self.reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
        derror = error / len(X)
        grads = {"W2": hidden.T @ derror + self.reg * W2}
        grads["W1"] = X.T @ (derror @ W2.T * (1 - hidden**2)) + self.reg * W1
        return float(value), grads


class Perceptron:
    """Parameters in the object's attributes; in_place: they are read where they are."""

    def __init__(self, w, b):
        self.w, self.b = w, b

    def step(self, X, y):
        z = X.dot(self.w) + self.b
        value = np.mean(np.logaddexp(0, -y * z))
        dz = -y * np.exp(-np.logaddexp(0, y * z)) / len(y)
        return value, {"w": X.T.dot(dz), "b": np.array([dz.sum()])}


def layer_norm(x):
    layer = LayerNorm()
    return layer.forward(x), layer


def swish(x):
    layer = Swish()
    return layer.forward(x), layer


def from_layer(dout, layer):
    return layer.backward(dout)


def dense(x, W, b):
    layer = Dense(W, b)
    return layer.forward(x), layer


def from_dense(dout, layer):
    dx = layer.backward(dout)
    return dx, layer.dW, layer.db


def with_object(make, draw):
    """Methods of a new object."""

    def drawn(n):
        one = make(n)
        return (one.forward, one.backward), draw(n)

    return drawn


def regression(n):
    net = Regression(n.weights(3, 4), n.weights(4, 2))
    return (net.loss,), (net.params, n.normal(5, 3), n.normal(5, 2))


def perceptron(n):
    one = Perceptron(n.weights(4), n.weights(1))
    return (one.step,), ({"w": one.w, "b": one.b}, n.normal(6, 4), n.rng.choice([-1.0, 1.0], size=6))


batch = with_object(lambda n: BatchNorm(3), lambda n: (n.normal(6, 3), n.normal(3), n.normal(3)))
softmax = with_object(lambda n: SoftmaxWithLoss(), lambda n: (n.normal(4, 5), n.labels(4, 5)))
chain = with_object(
    lambda n: Sequential(), lambda n: (n.normal(3, 2), n.weights(2, 4), n.normal(4), n.weights(4, 2), n.normal(2))
)
FUNCTIONS = (
    pair(dense, from_dense, lambda n: (n.normal(4, 3), n.weights(3, 2), n.normal(2))),
    pair(swish, from_layer, lambda n: (n.normal(7),)),
    pair(layer_norm, from_layer, lambda n: (n.normal(3, 6),)),
    pair(BatchNorm.forward, BatchNorm.backward, batch, bound=True),
    pair(SoftmaxWithLoss.forward, SoftmaxWithLoss.backward, softmax, bound=True),
    pair(Sequential.forward, Sequential.backward, chain, bound=True),
    loss(Regression.loss, regression, bound=True, in_place=True),
    loss(Perceptron.step, perceptron, bound=True, in_place=True),
)
