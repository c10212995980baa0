"""The build: a README that reads well on a package index.

The README links to files of the repository. A package index shows it without the repository, and no public address is known
that the links could lead to. So the picture is left out there, and a link to a file
becomes its words, with the file's path after them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

PICTURE = re.compile(r"!\[[^\]]*\]\((?!https?:)[^)]*\)\n*")
LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#)([^)]*)\)")


class Readme(MetadataHookInterface):
    """Gives the project's metadata its readme."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called by hatchling while it builds."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": without_links_to_files(text)}


def without_links_to_files(text: str) -> str:
    """The README in which nothing leads to a file."""
    return LINK.sub(lambda link: link[1] if link[1] == link[2] else f"{link[1]} (`{link[2]}`)", PICTURE.sub("", text))
