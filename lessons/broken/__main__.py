"""`python -m lessons.broken`."""

from conformance.extras import require

if __name__ == "__main__":
    require("lessons", "matplotlib", "rich", "sklearn", "typer")
    from lessons.broken.app import app

    app()
