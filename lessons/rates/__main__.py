"""`python -m lessons.rates`."""

from conformance.extras import require

if __name__ == "__main__":
    require("lessons", "matplotlib", "rich", "sklearn", "typer")
    from lessons.rates.app import app

    app()
