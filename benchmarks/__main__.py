"""`python -m benchmarks COMMAND`: how fast is each framework on the reference's networks?"""

from __future__ import annotations

import sys

from conformance.extras import require


def main() -> None:
    """Run the command that was asked for; without one, list the commands."""
    require("bench", "typer", "rich", "pytest_benchmark")
    from benchmarks.app import app

    if sys.argv[1:]:
        app()
    else:
        app(["--help"], standalone_mode=False)


if __name__ == "__main__":
    main()
