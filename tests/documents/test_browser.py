"""The page of a report and the documentation in a real browser: no script error, readable at 400 and 1,600 pixels."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradwitness
from conformance.browser import WIDTHS, browser, look, missing, served

pytest.importorskip("selenium", reason="`tox run -e pages` looks at pages in a browser")
if missing():
    pytest.skip(missing(), allow_module_level=True)

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with browser() as opened:
        yield opened


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("factor", [1.0, 0.5])
def test_the_page_of_a_report_can_be_read(driver: Any, tmp_path: Path, factor: float, width: int) -> None:
    x, w = np.random.default_rng(0).standard_normal((2, 5, 5))

    def forward(x: Any, w: Any) -> Any:
        return np.tanh(x @ w)

    def backward(dout: Any, x: Any, w: Any) -> Any:
        dz = dout * (1 - np.tanh(x @ w) ** 2)
        return dz @ w.T, factor * (x.T @ dz)

    report = gradwitness.check(forward, backward, (x, w))
    report.to_html(tmp_path / "report.html")
    seen = look(driver, (tmp_path / "report.html").as_uri(), width)
    assert seen.faults() == []
    assert seen.words > 20


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs", reason="`tox run -e pages` builds the documentation")
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("width", WIDTHS)
def test_the_documentation_can_be_read(driver: Any, site: Path, width: int) -> None:
    pages = [str(page.relative_to(site)) for page in sorted(site.rglob("*.html"))]
    shown = [page for page in pages if not page.startswith("source/") and page != "404.html"]
    assert len(shown) > 20
    with served(site) as address:
        faults = {page: look(driver, address + page, width).faults() for page in shown}
    assert {page: found for page, found in faults.items() if found} == {}
