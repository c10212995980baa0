"""Hypothesis's profiles and JAX's cache on disk: conformance/session.py."""

from conformance.session import pytest_configure, pytest_runtest_teardown

__all__ = ["pytest_configure", "pytest_runtest_teardown"]
