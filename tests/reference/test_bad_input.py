"""The ValueErrors for invalid arguments name the op, the argument, what came and what was wanted."""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reference import MODELS, OPS, OPTIMIZERS
from tests.reference import bad_input

MODULES = [module.name for module in pkgutil.iter_modules(bad_input.__path__)]
BAD = [row for module in MODULES for row in importlib.import_module(f"tests.reference.bad_input.{module}").BAD]
ELEMENTWISE = {name for name, op in OPS.items() if op.family == "activations"}
"""They take any array of floats; that they take nothing else is asked of each."""


@pytest.mark.parametrize(("name", "call", "message"), BAD, ids=[f"{name}-{i}" for i, (name, _, _) in enumerate(BAD)])
def test_an_invalid_argument_is_named(name: str, call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: .*{message}"):
        call()


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize(
    ("spoil", "message"),
    [(lambda x: x.astype(int), "wanted .*float"), (lambda x: x.tolist(), "wanted an array of floats")],
    ids=["integers", "list"],
)
def test_an_op_takes_arrays_of_floats_alone(name: str, spoil: Callable[[Any], Any], message: str) -> None:
    op = OPS[name]
    first, *others = op.cases[0].inputs(np.random.default_rng(0))
    with pytest.raises(ValueError, match=f"^{name}: .*{message}"):
        op.forward(spoil(first), *others, **op.cases[0].attrs)


def test_every_op_has_invalid_arguments() -> None:
    silent = set(OPS | MODELS | OPTIMIZERS) - ELEMENTWISE - {name for name, _, _ in BAD}
    assert [f"{name}: add what it refuses to tests/reference/bad_input" for name in sorted(silent)] == []
