"""`python -m lessons.xor`."""

from conformance.extras import require

if __name__ == "__main__":
    require("lessons", "matplotlib", "rich", "typer")
    from lessons.xor.app import app

    app()
