"""Mistakes of rules of PyTorch, TensorFlow and JAX, and the edit of the line that repairs each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check, check_function

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

pytestmark = pytest.mark.explained

ROWS = torch.tensor([0, 2, 0])
FULL = torch.tensor([[False, True, False], [False, False, True]])


def normal(*shape: int) -> Any:
    return torch.from_numpy(np.random.default_rng(len(shape)).normal(size=shape))


def assigned(dout: Any, x: Any) -> Any:
    dx = torch.zeros_like(x)
    dx[ROWS] = dout
    return dx


def added(dout: Any, x: Any) -> Any:
    dx = torch.zeros_like(x)
    dx[ROWS] += dout
    return dx


def subtracted(dout: Any, x: Any) -> Any:
    dx = torch.zeros_like(x)
    dx[ROWS] -= -dout
    return dx


def scattered(dout: Any, x: Any) -> Any:
    dx = torch.zeros_like(x)
    dx.scatter_(0, ROWS[:, None].expand_as(dout), dout)
    return dx


def put(dout: Any, x: Any) -> Any:
    return torch.zeros_like(x).index_put((ROWS,), dout)


def copied(dout: Any, x: Any) -> Any:
    dx = torch.zeros_like(x)
    dx.index_copy_(0, ROWS, dout)
    return dx


def rule(forward: Any, backward: Any) -> Any:
    class Rule(torch.autograd.Function):  # type: ignore[misc]  # PyTorch has no types here
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            ctx.inputs = inputs
            return forward(*inputs)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return backward(dout, *ctx.inputs)

    return Rule.apply


@pytest.mark.parametrize(
    ("backward", "repaired"),
    [
        (assigned, "dx.index_put_((ROWS,), dout, accumulate=True)"),
        (added, "dx.index_put_((ROWS,), dout, accumulate=True)"),
        (subtracted, "dx.index_put_((ROWS,), dout, accumulate=True)"),
        (scattered, "dx.scatter_add_(0, ROWS[:, None].expand_as(dout), dout)"),
        (put, "return torch.zeros_like(x).index_put((ROWS,), dout, accumulate=True)"),
        (copied, "dx.index_add_(0, ROWS, dout)"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_row_that_is_taken_twice_is_added_up(backward: Any, repaired: str) -> None:
    explanation = check_function(rule(lambda x: x[ROWS], backward), normal(4, 3))["dinput0"].explanation
    assert f"+ {repaired}" in explanation


def test_a_row_that_is_taken_twice_is_added_up_in_tensorflow() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

    @tf.custom_gradient
    def taken(x: Any) -> Any:
        rows = tf.constant([[0], [2], [0]])
        return tf.gather_nd(x, rows), lambda dout: tf.tensor_scatter_nd_update(tf.zeros_like(x), rows, dout)

    explanation = check_function(taken, tf.constant(normal(4, 3).numpy()))["dx"].explanation
    assert "+ tf.tensor_scatter_nd_add(tf.zeros_like(x), rows, dout)" in explanation


def test_a_flag_of_a_product_that_is_missing_in_tensorflow() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

    @tf.custom_gradient
    def scores(query: Any, key: Any) -> Any:
        def grad(dout: Any) -> Any:
            return tf.matmul(dout, key), tf.matmul(dout, query)

        return tf.matmul(query, key, transpose_b=True), grad

    matrices = [tf.constant(np.random.default_rng(seed).normal(size=(3, 3))) for seed in (0, 1)]
    explanation = check_function(scores, tuple(matrices))["dkey"].explanation
    assert "+ tf.matmul(dout, query, transpose_a=True)" in explanation


def standardised(x: Any) -> Any:
    return (x - x.mean(0)) / (x.var(0, unbiased=False) + 1e-5).sqrt()


def of_rate(dout: Any, normed: Any, rate: Any) -> Any:
    return rate * (dout - dout.mean(0) - normed * (dout * normed).mean(0))


def other_divisor(dout: Any, x: Any) -> Any:
    rate = 1 / (x.var(0) + 1e-5).sqrt()
    return of_rate(dout, standardised(x), rate)


def other_divisor_said(dout: Any, x: Any) -> Any:
    rate = 1 / (x.var(0, unbiased=True) + 1e-5).sqrt()
    return of_rate(dout, standardised(x), rate)


def other_epsilon(dout: Any, x: Any) -> Any:
    rate = 1 / (x.var(0, unbiased=False) + 1e-3).sqrt()
    return of_rate(dout, standardised(x), rate)


@pytest.mark.parametrize(
    ("backward", "repaired"),
    [
        (other_divisor, "rate = 1 / (x.var(0, correction=0) + 1e-05).sqrt()"),
        (other_divisor_said, "rate = 1 / (x.var(0, unbiased=False) + 1e-05).sqrt()"),
        (other_epsilon, "rate = 1 / (x.var(0, unbiased=False) + 1e-05).sqrt()"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_another_variance_than_that_of_forward(backward: Any, repaired: str) -> None:
    assert f"+ {repaired}" in check_function(rule(standardised, backward), normal(5, 3))["dinput0"].explanation


def test_another_variance_than_that_of_forward_in_numpy() -> None:
    def forward(x: Any) -> Any:
        return x / np.sqrt(x.var(ddof=1))

    def backward(dout: Any, x: Any) -> Any:
        variance = x.var()
        return dout / np.sqrt(variance) - (dout * x).sum() * (x - x.mean()) / (len(x) - 1) / variance**1.5

    explanation = check(forward, backward, (np.array([0.3, -1.2, 0.8, 2.1]),))["dx"].explanation
    assert "+ variance = x.var(ddof=1)" in explanation


def test_a_mask_of_forward_that_backward_lacks() -> None:
    def attention(query: Any, key: Any, value: Any) -> Any:
        return torch.tril(query @ key.T) @ value

    def backward(dout: Any, query: Any, key: Any, value: Any) -> Any:
        weights = torch.tril(query @ key.T)
        dweights = dout @ value.T
        return dweights @ key, dweights.T @ query, weights.T @ dout

    report = check_function(rule(attention, backward), (normal(5, 3), normal(5, 3), normal(5, 2)))
    assert "+ dweights = torch.tril(dout @ value.T)" in report["dinput0"].explanation
    assert "the same edit repairs this one" in report["dinput1"].explanation


def test_elements_of_forward_that_are_filled_have_no_gradient() -> None:
    def scores(x: Any, weight: Any) -> Any:
        return torch.tanh(x @ weight).masked_fill(FULL, -9.0)

    def backward(dout: Any, x: Any, weight: Any) -> Any:
        dscores = dout * (1 - torch.tanh(x @ weight) ** 2)
        return dscores @ weight.T, x.T @ dscores

    report = check_function(rule(scores, backward), (normal(2, 4), normal(4, 3)))
    assert ".masked_fill(FULL, 0)" in report["dinput0"].explanation


class Dropout(torch.autograd.Function):  # type: ignore[misc]  # PyTorch has no types here
    """With a mask that is given."""

    @staticmethod
    def forward(ctx: Any, x: Any, mask: Any) -> Any:
        ctx.save_for_backward(mask)
        return x * mask / 0.8

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        (mask,) = ctx.saved_tensors
        return dout * mask, None


def test_a_number_of_forward_is_known_before_the_lengths_of_arrays() -> None:
    """4/5 is also what is left of a mean over the 5 columns that counts one less."""
    explanation = check_function(Dropout.apply, (normal(2, 5), torch.tensor([1, 0, 1, 1, 0])))["dx"].explanation
    assert explanation.startswith("It is 4/5 times what is right: 0.8, as the code has it")


def test_a_system_is_solved_with_the_transposed_matrix_in_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are hundreds of edits, each of which JAX takes its time for: those of matrices are among the first hundred."""
    monkeypatch.setattr("gradwitness.diagnosis.edits.search.MOST", 100)
    monkeypatch.setattr("gradwitness.diagnosis.edits.search.Editor.seconds", 60)
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    jnp = jax.numpy

    def forward(a: Any, b: Any) -> Any:
        x = jnp.linalg.solve(a, b)
        return x, (a, x)

    def backward(kept: Any, dout: Any) -> Any:
        a, x = kept
        db = jnp.linalg.solve(a, dout)
        return -jnp.outer(db, x), db

    solve = jax.custom_vjp(lambda a, b: jnp.linalg.solve(a, b))
    solve.defvjp(forward, backward)
    report = check_function(solve, (jnp.asarray(normal(3, 3)) + 2 * jnp.eye(3), jnp.asarray(normal(3))))
    assert report["da"].verdict == report["db"].verdict == "wrong"
    assert "+ db = jnp.linalg.solve(a.T, dout)" in str(report)
