"""python -m trust COMMAND: how often the suite catches a wrong gradient, and how often it cries wolf."""

from __future__ import annotations

from trust.app import app
from trust.mutants_command import mutants
from trust.sensitivity_command import sensitivity
from trust.soak_command import soak

app.command()(mutants)
app.command()(soak)
app.command()(sensitivity)

if __name__ == "__main__":
    app()
