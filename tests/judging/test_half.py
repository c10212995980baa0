"""A variable that is called half is no float16: it excuses no error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check
from gradwitness.subjects.trace import NARROW


def rotated(x: Any) -> Any:
    half = x.shape[-1] // 2  # a single one
    return np.concatenate([-x[..., half:], x[..., :half]], axis=-1) * 2.0, None


def backward(dout: Any, _cache: Any) -> Any:
    half = dout.shape[-1] // 2
    dx = np.concatenate([dout[..., half:], -dout[..., :half]], axis=-1) * 2.0
    dx[1, 2] *= 1 + 1e-6
    return (dx,)


def test_an_error_is_seen_where_a_variable_is_called_half() -> None:
    report = check(rotated, backward, (np.random.default_rng(0).normal(size=(10, 6)),))
    assert report.verdict == "wrong"
    assert [finding.about for finding in report if finding.about == "float16 inside"] == []


@pytest.mark.parametrize(
    ("line", "dtype"),
    [
        ("h = np.half(x)", "half"),
        ("h = x.half()", "half"),
        ("h = x.astype('half')", "half"),
        ("h = x.astype(single)", "single"),
        ("h = x.astype('f4')", "f4"),
        ("h = np.zeros(3, dtype=float16)", "float16"),
        ("half = n // 2", ""),
        ("x = x[:half] + self.half", ""),
        ("single = x[0]", ""),
    ],
)
def test_what_names_a_dtype(line: str, dtype: str) -> None:
    assert "".join("".join(found) for found in NARROW.findall(line)) == dtype
