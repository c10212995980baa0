"""A transpose and a function that a backward leaves out are named, with the line and the repair."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check, check_function, check_loss
from tests.diagnosis.nets import draw

WEIGHT = draw(3)


def heads_forward(x: Any, w: Any) -> Any:
    tokens, width = x.shape
    heads = np.tanh((x @ w).reshape(tokens, 2, width // 2).swapaxes(0, 1))
    return heads.swapaxes(0, 1).reshape(tokens, width), (x, w, heads)


def heads_not_merged(dout: Any, cache: Any) -> Any:
    x, w, heads = cache
    tokens, width = x.shape
    dheads = dout.reshape(tokens, 2, width // 2).swapaxes(0, 1) * (1 - heads**2)
    dxw = dheads.reshape(tokens, width)  # WRONG: dheads.swapaxes(0, 1)
    return dxw @ w.T, x.T @ dxw


def heads_not_split(dout: Any, cache: Any) -> Any:
    x, w, heads = cache
    tokens, width = x.shape
    dheads = np.reshape(dout, (2, tokens, width // 2)) * (1 - heads**2)  # WRONG: (tokens, 2, ...), and swapaxes(0, 1)
    dxw = dheads.swapaxes(0, 1).reshape(tokens, width)
    return dxw @ w.T, x.T @ dxw


def absolute(x: Any, w: Any) -> Any:
    rest = x @ w
    return np.abs(rest).sum(), (x, rest)


def absolute_without_sign(dout: Any, cache: Any) -> Any:
    x, rest = cache
    drest = dout * rest  # WRONG: np.sign(rest)
    return np.outer(drest, WEIGHT), x.T @ drest


def heads_reordered(dout: Any, cache: Any) -> Any:
    x, w, heads = cache
    dheads = dout.reshape(2, 2, 2).transpose(0, 1, 2) * (1 - heads**2)  # WRONG: transpose(1, 0, 2)
    dxw = dheads.swapaxes(0, 1).reshape(2, 4)
    return dxw @ w.T, x.T @ dxw


CASES: dict[str, tuple[Any, Any, tuple[Any, ...], str, str]] = {
    "merged": (
        heads_forward,
        heads_not_merged,
        (draw(3, 4), draw(4, 4)),
        "transposed",
        "a transpose is missing before it is reshaped. This agrees:\n- dxw = dheads.reshape(tokens, width)",
    ),
    "split": (
        heads_forward,
        heads_not_split,
        (draw(3, 4), draw(4, 4)),
        "transposed",
        "+ dheads = np.reshape(dout, (tokens, 2, width // 2)).swapaxes(0, 1) * (1 - heads ** 2)",
    ),
    "order": (
        heads_forward,
        heads_reordered,
        (draw(2, 4), draw(4, 4)),
        "transposed",
        "+ dheads = dout.reshape(2, 2, 2).transpose(1, 0, 2)",
    ),
    "sign": (absolute, absolute_without_sign, (draw(5, 3), WEIGHT), "derivative", "+ drest = dout * np.sign(rest)"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_left_out_is_named(name: str) -> None:
    forward, backward, inputs, kind, words = CASES[name]
    for finding in check(forward, backward, inputs):
        if finding.verdict == "wrong":
            assert getattr(finding.explanation, "kind", "") == kind, finding.explanation
            assert words in finding.explanation or "the same edit repairs this one" in finding.explanation, finding.explanation
    assert not check(forward, backward, inputs).ok


def test_the_sign_is_named_in_a_rule_of_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Absolute(torch.autograd.Function):  # type: ignore[misc]  # a class of a module that may be missing
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x.abs()

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            (rest,) = ctx.saved_tensors
            return dout * rest

    explanation = check_function(Absolute.apply, (torch.from_numpy(draw(5)),))["dx"].explanation
    assert "sign(rest) is right, and not rest itself" in explanation, explanation


def test_the_sign_is_named_in_a_loss() -> None:
    def loss(weight: Any, x: Any) -> Any:
        rest = x @ weight
        return np.abs(rest).mean(), (x * rest[:, None]).mean(0)

    explanation = check_loss(loss, draw(3), draw(5, 3))["dweight"].explanation
    assert "np.sign(rest)[:, None]" in explanation, explanation


def test_a_gradient_of_a_loss_that_nothing_explains_is_told() -> None:
    def loss(weight: Any, x: Any) -> Any:
        return np.sin(x @ weight).sum(), np.abs(x.sum(0)) ** 1.3 + weight**2

    assert "elements that were measured are wrong" in check_loss(loss, draw(3), draw(5, 3))["dweight"].explanation


def test_they_are_named_in_rules_of_jax() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    jnp = jax.numpy

    @jax.custom_vjp
    def heads(x: Any) -> Any:
        return jnp.tanh(x.reshape(3, 2, 2).swapaxes(0, 1))

    def backward(heads: Any, dout: Any) -> Any:
        dheads = dout * (1 - heads * heads)
        return (jnp.reshape(dheads, (3, 4)),)

    heads.defvjp(lambda x: (heads(x), heads(x)), backward)
    explanation = check_function(heads, (jnp.asarray(draw(3, 4)),))["dx"].explanation
    assert "jnp.reshape(dheads.swapaxes(0, 1), (3, 4))" in explanation, explanation


def test_they_are_named_in_rules_of_tensorflow() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def heads(x: Any) -> Any:
        out = tf.transpose(tf.reshape(x, (3, 2, 2)), (1, 0, 2))

        def backward(dout: Any) -> Any:
            return tf.reshape(dout, (3, 4))

        return out, backward

    explanation = check_function(heads, (tf.constant(draw(3, 4)),))["dx"].explanation
    assert "tf.reshape(tf.transpose(dout, (1, 0, 2)), (3, 4))" in explanation, explanation


def unrolled(params: Any, x: Any) -> Any:
    first = np.reshape(params[:12], (3, 4), order="F")
    second = params[12:].reshape((4, 2), order="F")
    hidden = np.tanh(x @ first)
    out = hidden @ second
    d = (out @ second.T) * (1 - hidden**2)
    return (out**2).sum() / 2, np.concatenate(((x.T @ d).ravel(), (hidden.T @ out).ravel()))  # WRONG: order="F"


def test_the_order_of_an_unrolled_gradient_is_named() -> None:
    explanation = check_loss(unrolled, draw(20), draw(5, 3))["dparams"].explanation
    assert "order='F' is right" in explanation, explanation
