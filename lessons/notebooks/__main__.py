"""`python -m lessons.notebooks`. NumPy alone is enough."""

from __future__ import annotations

import argparse
import sys

from lessons.notebooks.stored import NOTEBOOKS, cells_that_differ, fresh, store


def main() -> None:
    """Run each notebook, and say whether it prints what is stored in it. Exit status: 1 if one does not."""
    parser = argparse.ArgumentParser(
        prog="python -m lessons.notebooks",
        description="Run the lecture's notebooks, each in a fresh process that can import NumPy and this checkout alone.",
    )
    parser.add_argument("--store", action="store_true", help="store what they print in the notebooks")
    options = parser.parse_args()
    failed = False
    for path in NOTEBOOKS:
        outputs = fresh(path)
        if options.store:
            store(path, outputs)
            sys.stdout.write(f"{path.name}: {len(outputs)} cells run, outputs stored\n")
            continue
        differing = cells_that_differ(path, outputs)
        failed |= bool(differing)
        said = f"cells {', '.join(map(str, differing))} print something else" if differing else "as stored"
        sys.stdout.write(f"{path.name}: {len(outputs)} cells run, {said}\n")
    raise SystemExit(int(failed))


if __name__ == "__main__":
    main()
