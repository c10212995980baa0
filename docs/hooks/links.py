"""mkdocs: links from a page to a file of the repository lead to a page that shows the file.

In the repository, docs/findings.md links to ../conformance/known_differences.toml, and that works where the repository is
browsed. On the site the link leads to source/conformance/known_differences.toml, a page made from the file. CONTRIBUTING.md and
CHANGELOG.md become pages of the site. A link to a file that does not exist stays as it is, and `mkdocs build --strict` fails.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from types import MappingProxyType

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent.parent
OWN_PAGES = MappingProxyType({"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"})
LANGUAGES = MappingProxyType({".py": "python", ".toml": "toml", ".json": "json", ".txt": "text", ".ini": "ini", ".cff": "yaml"})
LINK = re.compile(r"(?<=\]\()(?![a-z]+:)([^)#\s]+)(?=[)#])")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for CONTRIBUTING.md and CHANGELOG.md, and for every file of the repository that a page links to."""
    for name, uri in OWN_PAGES.items():
        files.append(File.generated(config, uri, content=(ROOT / name).read_text()))
    linked = {
        target
        for file in files.documentation_pages()
        for link in LINK.findall(file.content_string)
        if (target := _in_repository(file.src_uri, link)) not in OWN_PAGES and _outside_of_docs(target)
    }
    for target in sorted(linked):
        files.append(File.generated(config, f"source/{target}.md", content=_shown(target)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 (mkdocs calls it so)
    """Turn links to files of the repository into links to their pages."""
    uri = page.file.src_uri

    def on_site(match: re.Match[str]) -> str:
        target = _in_repository(uri, match[1])
        if target in OWN_PAGES:
            target = OWN_PAGES[target]
        elif _outside_of_docs(target):
            target = f"source/{target}.md"
        elif target.startswith("docs/"):
            target = target.removeprefix("docs/")
        else:
            return match[1]
        return posixpath.relpath(target, posixpath.dirname(uri) or ".")

    return markdown if uri.startswith("source/") else LINK.sub(on_site, markdown)


def _in_repository(uri: str, link: str) -> str:
    """The file of the repository that a link on a page leads to, as a path from the root."""
    folder = "" if uri in OWN_PAGES.values() else f"docs/{posixpath.dirname(uri)}"
    return posixpath.normpath(posixpath.join(folder, link))


def _outside_of_docs(target: str) -> bool:
    return not target.startswith(("docs/", "..")) and (ROOT / target).is_file()


def _shown(target: str) -> str:
    text = (ROOT / target).read_text()
    fence, language = "`" * 8, LANGUAGES.get(Path(target).suffix, "text")
    return f"---\nsearch:\n  exclude: true\n---\n\n# {target}\n\n{fence}{language}\n{text}\n{fence}\n"
