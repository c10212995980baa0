"""`python -m lessons`: what lessons there are."""

import argparse
import importlib
import sys

NAMES = ("step", "xor", "rates", "broken", "train", "lines", "parting", "settings", "notebooks")


def listing() -> str:
    """One line for each lesson: its command and what it shows."""
    commands = {name: f"python -m lessons.{name}" for name in NAMES}
    width = max(map(len, commands.values()))
    lines = (f"  {command:{width}}   {importlib.import_module(f'lessons.{name}').__doc__}" for name, command in commands.items())
    return "\n".join(["Lessons:", *lines, "Each of them explains its options with --help."])


if __name__ == "__main__":
    as_written = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser("python -m lessons", description=listing(), formatter_class=as_written).parse_args()
    sys.stdout.write(f"{listing()}\n")
