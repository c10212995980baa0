"""`compare` names how a port differs whose weights are inputs, and that makes its masks and paddings itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import compare

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
F = torch.nn.functional


def drawn(*shape: int) -> Any:
    return torch.from_numpy(np.random.default_rng(shape).normal(size=shape))


def cell(order: tuple[int, int, int], *, keeps: bool = True) -> Callable[..., Any]:
    """A gated cell: which block of the weights is reset, update and new; whether the update gate keeps the state."""

    def run(x: Any, h: Any, wx: Any, wh: Any, b: Any) -> Any:
        of_x, of_h = [(wx.T @ x + b).chunk(3)[i] for i in order], [(wh.T @ h).chunk(3)[i] for i in order]
        reset, update = torch.sigmoid(of_x[0] + of_h[0]), torch.sigmoid(of_x[1] + of_h[1])
        new = torch.tanh(of_x[2] + reset * of_h[2])
        return update * h + (1 - update) * new if keeps else update * new + (1 - update) * h

    return run


def attention(mask: Callable[[Any], Any]) -> Callable[..., Any]:
    def run(q: Any, k: Any) -> Any:
        return torch.where(mask(torch.ones(4, 4)) > 0, q @ k.T, torch.full((), -1e9, dtype=q.dtype)).softmax(-1) @ k

    return run


def strided(x: Any, kernel: Any) -> Any:
    return F.conv2d(x, kernel, None, 2, 1)


def strided_by_hand(x: Any, kernel: Any) -> Any:
    return F.conv2d(F.pad(x, (0, 1, 0, 1)), kernel, stride=2)


def smoothed(logits: Any) -> Any:
    """The share of a label's smoothing goes to the other classes alone."""
    target = F.one_hot(LABELS, 5)
    return -((0.9 * target + 0.1 / 4 * (1 - target)) * F.log_softmax(logits, -1)).sum(-1).mean()


def reset_before(x: Any, h: Any, w_in: Any, w_state: Any, b: Any) -> Any:
    (r_in, z_in, n_in), (r, z, n) = (x @ w_in.T + b).chunk(3, -1), w_state.chunk(3)
    update = torch.sigmoid(z_in + h @ z.T)
    return (1 - update) * torch.tanh(n_in + (torch.sigmoid(r_in + h @ r.T) * h) @ n.T) + update * h


def blocks_first(x: Any) -> Any:
    """Channels become pixels as in tf.nn.depth_to_space."""
    n, _, rows, columns = x.shape
    return x.reshape(n, 2, 2, -1, rows, columns).permute(0, 3, 4, 1, 5, 2).reshape(n, -1, 2 * rows, 2 * columns)


