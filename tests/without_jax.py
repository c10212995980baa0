"""A plugin for pytest: as if JAX were not installed."""

import sys

sys.modules["jax"] = None  # type: ignore[assignment]  # how Python itself marks a module that cannot be imported
