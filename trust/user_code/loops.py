"""Loops that fill buffers: np.zeros first, then one element or row after another."""

import numpy as np

from trust.user_code.entry import loss, pair


def conv_forward_naive(x, w, b):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = np.zeros((N, F, H, W))
    for n in range(N):
        for f in range(F):
            for i in range(H):
                for j in range(W):
                    out[n, f, i, j] = np.sum(xp[n, :, i : i + HH, j : j + WW] * w[f]) + b[f]
    return out, (x, w, b)


def conv_backward_naive(dout, cache):
    x, w, b = cache
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    dxp, dw, db = np.zeros_like(xp), np.zeros_like(w), np.zeros_like(b)
    for n in range(N):
        for f in range(F):
            for i in range(H):
                for j in range(W):
                    dxp[n, :, i : i + HH, j : j + WW] += w[f] * dout[n, f, i, j]
                    dw[f] += xp[n, :, i : i + HH, j : j + WW] * dout[n, f, i, j]
                    db[f] += dout[n, f, i, j]
    return dxp[:, :, 1:-1, 1:-1], dw, db


def max_pool_forward(x):
    N, H, W = x.shape
    out = np.empty((N, H // 2, W // 2))
    where = {}
    for n in range(N):
        for i in range(H // 2):
            for j in range(W // 2):
                window = x[n, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
                a, c = np.unravel_index(window.argmax(), (2, 2))
                where[n, i, j] = (n, 2 * i + a, 2 * j + c)
                out[n, i, j] = window[a, c]
    return out, (x.shape, where)


def max_pool_backward(dout, cache):
    shape, where = cache
    dx = np.zeros(shape)
    for place, source in where.items():
        dx[source] += dout[place]
    return dx


def smooth_forward(signal, kernel):
    n, k = len(signal), len(kernel)
    out = np.zeros(n - k + 1)
    for i in range(n - k + 1):
        for j in range(k):
            out[i] += signal[i + j] * kernel[j]
    return np.tanh(out)


def smooth_backward(dout, signal, kernel):
    dpre = dout * (1 - smooth_forward(signal, kernel) ** 2)
    dsignal, dkernel = np.zeros(len(signal)), np.zeros(len(kernel))
    for i in range(len(dpre)):
        for j in range(len(kernel)):
            dsignal[i + j] += dpre[i] * kernel[j]
            dkernel[j] += dpre[i] * signal[i + j]
    return dsignal, dkernel


def distances_forward(A, B):
    D = np.zeros((len(A), len(B)))
    for i in range(len(A)):
        for j in range(len(B)):
            D[i, j] = np.sqrt(np.sum((A[i] - B[j]) ** 2) + 1e-8)
    return D, (A, B, D)


def distances_backward(dD, cache):
    A, B, D = cache
    dA, dB = np.zeros(A.shape), np.zeros(B.shape)
    for i in range(len(A)):
        for j in range(len(B)):
            g = dD[i, j] * (A[i] - B[j]) / D[i, j]
            dA[i] += g
            dB[j] -= g
    return dA, dB


def bag_of_words_forward(table, words):
    """Mean of the rows of a table, one sentence after another; words repeat."""
    h = np.zeros((len(words), table.shape[1]))
    for s, sentence in enumerate(words):
        for word in sentence:
            h[s] += table[word] / len(sentence)
    return h, (table.shape, words)


def bag_of_words_backward(dh, cache):
    shape, words = cache
    dtable = np.zeros(shape)
    for s, sentence in enumerate(words):
        np.add.at(dtable, sentence, dh[s] / len(sentence))
    return dtable, None


def svm_loss_naive(W, X, y):
    loss, dW = 0.0, np.zeros(W.shape)
    for i in range(len(X)):
        scores = X[i].dot(W)
        for j in range(W.shape[1]):
            if j == y[i]:
                continue
            margin = scores[j] - scores[y[i]] + 1
            if margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    return loss / len(X) + 0.05 * np.sum(W * W), dW / len(X) + 0.1 * W


def bilinear_forward(image, points):
    """Values of an image at points between the pixels."""
    out = np.zeros(len(points))
    for k, (r, c) in enumerate(points):
        i, j = int(r), int(c)
        a, b = r - i, c - j
        out[k] = (1 - a) * ((1 - b) * image[i, j] + b * image[i, j + 1])
        out[k] += a * ((1 - b) * image[i + 1, j] + b * image[i + 1, j + 1])
    return out, (image, points)


def bilinear_backward(dout, cache):
    image, points = cache
    dimage, dpoints = np.zeros_like(image), np.zeros_like(points)
    for k, (r, c) in enumerate(points):
        i, j = int(r), int(c)
        a, b = r - i, c - j
        dimage[i, j] += dout[k] * (1 - a) * (1 - b)
        dimage[i, j + 1] += dout[k] * (1 - a) * b
        dimage[i + 1, j] += dout[k] * a * (1 - b)
        dimage[i + 1, j + 1] += dout[k] * a * b
        dpoints[k, 0] = dout[k] * ((1 - b) * (image[i + 1, j] - image[i, j]) + b * (image[i + 1, j + 1] - image[i, j + 1]))
        dpoints[k, 1] = dout[k] * ((1 - a) * (image[i, j + 1] - image[i, j]) + a * (image[i + 1, j + 1] - image[i + 1, j]))
    return dimage, dpoints


WORDS = [[0, 2, 2], [1], [3, 0]]
FUNCTIONS = (
    pair(conv_forward_naive, conv_backward_naive, lambda n: (n.normal(1, 2, 4, 4), n.weights(2, 2, 3, 3), n.weights(2))),
    pair(max_pool_forward, max_pool_backward, lambda n: (n.normal(2, 4, 4),)),
    pair(smooth_forward, smooth_backward, lambda n: (n.normal(9), n.weights(3))),
    pair(distances_forward, distances_backward, lambda n: (n.normal(3, 2), n.normal(4, 2))),
    pair(bag_of_words_forward, bag_of_words_backward, lambda n: (n.normal(5, 3), WORDS)),
    loss(svm_loss_naive, lambda n: (n.weights(4, 3), n.normal(6, 4), n.labels(6, 3))),
    pair(bilinear_forward, bilinear_backward, lambda n: (n.normal(5, 5), n.uniform(0.1, 3.9, 4, 2))),
)
