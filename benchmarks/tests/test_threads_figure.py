"""The figure of threads, from results that are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.store import KEPT, load

pytest.importorskip("matplotlib", reason="matplotlib is not installed")


@pytest.mark.parametrize("path", sorted(KEPT.glob("*.json")), ids=lambda path: path.stem)
def test_each_row_is_a_sweep_that_has_both(path: Path) -> None:
    from benchmarks.page.figures import threads
    from benchmarks.page.report import png

    result = load(path)
    figure = threads(result)
    assert figure is not None
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    swept = {count: {(c.model, c.sweep, c.phase) for c in result.cells if c.threads == count} for count in (1, 2)}
    assert len(rows) == len(set(rows)) == len(swept[1] & swept[2])
    png(figure)  # names that leave no room for the axes are a warning, which is an error here
