"""A report as HTML: everything that is in the text is on the page, escaped, with its colour; and it loads nothing."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from gradwitness.report.findings import Finding, Verdict
from gradwitness.report.report import Report
from gradwitness.report.text import numbers

SOURCE = "Line 3 of net.py: a sign is wrong. This agrees:\n- dx = -d * x[a < b]\n+ dx = d * x[a < b]"
WRONG = Finding(
    "dx",
    "wrong",
    "Try <another> point",
    2,
    9,
    where=((0,), (4,)),
    index=(4,),
    got=1.5,
    truth=-1.5,
    distance=3,
    explanation=SOURCE,
)
FINDINGS = (WRONG, Finding("dw", "right", "", of=4, sight=1e-15), Finding("the loss", "note", "It may be at fault"))
REPORT = Report("forward (line 3 of net.py)", "in longdouble", FINDINGS, 80, 0.1)


def words(html: str) -> str:
    """What a reader sees, without style and tags."""
    return unescape(re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL))


def test_the_page_says_what_the_text_says() -> None:
    seen = words(REPORT._repr_html_())
    for line in str(REPORT).splitlines():
        for part in re.split(r"\s{2,}|: |; ", line.strip()):
            assert part.removeprefix("examined ").lower() in seen.lower()


def test_lines_of_source_are_marked_and_escaped() -> None:
    html = REPORT._repr_html_()
    assert '<span class="less">- dx = -d * x[a &lt; b]</span><span class="more">+ dx = d * x[a &lt; b]</span>' in html
    assert "<another>" not in html


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [("right", "right"), ("kink", "right"), ("wrong", "wrong"), ("jump", "wrong"), ("cannot tell", "open"), ("note", "note")],
)
def test_a_verdict_has_its_colour(verdict: Verdict, kind: str) -> None:
    html = Report("f", "in float64", (Finding("dx", verdict, ""),))._repr_html_()
    assert f'<section class="{kind}">' in html


def test_a_page_needs_nothing_else(tmp_path: Path) -> None:
    REPORT.to_html(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "color-scheme: light dark" in page
    assert not re.search(r"(src|href)=|url\(|@import|https?:", page)


@pytest.mark.parametrize(
    ("got", "truth", "distance", "shown"),
    [
        (1.0 / 3, 2.0 / 3, 1 / 3, ("0.333333", "0.666667")),
        (1.0, 1.0 + 1e-9, 1e-9, ("1", "1.000000001")),
        (1.25e-30, 2.5e-30, 1.25e-30, ("1.25e-30", "2.5e-30")),
        (float("nan"), 1.0, float("nan"), ("nan", "1")),
    ],
)
def test_numbers_have_the_digits_that_tell_them_apart(got: float, truth: float, distance: float, shown: tuple[str, str]) -> None:
    assert numbers(Finding("dx", "wrong", "", got=got, truth=truth, distance=distance)) == shown
