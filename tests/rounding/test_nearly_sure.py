"""What is 1 and a little, and rounds to 1, inside a kernel: the sum of exponentials of a row of logits of which one is far larger
than all others, a sigmoid that is taken from 1, an erf that is added to it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check_function

LOGITS = np.array([[9.0, 0, 0, 0], [12.5, 0, 1, 2], [0, 3, 14, -1], [1, 17, 0.5, 0]])
LABELS = np.array([0, 0, 2, 1])
OF_PYTORCH = {
    "cross_entropy": lambda torch, x: torch.nn.functional.cross_entropy(x, torch.from_numpy(LABELS)),
    "log_softmax": lambda torch, x: torch.log_softmax(x, -1),
    "logsumexp": lambda torch, x: torch.logsumexp(x - x.amax(-1, keepdim=True), (-1,)),
    "logaddexp": lambda torch, x: torch.logaddexp(x * 1e-6 - np.log(2), x * 0 - np.log(2)),
    "logit": lambda torch, x: torch.logit(x * 1e-6 + 0.5),
    "gelu": lambda torch, x: torch.nn.functional.gelu(x / 10 - 4),
    "of one axis": lambda torch, x: torch.log_softmax(x, 0),
}
OF_TENSORFLOW = {
    "sparse": lambda tf, x: tf.nn.sparse_softmax_cross_entropy_with_logits(LABELS, x),
    "soft": lambda tf, x: tf.nn.softmax_cross_entropy_with_logits(tf.one_hot(LABELS, 4, dtype=x.dtype), x),
    "log_softmax": lambda tf, x: tf.nn.log_softmax(x),
    "logsumexp": lambda tf, x: tf.reduce_logsumexp(x - tf.reduce_max(x, -1, keepdims=True), -1),
}
OF_JAX = {
    "log_softmax": lambda jax, x: jax.nn.log_softmax(x),
    "logsumexp": lambda jax, x: jax.nn.logsumexp(x - x.max(-1, keepdims=True), axis=-1),
}
DTYPES = ("float32", "bfloat16")


def rows(report: Any) -> set[str]:
    """The verdicts in the narrow dtype."""
    return {finding.verdict for finding in report.findings if ":" in finding.about}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OF_PYTORCH)
def test_of_pytorch(name: str, dtype: str) -> None:
    torch: Any = pytest.importorskip("torch", reason="its functions are checked")
    logits = torch.tensor(LOGITS).to(getattr(torch, dtype))
    assert rows(check_function(lambda x: OF_PYTORCH[name](torch, x), logits)) == {"right"}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OF_TENSORFLOW)
def test_of_tensorflow(name: str, dtype: str) -> None:
    tf = pytest.importorskip("tensorflow", reason="its functions are checked")
    logits = tf.cast(tf.constant(LOGITS), dtype)
    assert rows(check_function(lambda x: OF_TENSORFLOW[name](tf, x), logits)) == {"right"}


@pytest.mark.parametrize("name", OF_JAX)
def test_of_jax(name: str) -> None:
    jax = pytest.importorskip("jax", reason="its functions are checked")
    logits = jax.numpy.asarray(LOGITS, np.float32)
    assert rows(check_function(lambda x: OF_JAX[name](jax, x), logits)) == {"right"}


def test_an_error_of_ordinary_logits_is_seen_as_before() -> None:
    torch: Any = pytest.importorskip("torch", reason="its functions are checked")
    logits = torch.tensor(np.random.default_rng(0).normal(size=(4, 5)), dtype=torch.float32)
    report = check_function(lambda x: torch.log_softmax(x, -1) * (1 + 2e-5), logits, reference=lambda x: torch.log_softmax(x, -1))
    assert rows(report) == {"wrong"}
