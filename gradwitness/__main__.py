"""python -m gradwitness: the version, what the package offers, and which frameworks are installed. None is imported."""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import PackageNotFoundError, version

import gradwitness
from gradwitness.frameworks import specs

OFFERS = """\
Is this gradient right? In Python:

  from gradwitness import check, check_loss
  print(check(forward, backward, inputs))       is this hand-written NumPy backward the derivative of its forward?
  print(check_loss(function, params, *data))    are the gradients right that function(params, *data) -> (loss, gradients) returns?
  help(check)                                   its arguments

Documentation: docs/ in the repository, beginning with docs/index.md
"""


def told() -> str:
    """All of it, as text."""
    frameworks = [spec for spec in specs().values() if spec.name != "numpy"]
    width = max(len(spec.name) for spec in frameworks)
    lines = [f"  {spec.name:{width}}   {_state(spec.package) if spec.installed else 'not installed'}" for spec in frameworks]
    return "\n".join([f"gradwitness {gradwitness.__version__}", "", OFFERS, "Frameworks:", *lines]) + "\n"


def _state(package: str) -> str:
    """The version of an installed package, read from its metadata."""
    try:
        return version(package)
    except PackageNotFoundError:  # some builds have another name than what they are imported by
        return "installed"


if __name__ == "__main__":
    as_written = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser("python -m gradwitness", description=told(), formatter_class=as_written).parse_args()
    sys.stdout.write(told())
