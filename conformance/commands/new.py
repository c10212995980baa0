"""python -m conformance new: the skeleton of an op, a model or a framework, its tests red until it is filled."""

from __future__ import annotations

import argparse
import keyword
import re
import sys
from typing import Any

import adapters
from conformance.commands import skeleton
from conformance.concerns import OPS_BY_NAME
from conformance.names import unknown
from gradwitness import frameworks
from reference import OPS

TOPIC = {"activations": "activations", "losses": "losses", "layers": "layers"}
"""Family -> the module of an adapter's ops that a new op goes to, where --topic names no other."""
NEXT = {
    "op": """\
Until all of this is written, these tests are red; they run in seconds:
  python -m pytest --op {name} --adapter torch --mode eager       the op in PyTorch
  python -m pytest --op {name}                                    everything about it, the derivation against numbers included
What else an op has:
  tests/networks: a rule for it in the grammar of random networks
  adapters/*/ops: for a layer with parameters an entry in LAYOUTS
""",
    "model": """\
Until all of this is written, these tests are red:
  python -m pytest --op {name} --adapter torch --mode eager       the model in PyTorch
  python -m pytest --op {name}                                    everything about it, the training run included
""",
    "framework": """\
Until relu is written, this test is red; then write the other ops, one function each, and take "ops" out of MISSING:
  python -m pytest --adapter {name} --op relu --require-adapter {name}
What else a framework has:
  pyproject.toml: an extra that installs it; tests/test_arrows.py: its package in FRAMEWORKS
""",
}


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "new", help="write the skeleton of an op, a model or a framework, its tests red until it is filled"
    )
    kinds = parser.add_subparsers(title="what", metavar="WHAT", required=True)
    op = kinds.add_parser("op", help="an op of the reference, and its function in every adapter")
    families = dict.fromkeys(op.family for op in OPS.values())
    op.add_argument("--family", required=True, metavar="FAMILY", help=f"one of {', '.join(families)}")
    op.add_argument("--topic", metavar="TOPIC", help="the module in adapters/*/ops that gets the function, if not the family's")
    model = kinds.add_parser("model", help="a model of the reference, its recipe, and its module in every adapter")
    framework = kinds.add_parser("framework", help="a framework, and an adapter with one op")
    framework.add_argument("--package", metavar="PACKAGE", help="what is imported, if not NAME")
    for kind, command in (("op", op), ("model", model), ("framework", framework)):
        command.add_argument("name", metavar="NAME", help="lower case, digits and underscores")
        command.set_defaults(run=run, kind=kind)


def run(asked: argparse.Namespace) -> None:
    """Write the files and name the places to fill. Raises ValueError, and writes nothing, for a name that cannot be taken."""
    files = _files(asked)
    before = {path: (skeleton.ROOT / path).read_text() for path in files if (skeleton.ROOT / path).exists()}
    for path, text in files.items():
        target = skeleton.ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    sys.stdout.write("\n".join([*skeleton.places(before, files), "", NEXT[asked.kind].format(name=asked.name)]))


def _files(asked: argparse.Namespace) -> skeleton.Files:
    name = _checked_name(asked.name)
    if asked.kind == "framework":
        if name in frameworks.specs():
            raise ValueError(f"{name!r} is taken: there are {', '.join(frameworks.specs())}")
        return _new_ones(skeleton.framework(name, asked.package or name), f"{name}.py", f"adapters/{name}/")
    if name in OPS_BY_NAME or name in adapters.NAMES:
        raise ValueError(f"{name!r} is taken: `python -m conformance list` shows the names")
    if asked.kind == "model":
        return _new_ones(skeleton.model(name), f"/{name}.py")
    families = dict.fromkeys(op.family for op in OPS.values())
    if asked.family not in families:
        raise ValueError(unknown("family", asked.family, list(families)))
    topic = asked.topic or TOPIC[asked.family]
    if topic not in skeleton.topics():
        raise ValueError(unknown("topic", topic, skeleton.topics()))
    return _new_ones(skeleton.op(name, asked.family, topic), f"/{name}.py")


def _checked_name(name: str) -> str:
    """The name. Raises ValueError where no module or function can have it."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise ValueError(f"{name!r} cannot be a name; wanted lower case, digits and underscores, a letter first, no keyword")
    return name


def _new_ones(files: skeleton.Files, *own: str) -> skeleton.Files:
    """The files. Raises ValueError where one that belongs to the new name alone is there already."""
    there = [path for path in files if any(part in path for part in own) and (skeleton.ROOT / path).exists()]
    if there:
        raise ValueError(f"{', '.join(there)} exists; nothing was written")
    return files
