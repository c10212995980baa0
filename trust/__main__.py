"""python -m trust COMMAND: how far the suite can be trusted."""

from __future__ import annotations

from conformance.extras import require


def main() -> None:
    """Run the command that was asked for; without one, list the commands."""
    require("trust", "typer", "rich", "distributed")
    from trust.app import app

    app()


if __name__ == "__main__":
    main()
