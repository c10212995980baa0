"""python -m trust mutants."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from conformance.matrix import Selection
from conformance.threads import set_environment
from trust.options import PROCESSORS, Scheduler, UpdateDocs, Workers, require_frameworks
from trust.places import ENVIRONMENT


def mutants(
    op: Annotated[
        list[str], typer.Option(metavar="NAME", help="only mutants that this op, model or optimizer examines; repeatable")
    ] = [],  # noqa: B006
    kind: Annotated[list[str], typer.Option(help="pair, optimizer or adapter; repeatable")] = [],  # noqa: B006
    workers: Workers = PROCESSORS,
    scheduler: Scheduler = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="forget what earlier runs found")] = False,
    so_far: Annotated[bool, typer.Option("--so-far", help="print what earlier runs found, and examine nothing")] = False,
    update_docs: UpdateDocs = False,
) -> None:
    """Of wrong gradients, how many are caught? By numerical differentiation alone, and by the frameworks alone.

    Continues where the last run stopped.
    """
    if update_docs:
        require_frameworks()
        if op or kind:
            raise typer.BadParameter("the docs hold the whole corpus: leave out --op and --kind", param_hint="--update-docs")
    set_environment(1)
    os.environ |= ENVIRONMENT
    from trust.corpus.catalogue import corpus
    from trust.mutants.run import Crew, run

    try:
        Selection(op=op)
        found = list(corpus(kind, op))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    crew = Crew(workers, scheduler, (tuple(kind), tuple(op)))
    raise typer.Exit(run(found, crew, fresh=fresh, so_far=so_far, update_docs=update_docs))
