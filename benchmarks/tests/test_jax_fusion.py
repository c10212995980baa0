"""What XLA repeats in deep networks."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner


def test_a_layer_of_a_deeper_network_has_more_instructions_because_of_fusion_alone() -> None:
    pytest.importorskip("jax", reason="JAX is not installed")
    from benchmarks.jax_fusion import WITHOUT, measure

    fused, plain = ([measure(depth, dict(options)).instructions for depth in (2, 4)] for options in ({}, WITHOUT))
    assert fused[1] > fused[0]
    assert plain[1] < plain[0]


def test_the_command_prints_a_row_for_each_depth() -> None:
    pytest.importorskip("jax", reason="JAX is not installed")
    import typer

    from benchmarks.jax_fusion import main

    app = typer.Typer()
    app.command()(main)
    result = CliRunner().invoke(app, ["--depth", "1"])
    assert result.exit_code == 0, result.output
    assert "instructions" in result.output
    assert "│ 1 " in result.output
