"""Attention: plain, causal, in blocks, with many heads, without softmax, with rotated positions."""

import numpy as np

from trust.user_code.entry import pair


def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_back(dP, P):
    return P * (dP - np.sum(dP * P, axis=-1, keepdims=True))


def attention(Q, K, V):
    P = softmax(Q @ K.T / np.sqrt(Q.shape[-1]))
    return P @ V, (Q, K, V, P)


def attention_backward(dO, cache):
    Q, K, V, P = cache
    dS = softmax_back(dO @ V.T, P) / np.sqrt(Q.shape[-1])
    return dS @ K, dS.T @ Q, P.T @ dO


def causal_attention(q, k, v):
    T, d = q.shape
    scores = q.dot(k.T) / d**0.5
    scores[np.triu_indices(T, 1)] = -1e30
    w = softmax(scores)
    return w.dot(v), (q, k, v, w)


def causal_attention_backward(dout, cache):
    q, k, v, w = cache
    dscores = softmax_back(dout.dot(v.T), w) / q.shape[1] ** 0.5
    return dscores.dot(k), dscores.T.dot(q), w.T.dot(dout)


def blocks(T, size):
    return [slice(s, min(s + size, T)) for s in range(0, T, size)]


def flash_forward(q, k, v, size=2):
    """Keys and values come in blocks; the maximum and the sum are carried."""
    T, d = q.shape
    o, m, l = np.zeros((T, v.shape[1])), np.full(T, -np.inf), np.zeros(T)  # noqa: E741
    for block in blocks(len(k), size):
        s = q @ k[block].T / np.sqrt(d)
        new = np.maximum(m, s.max(axis=1))
        p, old = np.exp(s - new[:, None]), np.exp(m - new)
        o = o * old[:, None] + p @ v[block]
        l = l * old + p.sum(axis=1)  # noqa: E741
        m = new
    o /= l[:, None]
    return o, (q, k, v, o, m + np.log(l), size)


def flash_backward(do, cache):
    q, k, v, o, lse, size = cache
    dq, dk, dv = np.zeros(q.shape), np.zeros(k.shape), np.zeros(v.shape)
    delta = np.sum(do * o, axis=1)
    scale = 1 / np.sqrt(q.shape[1])
    for block in blocks(len(k), size):
        p = np.exp(q @ k[block].T * scale - lse[:, None])
        ds = p * (do @ v[block].T - delta[:, None]) * scale
        dv[block] += p.T @ do
        dk[block] += ds.T @ q
        dq += ds @ k[block]
    return dq, dk, dv


def multi_head(x, Wqkv, Wo):
    T, C = x.shape
    H = 2
    q, k, v = np.split((x @ Wqkv).reshape(T, 3 * H, C // H).transpose(1, 0, 2), 3)
    P = softmax(np.einsum("htd,hsd->hts", q, k) * (C // H) ** -0.5)
    y = np.einsum("hts,hsd->htd", P, v).transpose(1, 0, 2).reshape(T, C)
    return y @ Wo, (x, Wqkv, Wo, q, k, v, P, y)


def multi_head_backward(dout, cache):
    x, Wqkv, Wo, q, k, v, P, y = cache
    H, T, d = q.shape
    dy = (dout @ Wo.T).reshape(T, H, d).transpose(1, 0, 2)
    dS = softmax_back(np.einsum("htd,hsd->hts", dy, v), P) * d**-0.5
    dq, dk, dv = np.einsum("hts,hsd->htd", dS, k), np.einsum("hts,htd->hsd", dS, q), np.einsum("hts,htd->hsd", P, dy)
    dqkv = np.concatenate([dq, dk, dv]).transpose(1, 0, 2).reshape(T, -1)
    return dqkv @ Wqkv.T, x.T @ dqkv, y.T @ dout


def linear_attention(q, k, v):
    """Features exp(q) and exp(k); the state is a running sum."""
    fq, fk = np.exp(q), np.exp(k)
    S = np.cumsum(fk[:, :, None] * v[:, None, :], axis=0)
    z = np.cumsum(fk, axis=0)
    den = np.sum(fq * z, axis=1)
    out = np.einsum("td,tde->te", fq, S) / den[:, None]
    return out, (fq, fk, v, S, z, den, out)


def linear_attention_backward(dout, cache):
    fq, fk, v, S, z, den, out = cache
    dnum = dout / den[:, None]
    dden = -np.sum(dout * out, axis=1) / den
    dfq = np.einsum("te,tde->td", dnum, S) + dden[:, None] * z
    dS = np.cumsum((fq[:, :, None] * dnum[:, None, :])[::-1], axis=0)[::-1]
    dz = np.cumsum((fq * dden[:, None])[::-1], axis=0)[::-1]
    dfk = np.einsum("tde,te->td", dS, v) + dz
    return dfq * fq, dfk * fk, np.einsum("tde,td->te", dS, fk)


def rotary(x):
    T, D = x.shape
    angle = np.arange(T)[:, None] / 100.0 ** (np.arange(D // 2) / (D // 2))
    c, s = np.cos(angle), np.sin(angle)
    a, b = x[:, ::2], x[:, 1::2]
    out = np.empty_like(x)
    out[:, ::2], out[:, 1::2] = a * c - b * s, a * s + b * c
    return out, (c, s)


def rotary_backward(dout, cache):
    c, s = cache
    dx = np.empty_like(dout)
    dx[:, ::2] = dout[:, ::2] * c + dout[:, 1::2] * s
    dx[:, 1::2] = dout[:, 1::2] * c - dout[:, ::2] * s
    return dx


def heads(n):
    return n.normal(4, 3), n.normal(4, 3), n.normal(4, 2)


def bounded(n):
    q, k, v = heads(n)
    return np.clip(q, -8, 8), np.clip(k, -8, 8), v


FUNCTIONS = (
    pair(attention, attention_backward, heads),
    pair(causal_attention, causal_attention_backward, heads),
    pair(flash_forward, flash_backward, lambda n: (n.normal(4, 3), n.normal(5, 3), n.normal(5, 2))),
    pair(multi_head, multi_head_backward, lambda n: (n.normal(3, 4), n.weights(4, 12), n.weights(4, 4))),
    pair(linear_attention, linear_attention_backward, bounded),
    pair(rotary, rotary_backward, lambda n: (n.normal(5, 4),)),
)
