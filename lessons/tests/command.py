"""How tests run a lesson's command, and read what it prints."""

from pathlib import Path

import typer
from typer.testing import CliRunner


def run_command(app: typer.Typer, *options: object, output: Path) -> tuple[int, str]:
    """Exit code and output, every run of spaces and line breaks made one space."""
    result = CliRunner().invoke(app, [*map(str, options), "--output", str(output)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.replace("│", " ").split())


def explained(name: str, printed: str) -> bool:
    """Whether a score that differs is put down to biased running variances."""
    biased = "unbiased=False: a running variance takes the biased variance of a batch of n, divided by n and not by n - 1"
    why = f"{name} is compared with the reference under its own definitions ({biased}). That is why the test accuracy differs: "
    ours, theirs, *_ = printed.split("test accuracy after the last ")[1].split()
    return f"{why}the reference has {theirs} under them, {ours} without them." in printed
