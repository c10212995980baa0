"""The options of the matrix: which tests they select, and what they say about a name that does not exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.concerns import Concerns, concerns, wanted
from conformance.known import Unsupported
from conformance.matrix import Cell, Selection
from conformance.recipes import RECIPES
from reference import OPS, OPTIMIZERS

ROOT = Path(__file__).parent.parent
CELL = Cell("op", "softmax", "generic", "torch", "float32", "cpu", "eager")
PLACE = {"case": ("generic",), "dtype": ("float32",), "mode": ("eager",), "device": ("cpu",)}
RECORD = Unsupported(adapter="jax", op="lion", **PLACE, raises="", reason="planted", status="new")


def collected(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_op_collects_only_what_concerns_the_op() -> None:
    done = collected("--op", "softmax")
    ids = [line for line in done.stdout.splitlines() if "::" in line]
    assert ids
    assert [nodeid for nodeid in ids if not re.search(r"[\[-]softmax[\]-]", nodeid)] == []
    assert {nodeid.partition("::")[0] for nodeid in ids} >= {"tests/matrix/test_adapters.py", "tests/reference/test_reference.py"}
    assert "tests were deselected: they do not concern --op softmax" in done.stdout


def test_adapter_and_op_collect_only_what_concerns_both() -> None:
    ids = [line for line in collected("--adapter", "torch", "--op", "softmax").stdout.splitlines() if "::" in line]
    assert ids
    assert [nodeid for nodeid in ids if "softmax" not in nodeid or "torch" not in nodeid] == []


@pytest.mark.parametrize(
    ("params", "ops", "frameworks"),
    [
        ({"op_cell": CELL}, {"softmax"}, {"torch"}),
        ({"op": OPS["relu"], "case": OPS["relu"].cases[0]}, {"relu"}, set()),
        ({"optimizer": OPTIMIZERS["adam"], "case_id": "generic"}, {"adam"}, set()),
        ({"recipe": RECIPES["xor"]}, {"two_layer"}, set()),
        ({"name": "softmax", "dtype": "float32"}, {"softmax"}, set()),
        ({"adapter": "torch", "name": "gpt"}, {"gpt"}, {"torch"}),
        ({"name": "jax"}, set(), {"jax"}),
        ({"entry": RECORD}, {"lion"}, {"jax"}),
        ({"function": "softmax", "seed": 3}, set(), set()),
        ({}, set(), set()),
    ],
)
def test_the_parameters_of_a_test_say_what_it_concerns(params: dict[str, Any], ops: set[str], frameworks: set[str]) -> None:
    assert concerns(params) == Concerns(ops, frameworks)


@pytest.mark.parametrize(
    ("options", "about", "expected"),
    [
        ({}, Concerns(), True),
        ({"op": ("softmax",)}, Concerns({"softmax"}), True),
        ({"op": ("softmax", "relu")}, Concerns({"relu"}, {"torch"}), True),
        ({"op": ("softmax",)}, Concerns({"relu"}), False),
        ({"op": ("softmax",)}, Concerns(), False),
        ({"adapter": ("torch",)}, Concerns({"relu"}, {"torch"}), True),
        ({"adapter": ("torch",)}, Concerns({"relu"}), False),
        ({"adapter": ("torch",), "op": ("relu",)}, Concerns({"relu"}, {"jax"}), False),
        ({"dtype": ("float32",)}, Concerns(), True),
    ],
)
def test_a_test_runs_where_it_concerns_what_is_asked_for(options: dict[str, Any], about: Concerns, expected: bool) -> None:
    assert wanted(about, Selection(**options)) is expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"op": ("sofmax",)}, "unknown op 'sofmax'; did you mean softmax"),
        ({"op": ("sofmax",)}, "? `python -m conformance list` lists all "),
        ({"op": ("zzz",)}, "unknown op 'zzz'; `python -m conformance list` lists all "),
        ({"adapter": ("caffe",)}, "unknown adapter 'caffe'; there are torch, tensorflow, jax"),
        ({"adapter": ("tensorfow",)}, "unknown adapter 'tensorfow'; did you mean tensorflow? There are torch, tensorflow, jax"),
        ({"dtype": ("int8",)}, "unknown dtype 'int8'; there are float64, float32"),
        ({"device": ("tpu",)}, "unknown device 'tpu'; did you mean cpu? There are cpu, cuda"),
        ({"mode": ("fast",)}, "unknown mode 'fast'; there are eager, inductor, graph, xla, jit"),
        ({"required": ("caffe",)}, "unknown adapter 'caffe'; there are torch, tensorflow, jax"),
    ],
)
def test_an_unknown_name_is_answered_by_what_was_probably_meant(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="unknown") as raised:
        Selection(**options)
    assert message in str(raised.value)
    assert len(str(raised.value)) < 200


def test_an_unknown_name_is_an_error_of_usage() -> None:
    done = collected("--op", "sofmax")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "did you mean softmax" in done.stderr
