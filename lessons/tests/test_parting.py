"""`python -m lessons.parting`: the step at which a relu parts two runs."""

from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from conformance import loops
from conformance.recipes import RECIPES
from lessons.parting import app as parting

RESNET = RECIPES["resnet"]


def lines(rate: float, steps: int) -> list[str]:
    ours, theirs = (loops.reference(replace(RESNET, hyper={"lr": lr}), np.float64) for lr in (RESNET.hyper["lr"], rate))
    return list(parting.part(RESNET, ours, theirs, "another", steps))


def test_runs_part_where_a_relu_has_two_signs() -> None:
    first, *_, last = lines(0.126, 6)
    assert first == "step 1: parameters 0.0e+00 apart, no input of a relu has two signs"
    assert "crossed 0" in last


def test_equal_runs_do_not_part() -> None:
    assert all("no input of a relu has two signs" in line for line in lines(RESNET.hyper["lr"], 3))


@pytest.mark.parametrize("arguments", [["gpt"], ["resnet", "--adapter", "numpy"]])
def test_what_cannot_be_compared_is_refused(arguments: list[str]) -> None:
    result = CliRunner().invoke(parting.app, arguments)
    assert result.exit_code == 2
    assert "wanted" in result.output
