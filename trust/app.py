"""The commands of `python -m trust`."""

from __future__ import annotations

import typer

from trust.diagnosis.command import diagnosis
from trust.mutants.command import mutants
from trust.peers.command import peers
from trust.sensitivity.command import sensitivity
from trust.soak.command import soak
from trust.trained.command import trained

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _trust() -> None:
    """How far the suite can be trusted: how many wrong gradients it catches, and whether it ever calls a right one wrong.

    The figures are printed. docs/trust.md, trust/results and docs/sensitivity.png change only with --update-docs.
    """


for _command in (mutants, peers, trained, diagnosis, soak, sensitivity):
    app.command()(_command)
