"""Lines added to source files: a name to an import, an entry to a table. Whoever calls these writes the files."""

from __future__ import annotations

import ast
import re

LINE = 130
"""The longest line that the repository allows."""


def with_import(text: str, module: str, name: str) -> str:
    """The text with `name` among what `from module import ...` imports. Raises LookupError where there is no such import."""
    found = re.search(rf"^from {re.escape(module)} import (\([^)]*\)|[^\n(]+)$", text, flags=re.MULTILINE)
    if found is None:
        raise LookupError(f"no line `from {module} import ...`")
    names = sorted({*re.findall(r"\w+", found[1]), name})
    line = f"from {module} import {', '.join(names)}"
    if found[1].startswith("(") or len(line) > LINE:
        line = "\n".join([f"from {module} import (", *(f"    {each}," for each in names), ")"])
    return text[: found.start()] + line + text[found.end() :]


def with_entry(text: str, table: str, entry: str, heading: str = "") -> str:
    """The text with a line at the end of a table in braces, brackets or parentheses, or of the part below `    # heading`.

    Raises LookupError where the table or the heading is not there.
    """
    found = re.search(rf"^{re.escape(table)}(: [^=\n]+)? = [{{\[(]\n(.*?)^[}}\])]", text, flags=re.MULTILINE | re.DOTALL)
    if found is None:
        raise LookupError(f"no table {table}")
    start, end = found.span(2)
    if heading:
        below = re.search(rf"^    # {re.escape(heading)}\n(?:(?!    #).*\n)*", text[start:end], flags=re.MULTILINE)
        if below is None:
            raise LookupError(f"no heading {heading!r} in {table}")
        end = start + below.end()
    return f"{text[:end]}    {entry}\n{text[end:]}"


def with_function(text: str, function: str) -> str:
    """The text with a function behind its last public one; at its end where it has none."""
    public = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    lines = text.splitlines()
    at = public[-1].end_lineno if public else len(lines)
    before, after = "\n".join(lines[:at]), "\n".join(lines[at:]).strip("\n")
    return f"{before}\n\n\n{function.strip()}\n" + (f"\n\n{after}\n" if after else "")


def annotation(text: str) -> str:
    """How a file annotates a tensor: the type of the first argument of its first public function; Any where it says nothing."""
    found = re.search(r"^def [a-z]\w*\(\w+: ([\w.]+)", text, flags=re.MULTILINE)
    return found[1] if found else "Any"
