"""Second derivatives and forward mode of every op in every framework, on its generic case."""

from __future__ import annotations

import pytest

import adapters
from conformance.having import having
from conformance.known import seconds
from conformance.options import SELECTION
from conformance.order import findings, unrecorded
from reference import OPS
from reference.case import seed

QUICK = ("torch", "tensorflow")
"""Frameworks of which the quick choice takes every second op. In JAX, which compiles each derivative anew, an op takes 20 s."""
RECORDED = {(record.op, record.adapter) for record in seconds()}


def chosen(name: str, adapter: str) -> bool:
    return (name, adapter) in RECORDED or (adapter in QUICK and seed(name, adapter, "order") % 2 == 0)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every op in every adapter; with --quick, a choice."""
    if metafunc.function is test_second_derivatives_and_forward_mode_are_right_or_on_record:
        quick = metafunc.config.stash[SELECTION].quick
        places = [(name, adapter) for name in OPS for adapter in adapters.NAMES if not quick or chosen(name, adapter)]
        metafunc.parametrize(("name", "adapter"), places)


def test_second_derivatives_and_forward_mode_are_right_or_on_record(name: str, adapter: str) -> None:
    having(adapter, "ops", name)
    found = findings(OPS[name], adapter)
    assert not (lines := unrecorded(OPS[name], adapter, found)), "\n".join(lines)


def test_every_record_has_an_op_and_an_adapter() -> None:
    assert seconds()
    assert [record for record in seconds() if record.op not in OPS or record.adapter not in adapters.NAMES] == []
