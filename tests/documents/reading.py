"""The documents of the repository, as tests read them: their blocks, links and commands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]*))?\)")
COMMAND = re.compile(r"`(python (?:-m )?[\w./]+[^`]*)`")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: the document it stands in, its language, its text, and the block after it, if there is one."""

    document: str
    number: int
    language: str
    text: str
    output: str | None = None

    @property
    def name(self) -> str:
        """Where it stands: a test's id."""
        return f"{self.document}-{self.number}"

    @property
    def is_program(self) -> bool:
        """Python to run; a block that begins with the name of a file shows a part of that file."""
        return self.language == "python" and not self.text.startswith("# ")


def documents() -> list[str]:
    """Every document for readers, as a path from the root."""
    own = [name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md") if (ROOT / name).exists()]
    return own + sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))


def text(document: str) -> str:
    """The text of a document."""
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document: str) -> list[Block]:
    """Its fenced blocks; a block of `text` is the output of the block before it."""
    found = FENCE.findall(text(document))
    following = [*(body if language == "text" else None for language, body in found[1:]), None][: len(found)]
    return [
        Block(document, number, language, body, output)
        for number, ((language, body), output) in enumerate(zip(found, following, strict=True), start=1)
    ]


def links(document: str) -> list[tuple[str, str]]:
    """Its relative links: (path, anchor), of which one may be empty."""
    return LINK.findall(FENCE.sub("", text(document)))


def anchors(document: str) -> set[str]:
    """The anchors that its headings and tags give."""
    prose = FENCE.sub("", text(document))
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in HEADING.findall(prose)}
    return slugs | set(re.findall(r'id="([^"]+)"', prose))


def commands(document: str) -> list[str]:
    """The `python` commands that it shows, in blocks of shell and in the text."""
    shell = "\n".join(block.text for block in blocks(document) if block.language == "sh").replace("\\\n", " ")
    lines = [part for line in shell.splitlines() for part in line.partition("  #")[0].split("&&")]
    inline = COMMAND.findall(FENCE.sub("", text(document)).replace("\n", " "))
    return [line.strip() for line in [*lines, *inline] if line.strip().startswith("python ")]
