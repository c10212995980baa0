"""Verdicts without their explanations: the search for a mistake takes longer than the judgement that there is one."""

from __future__ import annotations

import pytest

from gradwitness import checking
from gradwitness.functions import gradients

__all__ = ["undiagnosed"]


@pytest.fixture(autouse=True)
def undiagnosed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong gradient is called wrong, and that is all; but for tests with the mark `explained`, which look at more."""
    if request.node.get_closest_marker("explained") is None:
        for module in (checking, gradients):
            monkeypatch.setattr(module, "explained", lambda _, findings: findings)
