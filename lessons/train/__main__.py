"""`python -m lessons.train`."""

from conformance.extras import require

if __name__ == "__main__":
    require("lessons", "matplotlib", "rich", "sklearn", "typer")
    from lessons.train.app import app

    app()
