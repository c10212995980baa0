"""mkdocs: the pages of the reference's families show the docstring and the code of each op."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from reference import MODELS, OPS, OPTIMIZERS  # noqa: E402 (the repository's root is on the path only now)

FAMILIES: Mapping[str, list[str]] = MappingProxyType(
    {family: [op.name for op in OPS.values() if op.family == family] for family in ("activations", "losses", "layers")}
    | {"models": [*MODELS], "optimizers": [*OPTIMIZERS]}
)
MEMBERS = MappingProxyType({"models": ["init", "forward", "backward", "predict"], "optimizers": ["init", "step"]})
MARK = re.compile(r"<!-- the catalogue of (\w+) stands here on the site -->")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the sections of a family where its mark is."""
    return MARK.sub(lambda match: sections(match[1]), markdown)


def sections(family: str) -> str:
    """A heading for each op of a family; mkdocstrings fills in its docstring and its functions."""
    members = MEMBERS.get(family, ["forward", "backward"])
    return "\n".join(
        f"## {name}\n\n::: reference.{family}.{name}\n"
        f"    options:\n      members: {members}\n      show_root_heading: false\n      show_root_toc_entry: false\n"
        for name in FAMILIES[family]
    )
