"""What the documents show is what there is: examples run, links lead somewhere, each page says who it is for."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path

import pytest

import adapters
from gradwitness import BadCall, UserError, frameworks
from tests.documents.reading import ROOT, Block, anchors, blocks, documents, links, text

PYTHON = [block for document in documents() for block in blocks(document) if block.language == "python"]
PROGRAMS = [block for block in PYTHON if block.is_program]
FRAGMENTS = [block for block in PYTHON if not block.is_program]
PAGES = [document for document in documents() if document.startswith("docs/") or document == "CONTRIBUTING.md"]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda block: block.name)
def test_an_example_prints_what_is_shown_below_it(program: Block, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in adapters.NAMES:
        if re.search(rf"\b{name}\b", program.text) and not frameworks.installed(name):
            pytest.skip(f"{name} is not installed")
    script = tmp_path / "example.py"
    script.write_text(program.text)
    raised = _raised_by(script)
    assert _comparable(raised or capsys.readouterr().out) == _comparable(program.output or "")


def _raised_by(script: Path) -> str:
    """The last lines of the traceback, where a script raises."""
    try:
        runpy.run_path(str(script))
    except (AssertionError, BadCall, UserError) as error:
        return f"{type(error).__module__}.{type(error).__qualname__}: {error}"
    return ""


MEASURED = re.compile(r"allowance|that is|examined |off by|\d+ evaluations|.* would have been seen$")
"""Lines of a report whose numbers are measured: noise, bars, sight and time."""


def _comparable(printed: str) -> list[str]:
    """The lines without what depends on the machine: digits after the fourth, measured numbers, the name of the script."""
    lines = []
    for line in printed.strip().splitlines():
        named = re.sub(r"\b\w+\.py\b", "#.py", line)
        measured = MEASURED.match(line.strip())
        lines.append(re.sub(r"[\d.]+(e[+-]?\d+)?", "#", named) if measured else re.sub(r"(\d\.\d{4})\d+", r"\1", named))
    return lines


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda block: block.name)
def test_a_part_of_a_file_is_python(fragment: Block) -> None:
    ast.parse(fragment.text)


@pytest.mark.parametrize("document", documents())
def test_every_link_leads_to_a_file_and_a_heading(document: str) -> None:
    dead = []
    for path, anchor in links(document):
        target = ((ROOT / document).parent / path).resolve() if path else ROOT / document
        if not target.exists():
            dead.append(path)
        elif anchor and anchor not in anchors(str(target.relative_to(ROOT))):
            dead.append(f"{path}#{anchor}")
    assert dead == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_in_its_first_line_who_it_is_for(page: str) -> None:
    title, first = [line for line in text(page).splitlines() if line][:2]
    assert title.startswith("# ")
    assert re.match(r"\*(For|Who this is for:) .+", first), f"{page} begins with {first!r}"


@pytest.mark.parametrize("document", documents())
def test_no_document_names_a_place_of_its_author_s_machine(document: str) -> None:
    assert re.findall(r"/(?:home|work|opt|root)/\w+", text(document)) == []


NAMED = re.compile(r"`([\w.-]+/[\w./-]+\.(?:py|md|toml|json|txt|svg|png))`")


@pytest.mark.parametrize("document", [document for document in documents() if document != "CHANGELOG.md"])
def test_a_file_that_is_named_exists(document: str) -> None:
    named = [path for path in NAMED.findall(text(document)) if not re.search("NAME|_mine", path)]  # those are a contributor's own
    assert [path for path in named if not (ROOT / path).exists()] == []
