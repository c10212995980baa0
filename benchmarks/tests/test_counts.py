"""Counted operations and bytes: against counts by hand, and matrix products against PyTorch's own counter."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest

from benchmarks.counts import count, ops, parameters
from benchmarks.networks import PROBLEMS
from benchmarks.plan import PHASES

SIZES = {
    "two_layer": (4, 2, 3),
    "mlp": (8, 5, 7, 6),
    "lenet": (2, 8, 3, 1, 4, 6),
    "resnet": (2, 8, 3, 4, 4, 6),
    "lstm_classifier": (2, 3, 4, 5),
    "gru_classifier": (2, 3, 4, 5),
    "gpt": (2, 5, 8, 2),
    "vae": (3, 7, 5, 2),
    "siamese": (3, 7, 5, 2),
}


def test_a_linear_layer_by_hand() -> None:
    """2 points, 3 inputs, 4 outputs: 24 multiplications and 24 additions, 8 of the bias; 6 + 12 + 8 numbers are moved."""
    layer = ops.linear(2, 3, 4)
    assert (layer.forward.products, layer.forward.others, layer.forward.bytes) == (48, 8, 4 * 26)
    assert layer.backward.products == 96
    assert layer.parameters == 16


def test_the_first_layer_leaves_the_gradient_of_its_input_to_who_asks_for_it() -> None:
    layer, first = ops.linear(2, 3, 4), ops.linear(2, 3, 4, first=True)
    assert first.backward + first.to_input == layer.backward
    assert first.to_input.products == 48


def test_a_convolution_by_hand() -> None:
    """One image of 4 x 4, 2 channels to 3, a kernel of 3 x 3: 48 outputs of 18 products each; at stride 2, 12 outputs."""
    assert ops.conv2d(1, 2, 3, 4, 3).forward.products == 2 * 48 * 18
    assert ops.conv2d(1, 2, 3, 4, 3, stride=2).forward.products == 2 * 12 * 18
    assert ops.conv2d(1, 2, 3, 4, 3, bias=False).forward.others == 0


def test_attention_by_hand() -> None:
    """2 heads of 3 numbers, 5 positions: in each head, 25 scores of 3 products each, twice forward and four times backward."""
    layer = ops.attention(1, 5, 6, 2)
    assert (layer.forward.products, layer.backward.products) == (2 * 2 * 2 * 25 * 3, 4 * 2 * 2 * 25 * 3)


def test_the_xor_network_by_hand() -> None:
    """4 points, 2 inputs, 3 hidden, 1 output; products of 2 x 24 and 2 x 12 operations; 13 parameters."""
    assert parameters("two_layer", (4, 2, 3)) == 13
    forward, both, step = (count("two_layer", (4, 2, 3), phase) for phase in PHASES)
    assert forward.products == 72
    assert forward.others == 12 + 12 + 4 + 4 * 4 + 4 * 7  # bias, relu, bias, sigmoid, loss
    assert both.products == 72 * 3
    assert step.products == 72 * 3 - 48  # no gradient of the input


@pytest.mark.parametrize("model", SIZES)
def test_parameters_are_those_of_the_network(model: str) -> None:
    params = PROBLEMS[model](np.random.default_rng(0), *SIZES[model]).params
    tied = sum(array.size for array in params.values())
    assert parameters(model, SIZES[model]) == tied


@pytest.mark.parametrize("model", SIZES)
def test_a_phase_takes_more_than_its_part(model: str) -> None:
    forward, both, step = (count(model, SIZES[model], phase) for phase in PHASES)
    assert forward.products < step.products <= both.products <= 3 * forward.products
    assert 0 < forward.bytes < min(step.bytes, both.bytes)


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="compares with PyTorch's counter of operations")
@pytest.mark.parametrize("model", ["two_layer", "mlp", "lenet", "resnet", "vae", "siamese"])
def test_products_are_those_that_pytorch_counts(model: str) -> None:
    """PyTorch counts products and convolutions. It does not see into its recurrent layers and fused attention on the CPU."""
    from torch.utils.flop_counter import FlopCounterMode

    for phase in ("forward", "step"):
        with FlopCounterMode(display=False) as counter:
            _call(model, phase)
        assert counter.get_total_flops() == count(model, SIZES[model], phase).products


def _call(model: str, phase: str) -> Any:
    from benchmarks.models import adapter
    from benchmarks.plan import Implementation

    subject = PROBLEMS[model](np.random.default_rng(0), *SIZES[model]).subject(model, 0).rounded(np.float32)
    return adapter(model, subject, Implementation("torch", "eager", "cpu")).runs[phase]()
