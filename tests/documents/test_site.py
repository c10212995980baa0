"""The documentation site: what its hooks make of pages and docstrings. `tox run -e docs` builds the whole of it, strictly."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents.reading import ROOT, links

pytest.importorskip("mkdocstrings", reason="the site needs the extra docs")

PAGE = "# Page\n\n*For a test.*\n\nSee [the record](../conformance/known_differences.toml) and [how](../CONTRIBUTING.md#style).\n"


def build(folder: Path, page: str) -> tuple[str, str]:
    """Build the site with one page in place of all; returns what mkdocs said and the page."""
    config = (ROOT / "mkdocs.yml").read_text()
    config = config[: config.index("\nnav:")].replace("docs_dir: docs", f"docs_dir: {folder / 'docs'}")
    config = config.replace("site_dir: build/site", f"site_dir: {folder / 'site'}").replace("[.]", f"[{ROOT}]")
    config = (
        config.replace("docs/hooks", f"{ROOT}/docs/hooks").replace("  - assets/site.css", "  []").replace("extra_css:\n  []", "")
    )
    for path, anchor in links("CONTRIBUTING.md"):  # it is a page of every site, and so are those that it links to
        if path.startswith("docs/"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(f'# Page\n\n<a id="{anchor}"></a>\n')
    (folder / "docs" / "index.md").write_text(page)
    (folder / "mkdocs.yml").write_text(config)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(folder / "mkdocs.yml")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    built = folder / "site" / "index.html"
    return done.stderr, built.read_text() if done.returncode == 0 else ""


def test_a_link_to_a_file_of_the_repository_leads_to_a_page_that_shows_it(tmp_path: Path) -> None:
    said, page = build(tmp_path, PAGE)
    assert 'href="source/conformance/known_differences.toml.html"' in page, said
    assert "[[difference]]" in re.sub(
        r"<[^>]+>", "", (tmp_path / "site/source/conformance/known_differences.toml.html").read_text()
    )
    assert 'href="contributing.html#style"' in page


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("[nothing](nothing.md)", "nothing.md"),
        ("[nothing](../conformance/nothing.py)", "nothing.py"),
        ("[nothing](#nothing)", "#nothing"),
        ("::: gradwitness.nothing", "gradwitness.nothing"),
    ],
)
def test_what_leads_nowhere_fails_the_build(wrong: str, message: str, tmp_path: Path) -> None:
    said, page = build(tmp_path, f"{PAGE}\n{wrong}\n")
    assert not page
    assert message in said


def test_a_page_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    _, page = build(tmp_path, PAGE)
    assert page
    assert re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="https?:[^"]*"', page) == []


def test_a_docstring_is_shown_as_it_stands(tmp_path: Path) -> None:
    _, page = build(tmp_path, f"{PAGE}\n::: gradwitness.verdict.Disagreement\n\n::: gradwitness.derivative.numerics.Numerics\n")
    shown = re.sub(r"<[^>]+>", "", page).replace("&lt;", "<").replace("&gt;", ">")
    assert re.search(r"^index {3,}the worst element", shown, re.MULTILINE), "columns stay columns"
    assert "F(x) = <cotangent, forward(x)>" in shown, "what looks like a tag is no tag"


def test_a_notebook_is_a_page_with_its_outputs_and_folded_solutions(tmp_path: Path) -> None:
    (tmp_path / "docs" / "notebooks").mkdir(parents=True)
    for name in ("1-forward.ipynb", "3-training.ipynb"):
        (tmp_path / "docs" / "notebooks" / name).write_text((ROOT / "docs" / "notebooks" / name).read_text())
    said, page = build(tmp_path, f"{PAGE}\nSee [the notebook](notebooks/1-forward.ipynb).\n")
    assert 'href="notebooks/1-forward.html"' in page, said
    notebook = (tmp_path / "site" / "notebooks" / "1-forward.html").read_text()
    shown = re.sub(r"<[^>]+>", "", notebook)
    assert "binary cross entropy = 0.770957" in shown
    assert re.findall(r"<summary>(.*?)</summary>", notebook) == ["Solution 1", "Solution 2", "Solution 3"]
    assert shown.index("Solution 1") < shown.index("b2_for_half = ") < shown.index("Solution 2")
    assert 'href="1-forward.ipynb"' in notebook
    assert (tmp_path / "site" / "notebooks" / "1-forward.ipynb").exists()


def test_the_records_of_known_differences_are_shown(tmp_path: Path) -> None:
    _, page = build(tmp_path, f"{PAGE}\n<!-- the records stand here on the site -->\n")
    shown = re.sub(r"<[^>]+>", "", page)
    assert "jax.nn.dot_product_attention computes its softmax in float32" in shown
    assert all(f">{adapter}<" in page for adapter in ("jax", "tensorflow", "torch"))
