"""The command line of this room, to which each part adds its command."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _trust() -> None:
    """How often the suite catches a wrong gradient, and how often it cries wolf."""
