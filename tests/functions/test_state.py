"""Rules that keep state between calls: what changes from call to call is no rounding, however much it changes."""

from __future__ import annotations

from typing import Any

import pytest

from gradwitness import check_function

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

X = torch.linspace(-1, 1, 5, dtype=torch.float64)


def sine(growth: float) -> Any:
    """A sine whose backward is larger by `growth` at each further call."""
    calls = [0]

    class Sine(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return torch.sin(x)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            calls[0] += 1
            return dout * torch.cos(ctx.saved_tensors[0]) * (1 + growth * (calls[0] - 1))

    return Sine.apply


@pytest.mark.parametrize("growth", [1.0, 0.1, 1e-3])
def test_a_rule_that_grows_from_call_to_call_is_wrong(growth: float) -> None:
    report = check_function(sine(growth), (X,))
    assert report["dx, again"].verdict == "wrong", str(report)


def test_a_rule_that_is_the_same_at_each_call_is_right() -> None:
    assert check_function(sine(0.0), (X,)).verdict == "right"


def test_parameters_that_nobody_sees_are_told() -> None:
    """A function that calls a module has no parameters of its own. Theirs may be wrong."""
    module = torch.nn.Linear(3, 2)
    x = torch.zeros(4, 3) + torch.arange(3.0)
    notes = [finding.message for finding in check_function(lambda x: module(x).sin(), x) if finding.about == "parameters"]
    assert notes == [
        "The function holds weight, bias: their gradients are not looked at. Give them as inputs, or hand over the module itself"
    ]
    for function, wrt in ((module, None), (lambda x: module(x).sin(), "x")):
        assert not [finding for finding in check_function(function, x, wrt=wrt) if finding.about == "parameters"]
