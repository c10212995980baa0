"""The command of the lesson that counts: what a person writes by hand, and what is written where a framework differentiates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import adapters
import reference
from lessons.lines.count import Counted, counted, lines, together
from lessons.lines.source import Function
from lessons.script import wanted

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_op = wanted(f"one of {', '.join(reference.OPS)}", lambda name: name in reference.OPS)


@app.command()
def main(
    op: Annotated[
        str | None, typer.Option(callback=_op, metavar="NAME", help="Show the lines of this op: derivation, backward, spellings.")
    ] = None,
    each: Annotated[bool, typer.Option("--each", help="A row for each op, and not for each family.")] = False,
) -> None:
    """Count the lines that automatic differentiation spares, in this repository. No framework need be installed."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if op is not None:
        show(counted(op), console)
        return
    ops = [counted(name) for name in reference.OPS]
    console.print(table(ops, each=each))
    for sentence in words(ops):
        console.print(sentence)


def table(ops: Sequence[Counted], *, each: bool) -> Table:
    """A row for each op or for each family, and one for all. What several ops share is counted once in a row."""
    title = "lines: derivation and backward by hand; an op's spelling in each framework"
    drawn = Table(title=title, pad_edge=False)
    for column in ("op" if each else "family", "ops", "derivation", "backward", *adapters.NAMES):
        drawn.add_column(column, justify="left" if column in ("op", "family") else "right", no_wrap=True)
    groups = {one.name: [one] for one in ops} if each else {f: [one for one in ops if one.family == f] for f in _families(ops)}
    for name, group in {**groups, "all": ops}.items():
        if name == "all":
            drawn.add_section()
        spelled = (together(group, framework) for framework in adapters.NAMES)
        drawn.add_row(name, *map(str, (len(group), _derived(group), together(group), *spelled)))
    return drawn


def words(ops: Sequence[Counted]) -> list[str]:
    """What the table says."""
    derived, written = _derived(ops), together(ops)
    shared = Counter(function for op in ops for function in op.backward)
    several = [function for function, count in shared.items() if count > 1]
    one_line = {name: sum(lines(op.spelling[name]) == 1 for op in ops if name in op.spelling) for name in adapters.NAMES}
    counts = ", ".join(f"{count} in {name}" for name, count in one_line.items())
    longest = max(ops, key=lambda op: lines(op.backward))
    return [
        (
            f"For {len(ops)} ops a person derives and writes {derived} + {written} = {derived + written} lines that nobody "
            "writes who has automatic differentiation."
        ),
        (
            f"The longest backward is that of {longest.name}, with {lines(longest.backward)} lines; {lines(several)} lines in "
            f"{len(several)} functions serve several ops."
        ),
        (
            f"Of {len(ops)} ops one line is enough for {counts}: the framework has the op, and its derivative with it. Where it "
            "lacks the op, what spells it is differentiated."
        ),
        "Counted are lines with code, without signatures, and not what forward has computed already, as the slope of gelu.",
        "Lines do not say how hard they are: `python -m lessons.lines --op layer_norm` shows them.",
    ]


def show(op: Counted, console: Console) -> None:
    """The lines of one op."""
    console.print(f"{op.name}: the derivation, {len(op.derivation)} lines\n")
    console.print("\n".join(op.derivation))
    console.print(f"\nbackward, {_lines(op.backward)}\n")
    console.print("\n\n".join(_sources(op.backward)))
    for framework, functions in op.spelling.items():
        console.print(f"\nin {framework}, {_lines(functions)}; backward comes with it\n")
        console.print("\n\n".join(_sources(functions)))


def _lines(functions: frozenset[Function]) -> str:
    count = lines(functions)
    return f"{count} line" if count == 1 else f"{count} lines"


def _sources(functions: frozenset[Function]) -> list[str]:
    return [function.source for function in sorted(functions, key=lambda each: (each.name != "backward", each.name))]


def _derived(ops: Sequence[Counted]) -> int:
    return sum(len(op.derivation) for op in ops)


def _families(ops: Sequence[Counted]) -> list[str]:
    return list(dict.fromkeys(op.family for op in ops))
