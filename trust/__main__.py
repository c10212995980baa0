"""python -m trust COMMAND: how often the suite catches a wrong gradient, and how often it cries wolf."""

from __future__ import annotations

from trust.app import app
from trust.mutants.command import mutants
from trust.peers.command import peers
from trust.sensitivity.command import sensitivity
from trust.soak.command import soak

for command in (mutants, peers, soak, sensitivity):
    app.command()(command)

if __name__ == "__main__":
    app()
