"""`python -m lessons.parting`."""

from conformance.extras import require

if __name__ == "__main__":
    require("lessons", "rich", "sklearn", "typer")
    from lessons.parting.app import app

    app()
