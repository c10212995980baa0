"""`python -m lessons.settings`."""

from conformance.extras import require

if __name__ == "__main__":
    require("lessons", "rich", "typer")
    from lessons.settings.app import app

    app()
