"""The figures of Monte Carlo arithmetic inside the frameworks, and their page."""

from __future__ import annotations

import pytest

from benchmarks import spreads_page
from benchmarks.rounding import Row, row


def test_an_op_has_its_figures() -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    figures = row("torch", "softsign", "float32")
    assert 0 < figures.distance < 8
    assert all(ratio is not None and 1 / 4 < ratio < 4 for ratio in figures.ratios)


def test_a_kernel_that_does_not_exist_is_told() -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    assert "not implemented for 'Half'" in row("torch", "ctc", "float16").absent


def test_a_spread_that_differs_needs_a_reason() -> None:
    with pytest.raises(LookupError, match="no reason is given in WHY for softsign"):
        spreads_page._reasons(
            [Row("torch", "softsign", "float32", ratios=(1.0, 5.0)), Row("torch", "ctc", "float32", ratios=(0.1,))]
        )


@pytest.mark.parametrize(("ratios", "told"), [((None, None), "exact"), ((1.0, None), "1"), ((0.5, 2.0), "0.5 to 2")])
def test_ratios_are_told_as_a_range(ratios: tuple[float | None, ...], told: str) -> None:
    assert spreads_page.ratios(Row("torch", "x", "float32", ratios=ratios)) == told
