"""Adapters for tests: one that is there and has what is asked about, or a skip that says why not."""

from __future__ import annotations

import pytest

import adapters
from adapters import Adapter
from gradwitness import frameworks


def having(name: str, part: str = "", *things: str) -> Adapter:
    """The adapter, if it has these things in a part ("ops", "models", "optimizers", "schedules", "clipping"); skips where not."""
    try:
        adapter = adapters.load(name)
    except frameworks.Unavailable as reason:
        pytest.skip(str(reason))
    for thing in things:
        if why := adapter.missing(part, thing):
            pytest.skip(f"{name}: {why}")
    return adapter
