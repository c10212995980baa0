"""python -m trust COMMAND: how often the suite catches a wrong gradient, and how often it cries wolf."""

from __future__ import annotations

from trust.app import app
from trust.peers_command import peers

app.command()(peers)

if __name__ == "__main__":
    app()
