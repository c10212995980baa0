"""Hypothesis's profiles and JAX's cache on disk: conformance/session.py. And threads."""

import os
from collections.abc import Iterator

import pytest

from conformance import threads
from conformance.session import pytest_configure, pytest_runtest_teardown

__all__ = ["pytest_configure", "pytest_runtest_teardown"]


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """Lessons set the number of threads for their whole process. Tests share one."""
    before = {name: os.environ[name] for name in threads.VARIABLES if name in os.environ}
    yield
    for name in threads.VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(before)
