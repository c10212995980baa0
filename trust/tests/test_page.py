"""docs/trust.md says what the commands keep."""

import json
from pathlib import Path

import pytest

from trust import page


@pytest.mark.parametrize("command", page.TEXTS)
def test_the_page_says_what_the_commands_keep(command: str) -> None:
    assert page.is_current(command)


def test_the_page_is_written_between_the_marks_of_a_command(tmp_path: Path) -> None:
    kept, written = json.loads((page.RESULTS / "soak.json").read_text()), tmp_path / "trust.md"
    kept["alarms"] = ["an alarm"]
    (tmp_path / "soak.json").write_text(json.dumps(kept))
    written.write_text(page.PAGE.read_text())
    assert not page.is_current("soak", written, tmp_path)
    page.write("soak", written, tmp_path)
    assert page.is_current("soak", written, tmp_path)
    assert page.is_current("peers", written)
    assert "    an alarm" in written.read_text()
