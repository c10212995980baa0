"""mkdocs: each notebook of docs/notebooks becomes a page, with its outputs; solutions are folded.

In the repository, docs/lecture.md links to notebooks/1-forward.ipynb. On the site the link leads to the page.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

LINK = re.compile(r"(?<=\]\()([^):\s]*)\.ipynb(?=\))")
FILE = "*The notebook [as a file]({name}), for Jupyter. It prints what is shown here with NumPy alone.*"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each notebook."""
    for path in sorted(Path(config.docs_dir, "notebooks").glob("*.ipynb")):
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=page(path)))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Links to a notebook lead to its page; those on the page itself to the file."""
    return markdown if page.file.src_uri.startswith("notebooks/") else LINK.sub(r"\1.md", markdown)


def page(path: Path) -> str:
    """A notebook as Markdown."""
    title, *parts = map(_shown, json.loads(path.read_text(encoding="utf-8"))["cells"])
    heading, _, rest = title.partition("\n")
    return "\n\n".join([heading, FILE.format(name=path.name), rest.strip(), *parts]) + "\n"


def _shown(cell: dict[str, Any]) -> str:
    text = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return text
    printed = "".join(line for output in cell["outputs"] for line in output["text"])
    shown = f"```python\n{text}\n```" + (f"\n\n```text\n{printed}```" if printed else "")
    if "solution" not in cell["metadata"].get("tags", []):
        return shown
    return f'<details markdown="1">\n<summary>{text.partition(":")[0].removeprefix("# ")}</summary>\n\n{shown}\n\n</details>'
