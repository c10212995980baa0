"""Code of a notebook has a file that nobody knows: a report says "the cell"."""

from __future__ import annotations

import linecache
from typing import Any

import numpy as np
import pytest

from gradwitness import check
from gradwitness.subjects.errors import file_of

CELL = """
def forward(x):
    return np.tanh(x), x


def backward(dout, x):
    return dout * (1 - np.tanh(x))
"""


@pytest.mark.parametrize(
    ("filename", "told"),
    [
        ("/run/ipykernel_1234/245506999.py", "the cell"),
        ("C:\\Temp\\ipykernel_1234\\245506999.py", "the cell"),
        ("<ipython-input-3-0a1b2c3d4e5f>", "the cell"),
        ("/home/me/ipykernel_notes/layer.py", "layer.py"),
        ("<string>", "<string>"),
    ],
)
def test_the_file_of_a_function(filename: str, told: str) -> None:
    assert file_of(filename) == told


@pytest.mark.explained
def test_a_report_about_a_cell() -> None:
    filename = "/run/ipykernel_1234/245506999.py"
    linecache.cache[filename] = (len(CELL), None, CELL.splitlines(keepends=True), filename)
    names: dict[str, Any] = {"np": np}
    exec(compile(CELL, filename, "exec"), names)  # noqa: S102  as a notebook does
    report = str(check(names["forward"], names["backward"], (np.linspace(-1, 1, 5),)))
    assert report.startswith("forward (line 2 of the cell) and backward (line 6 of the cell): wrong")
    assert "Line 7 of the cell" in report
