"""`python -m lessons.step`."""

from conformance.extras import require

if __name__ == "__main__":
    require("lessons", "matplotlib", "rich", "typer")
    from lessons.step.app import app

    app()
