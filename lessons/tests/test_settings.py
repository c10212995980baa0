"""Copied settings: the differences are there, and as large as recorded. tests/test_optimizers.py verifies that they are gone
under the conventions that adapters name.
"""

import pytest
from typer.testing import CliRunner

import adapters
from conformance.having import having
from conformance.naive import TRAPS, Naive, key, recorded
from conformance.records import changed
from gradwitness import Disagreement, frameworks
from lessons.settings.app import app


@pytest.mark.parametrize("trap", TRAPS, ids=lambda t: "-".join(part for part in (*key(t)[:4], *t.left_out) if part))
def test_copied_settings_lead_where_they_were_measured_to(trap: Naive) -> None:
    having(trap.adapter, "optimizers", trap.optimizer)
    path, results = trap.run()
    with pytest.raises(Disagreement):
        path.judge(results)
    assert changed(recorded()[key(trap)], path, results) == ""


def test_the_file_has_every_trap_and_no_other() -> None:
    assert set(recorded()) == {key(trap) for trap in TRAPS}


def test_every_convention_is_a_trap() -> None:
    for name in adapters.NAMES:
        if frameworks.installed(name):
            conventions = adapters.load(name).conventions
            traps = {trap.optimizer for trap in TRAPS if trap.adapter == name}
            assert {optimizer for optimizer in conventions if not optimizer.startswith("clip")} <= traps


def test_the_lesson_prints_every_framework() -> None:
    result = CliRunner().invoke(app, ["--optimizer", "adagrad"])
    assert result.exit_code == 0
    for name in adapters.NAMES:
        assert name in result.output
    assert "adagrad" in result.output
    refused = CliRunner().invoke(app, ["--optimizer", "muon"])
    assert refused.exit_code == 2
    assert "'muon' came; wanted one of sgd" in " ".join(refused.output.replace("│", " ").split())
