"""Bad input is refused at the door of an op, in words that name the op, the argument, what came and what was wanted."""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest

from reference import MODELS, OPS, OPTIMIZERS
from tests import bad_input

MODULES = [module.name for module in pkgutil.iter_modules(bad_input.__path__)]
BAD = [row for module in MODULES for row in importlib.import_module(f"tests.bad_input.{module}").BAD]
UNRESTRICTED = {name for name, op in OPS.items() if op.family == "activations"}
"""Elementwise functions take any array of floats; relu and sigmoid speak for them all."""


@pytest.mark.parametrize(("name", "call", "message"), BAD, ids=[f"{name}-{i}" for i, (name, _, _) in enumerate(BAD)])
def test_bad_input_is_named_at_the_door(name: str, call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: .*{message}"):
        call()


def test_every_op_refuses_something() -> None:
    assert set(OPS | MODELS | OPTIMIZERS) - UNRESTRICTED - {name for name, _, _ in BAD} == set()