LABELS = torch.tensor([0, 3, 4])
CELL = (drawn(2), drawn(3), drawn(2, 9), drawn(3, 9), drawn(9))
CASES: dict[str, tuple[Any, Any, tuple[Any, ...], str]] = {
    "a square weight": (
        lambda x, w: F.linear(x, w),
        lambda x, w: x @ w,
        (drawn(2, 3), drawn(3, 3)),
        "With w transposed first agrees",
    ),
    "gates": (cell((0, 1, 2)), cell((1, 0, 2)), CELL, "With the 3 blocks in wx, wh, b in the order 1, 0, 2 first agrees"),
    "the other gate": (cell((0, 1, 2)), cell((0, 1, 2), keeps=False), CELL, "With the sign of block 1 in wx, wh, b turned"),
    "a triangle": (
        attention(lambda x: torch.tril(x)),
        attention(lambda x: torch.triu(x)),
        (drawn(4, 3), drawn(4, 3)),
        "With triu in place of torch.tril first agrees",
    ),
    "a diagonal": (
        attention(lambda x: x.tril()),
        attention(lambda x: x.tril(1)),
        (drawn(4, 3), drawn(4, 3)),
        "With the diagonal of x.tril() shifted by 1 first agrees",
    ),
    "a mask": (
        lambda x: torch.where(x > 0, x, 0.0),
        lambda x: torch.where(x <= 0, x, 0.0),
        (drawn(5),),
        "With the mask of torch.where the other way round first agrees",
    ),
    "a padding": (
        strided,
        strided_by_hand,
        (drawn(1, 2, 6, 6), drawn(3, 2, 3, 3)),
        "With the padding that SAME is, more behind than in front, in F.conv2d first agrees",
    ),
    "a flattened image": (
        lambda x, w: x.permute(0, 3, 1, 2).flatten(1) @ w,
        lambda x, w: x.flatten(1) @ w,
        (drawn(1, 2, 2, 3), drawn(12, 2)),
        "With the rows of w put from the order (H, W, C) to (C, H, W), for 3 channels, first agrees",
    ),
    "a smoothed label": (
        lambda x: F.cross_entropy(x, LABELS, label_smoothing=0.1),
        smoothed,
        (drawn(3, 5),),
        "With label_smoothing times 5/4 in F.cross_entropy, shared by all 5 classes or by the 4 others, first agrees",
    ),
    "groups": (
        lambda x: F.group_norm(x, 2),
        lambda x: F.instance_norm(x),
        (drawn(2, 6, 3, 3),),
        "With 6 groups in F.group_norm first agrees",
    ),
    "a median": (
        lambda x: torch.median(x, dim=1).values,
        lambda x: torch.quantile(x, 0.5, dim=1),
        (drawn(3, 4),),
        "With the mean of both values in the middle, in place of the lower one, in torch.median first agrees",
    ),
    "a median of all": (
        lambda x: x.median(),
        lambda x: torch.quantile(x, 0.5),
        (drawn(6),),
        "With the mean of both values in the middle, in place of the lower one, in x.median() first agrees",
    ),
    "a nearest pixel": (
        lambda x: F.interpolate(x, size=5, mode="nearest"),
        lambda x: x[..., [0, 2, 4, 5, 7]],
        (drawn(1, 1, 8),),
        "With mode='nearest-exact' in F.interpolate first agrees",
    ),
    "a reset gate": (
        lambda x, h, w_in, w_state, b: torch.gru_cell(x, h, w_in, w_state, b, torch.zeros_like(b)),
        reset_before,
        (drawn(2, 3), drawn(2, 4), drawn(12, 3), drawn(12, 4), drawn(12)),
        "With the reset gate of torch.gru_cell on the state, and not on the product with the recurrent weights, first agrees",
    ),
    "blocks of pixels": (
        lambda x: F.pixel_shuffle(x, 2),
        blocks_first,
        (drawn(1, 8, 2, 2),),
        "With the 4 channels of each block of pixels side by side in axis 1 of x, first agrees",
    ),
    "a padded maximum": (
        lambda x: F.max_pool1d(F.pad(x, (1, 1)), 3),
        lambda x: F.max_pool1d(x, 3, padding=1),
        (-drawn(1, 2, 7).abs(),),
        "With value=-inf in F.pad first agrees",
    ),
    "a norm": (
        lambda x, weight: x * weight,
        lambda x, weight: x * (1 + weight),
        (drawn(2, 3), drawn(3)),
        "With 1 + weight first agrees",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_difference_is_named(name: str) -> None:
    first, second, inputs, words = CASES[name]
    report = compare({"first": first, "second": second}, inputs, gradients=False)
    assert report["out"].verdict == "wrong"
    assert words in report["out"].explanation


def test_a_function_that_makes_tensors_of_float32_is_tried_in_its_own_dtype() -> None:
    """It raises in float64: batch_norm takes no two dtypes."""
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    mean, variance = np.array([0.5, -1, 2], "float32"), np.array([1, 0.5, 3], "float32")
    functions = {
        "torch": lambda x: F.batch_norm(x, torch.tensor(mean), torch.tensor(variance)),
        "jax": lambda x: (x - x.mean(0)) / jax.numpy.sqrt(x.var(0) + 1e-5),
    }
    explanation = compare(functions, drawn(6, 3).numpy().astype("float32"), gradients=False)["out"].explanation
    assert explanation == "With training=True in F.batch_norm torch agrees with jax"


@pytest.mark.parametrize("kind", ["GRU", "GRUCell"])
def test_modules_of_pytorch_whose_reset_gate_acts_on_the_state(kind: str) -> None:
    module = getattr(torch.nn, kind)(3, 4).double()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.mul_(0) if "bias_hh" in name else None
    parts = [parameter for name, parameter in module.named_parameters() if "bias_hh" not in name]

    def plain(x: Any) -> Any:
        h = torch.zeros(2, 4, dtype=x.dtype)
        for step in x:
            h = reset_before(step, h, *parts)
        return h

    functions = {"module": lambda x: module(x)[1][0] if kind == "GRU" else module(x[1], module(x[0])), "plain": plain}
    explanation = compare(functions, drawn(2, 2, 3), gradients=False)["out"].explanation
    acts = f"With the reset gate of {kind} on the state, and not on the product with the recurrent weights,"
    assert explanation == f"{acts} module agrees with plain"


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("after", [True, False])
def test_cells_of_keras_whose_reset_gate_acts_on_the_state(after: bool, bias: bool) -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    own, other = [keras.layers.GRUCell(4, reset_after=each, use_bias=bias) for each in (after, not after)]
    for cell in (own, other):
        cell.build((2, 3))
    numbers = [drawn(3, 12).numpy(), drawn(4, 12).numpy(), *([drawn(12).numpy()] if bias else [])]
    for cell in (own, other):
        last = [np.stack([numbers[2], 0 * numbers[2]]) if cell.reset_after else numbers[2]] if bias else []
        cell.set_weights([*numbers[:2], *last])
    functions = {name: lambda x, h, cell=cell: cell(x, h)[0] for name, cell in (("own", own), ("other", other))}
    inputs = (drawn(2, 3).numpy().astype("float32"), drawn(2, 4).numpy().astype("float32"))
    explanation = compare(functions, inputs, gradients=False)["out"].explanation
    assert explanation == f"With reset_after={not after} in GRUCell, in place of {after}, own agrees with other"
    assert own.reset_after is after
    assert own.bias is None or own.bias.shape == ((2, 12) if after else (12,))


def test_a_variance_by_a_method_of_jax_is_named_and_put_back() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    functions = {
        "torch": lambda x: F.layer_norm(x, (4,), eps=1e-5),
        "jax": lambda x: (x - x.mean(-1, keepdims=True)) / jax.numpy.sqrt(x.var(-1, keepdims=True, ddof=1) + 1e-5),
    }
    explanation = compare(functions, drawn(3, 4).numpy().astype("float32"))["out"].explanation
    assert explanation == "With ddof=0 in x.var() jax agrees with torch"
    assert float(jax.numpy.arange(3.0).var(ddof=1)) == 1
    assert float(jax.jit(lambda x: x.var(ddof=1))(jax.numpy.arange(3.0))) == 1


def test_indices_of_64_bits_that_jax_has_seen_with_x64_still_index_without() -> None:
    """Gradients alone differ: that of the padding is zero."""
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    table, tokens = drawn(6, 3).numpy().astype("float32"), np.array([[0, 2, 3], [5, 0, 0]])

    def picked(table: Any) -> Any:
        return table[tokens] * 1

    report = compare({"torch": lambda x: F.embedding(torch.from_numpy(tokens), x, padding_idx=0), "jax": ("jax", picked)}, table)
    assert [report["out"].verdict, report["dx"].verdict] == ["right", "wrong"]
    jax.vjp(picked, jax.numpy.asarray(table))
