"""Ports that are lambdas around a module, or around arrays: what differs in the arrays that they keep is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import compare

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def normal(*shape: int) -> Any:
    return torch.from_numpy(np.random.default_rng(list(shape)).normal(size=shape).astype(np.float32))


IMAGES, ROWS = normal(2, 4, 4, 3), normal(2, 3)
KERNEL, MATRIX, SQUARE, BIAS = normal(3, 5, 3, 3), normal(12, 5), normal(3, 3), normal(3)


def convolved(kernel: Any) -> Callable[[Any], Any]:
    layer = torch.nn.ConvTranspose2d(3, 5, 3, bias=False)
    layer.weight.data = kernel.clone()
    return lambda x: layer(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


def gated(bias: float) -> Callable[[Any], Any]:
    torch.manual_seed(0)
    cell = torch.nn.LSTMCell(3, 4)
    cell.bias_ih.data *= bias
    return lambda x: cell(x)[0]


def pooled(first: bool) -> Callable[[Any], Any]:
    def with_channels_first(x: Any) -> Any:
        return torch.nn.functional.max_pool2d(x.permute(0, 3, 1, 2), 2).flatten(1) @ MATRIX.to(x.dtype)

    def with_channels_last(x: Any) -> Any:
        rows = torch.nn.functional.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1).flatten(1)
        return rows @ MATRIX.to(x.dtype)

    return with_channels_first if first else with_channels_last


def scaled(scale: Any) -> Callable[[Any], Any]:
    kept = {"params": {"scale": scale}}
    return lambda x: torch.tanh(x) * kept["params"]["scale"]


def through(matrix: Any) -> Callable[[Any], Any]:
    return lambda x: torch.tanh(x @ matrix)


PORTS = {
    "turned": (convolved(KERNEL), convolved(KERNEL.flip(2, 3)), IMAGES, "with weight turned round along its axes -1, -2"),
    "one bias": (gated(1.0), gated(0.0), ROWS, "with bias_ih zero"),
    "flattened": (pooled(True), pooled(False), IMAGES, "of MATRIX put from the order"),
    "scale": (scaled(BIAS), scaled(torch.ones(3)), ROWS, "with params.scale one"),
    "transposed": (through(SQUARE), through(SQUARE.T.clone()), ROWS, "with matrix transposed"),
}


@pytest.mark.parametrize("port", PORTS)
def test_what_differs_in_arrays_from_outside_is_told(port: str) -> None:
    first, second, x, words = PORTS[port]
    before = MATRIX.clone()
    finding = compare({"first": first, "second": second}, x)["out"]
    assert finding.verdict == "wrong"
    assert words in finding.explanation[0].lower() + finding.explanation[1:]
    assert torch.equal(MATRIX, before)
    assert compare({"first": first, "again": first}, x).ok


def test_a_port_that_agrees_with_nothing_is_not_explained() -> None:
    assert "agrees" not in compare({"first": through(SQUARE), "second": through(SQUARE**2 + 1)}, ROWS)["out"].explanation


def test_an_optimizer_that_a_variable_holds_is_called_by_its_name() -> None:
    def stepped(cls: Any, **settings: Any) -> Callable[[Any, Any], Any]:
        def after(start: Any, gradients: Any) -> Any:
            parameter = torch.nn.Parameter(start.detach().clone())
            optimizer = cls([parameter], lr=0.1, **settings)
            for gradient in gradients:
                parameter.grad = gradient.clone()
                optimizer.step()
            return parameter.detach()

        return after

    first, second = stepped(torch.optim.SGD, momentum=0.9, dampening=0.1), stepped(torch.optim.SGD, momentum=0.9)
    report = compare({"first": first, "second": second}, (normal(2, 3), normal(3, 2, 3)), gradients=False)
    assert "dampening=0.0 in SGD" in report["out"].explanation


@pytest.mark.parametrize("power", [1, 2])
def test_complex_values_alone_are_compared(power: int) -> None:
    """Their conjugates are what frameworks give for gradients that others give."""
    z = np.random.default_rng(0).normal(size=(5, 2)).view(np.complex128)[:, 0].astype(np.complex64)

    def product(z: Any) -> Any:
        return torch.exp(z) * torch.tanh(z) ** power

    quotient = compare(
        {"product": product, "quotient": lambda z: torch.exp(z) * (torch.sinh(z) / torch.cosh(z)) ** power}, z, gradients=False
    )
    assert quotient.ok, str(quotient)
    turned = compare({"product": product, "turned": lambda z: product(z).conj()}, z, gradients=False)["out"]
    assert (turned.verdict, "conjugate" in turned.explanation) == ("wrong", True)


def test_an_epsilon_that_is_a_whole_number_is_told() -> None:
    """LayerNorm of flax takes epsilon first: LayerNorm(12) was meant to be 12 wide."""
    pytest.importorskip("flax", reason="Flax is not installed")
    from flax import linen

    params = {"params": {"scale": np.ones(12, np.float32), "bias": np.zeros(12, np.float32)}}
    layer = linen.LayerNorm(12)
    report = compare({"torch": torch.nn.LayerNorm(12), "flax": lambda x: layer.apply(params, x)}, normal(4, 12).numpy())
    assert report["out"].explanation == "With epsilon=1e-05 in LayerNorm, in place of 12, flax agrees with torch"


def test_scores_over_the_root_of_the_width_of_all_heads_are_told() -> None:
    torch.manual_seed(0)
    ours, theirs = torch.nn.Linear(6, 18), torch.nn.MultiheadAttention(6, 3, batch_first=True)
    theirs.in_proj_weight.data, theirs.in_proj_bias.data = ours.weight.data, ours.bias.data

    def attended(x: Any) -> Any:
        query, key, value = (each.unflatten(-1, (3, 2)).transpose(1, 2) for each in ours(x).chunk(3, -1))
        shares = torch.softmax(query @ key.mT / 6**0.5, -1)
        return theirs.out_proj((shares @ value).transpose(1, 2).flatten(2))

    report = compare({"ours": attended, "theirs": lambda x: theirs(x, x, x, need_weights=False)[0]}, normal(2, 5, 6))
    assert report["out"].explanation == "With what torch.softmax gets multiplied by sqrt(3) ours agrees with theirs"
