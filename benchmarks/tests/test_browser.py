"""The report of benchmarks in a real browser: no script error, readable at 400 and 1,600 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.page.report import write
from benchmarks.store import load
from benchmarks.tests.made import result
from benchmarks.tests.test_crossover import swept
from conformance.browser import WIDTHS, browser, look, missing

pytest.importorskip("selenium", reason="`tox run -e pages` looks at pages in a browser")
if missing():
    pytest.skip(missing(), allow_module_level=True)

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    (recorded,) = (HERE / "recorded").glob("*.json")
    differs = result(differ={"torch-eager": "dW1 is off by 40 units of rounding, of which 32 are allowed"})
    return write([swept(), load(recorded), differs], tmp_path_factory.mktemp("report"))


@pytest.mark.parametrize("width", WIDTHS)
def test_the_report_can_be_read(driver: Any, page: Path, width: int) -> None:
    seen = look(driver, page.as_uri(), width)
    assert seen.faults() == []
    assert seen.words > 500


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("<script>no_such_function()</script>", "script or file: "),
        ("<script src=missing.js></script>", "script or file: "),
        ("<img src=missing.png alt=figure>", "no image: figure"),
        ("<p style='font-size: 8px'>tiny</p>", "type below 10 pixels: p: tiny"),
        ("<p style='width: 3000px'>wide</p>", "pixels wider than the window"),
        ("<p style='position: absolute; left: 1900px'>beyond</p>", "beyond the window: p: beyond"),
    ],
)
def test_a_fault_of_a_page_would_be_seen(driver: Any, tmp_path: Path, wrong: str, told: str) -> None:
    (tmp_path / "page.html").write_text(f"<!doctype html><body><p>before</p>{wrong}</body>")
    assert any(told in fault for fault in look(driver, (tmp_path / "page.html").as_uri(), WIDTHS[-1]).faults())
