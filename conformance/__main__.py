"""The matrix from the command line: what there is, what disagrees, and a skeleton for something new."""

from __future__ import annotations

import argparse
import sys

from conformance.commands import known, listing, naive, new

EPILOG = """\
The matrix itself runs in pytest:
  python -m pytest --op softmax                        every test that concerns softmax
  python -m pytest --op softmax --adapter torch        the same for PyTorch alone
  python -m pytest --help                              the other options, under "gradwitness"
"""


def parser() -> argparse.ArgumentParser:
    """The parser with all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m conformance", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in (listing, known, naive, new):
        command.add(commands)
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Run a command; without one say which there are."""
    chosen = parser()
    asked = chosen.parse_args(sys.argv[1:] if arguments is None else arguments)
    if not hasattr(asked, "run"):
        chosen.print_help()
        return
    try:
        asked.run(asked)
    except ValueError as error:
        chosen.error(str(error))


if __name__ == "__main__":
    main()
