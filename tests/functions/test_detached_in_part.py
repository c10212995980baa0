"""Of several things that are held constant those are told that matter, and not the statistics beside them."""

from __future__ import annotations

from typing import Any

import pytest

from gradwitness import check_function

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.explained


class Normalised(torch.nn.Module):  # type: ignore[misc, name-defined]
    """A batch norm that keeps statistics as it should, and holds them constant where it should not."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(3))

    def forward(self, x: Any) -> Any:
        mean, scale = x.mean(0), x.std(0)
        with torch.no_grad():
            self.mean.lerp_(mean, 0.1)
        if self.training:
            mean = mean.detach()
            scale = scale.detach()
        return (x - mean) / scale


class Scaled(Normalised):
    """One block of two is the mistake."""

    def forward(self, x: Any) -> Any:
        mean = x.mean(0)
        with torch.no_grad():
            self.mean.lerp_(mean, 0.1)
        with torch.no_grad():
            scale = x.std(0)
        return (x - mean) / scale


def told(module: Any) -> str:
    x = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    return check_function(module, x)["dx"].explanation


def test_calls_inside_of_an_if_are_shown_and_the_statistics_stay() -> None:
    said = told(Normalised())
    assert "-     mean = mean.detach()" in said
    assert "-     scale = scale.detach()" in said
    assert "no_grad" not in said


def test_the_block_that_matters_is_told_alone() -> None:
    said = told(Scaled())
    assert "+ scale = x.std(0)" in said
    assert "lerp_" not in said
