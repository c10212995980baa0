"""`python -m lessons.lines`."""

from conformance.extras import require

if __name__ == "__main__":
    require("lessons", "rich", "typer")
    from lessons.lines.app import app

    app()
