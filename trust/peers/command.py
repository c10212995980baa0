"""python -m trust peers."""

from __future__ import annotations

from typing import Annotated

import typer

from reference import OPS


def peers(
    mutants: Annotated[int | None, typer.Option(min=1, help="so many of the corpus, a random sample; all if not given")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="inputs at which each right pair is shown")] = 3,
    op: Annotated[list[str], typer.Option(metavar="NAME", help="this op only; repeatable")] = [],  # noqa: B006
    processes: Annotated[int, typer.Option(min=1)] = 2,
    report: Annotated[bool, typer.Option("--report", help="run nothing: count what was found out so far")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget what was found out")] = False,
) -> None:
    """The rules of others and ours on the same mutants and the same right pairs. Goes on where the last run stopped."""
    from trust.peers import compare, tally

    for name in op:
        if name not in OPS:
            raise typer.BadParameter(f"unknown op {name!r}; there are {', '.join(OPS)}")
    journal = compare.so_far(fresh=fresh)
    if not report:
        compare.run(journal, processes=processes, limit=mutants, seeds=seeds, ops=tuple(op))
    rows = compare.found(journal, tuple(op))
    if not rows:
        raise typer.BadParameter("nothing was found out yet", param_hint="--report")
    tally.report(tally.count(rows), save=not op)
