"""pytest's session of benchmarks: what is timed as parameters, the prepared implementations, and the closing section."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from benchmarks import results as kept
from benchmarks.plan import Plan
from benchmarks.table import render
from benchmarks.workshop import Workshop
from conformance import threads

SHARED = ("adapter", "mode", "device", "op")


class Session:
    """A plugin of pytest; filters are the names of the options that select.

    Raises pytest.UsageError for an option that names nothing.
    """

    def __init__(self, config: pytest.Config, filters: Iterable[str]) -> None:
        if config.getoption("dtype"):
            raise pytest.UsageError("--dtype: benchmarks run in float32")
        count = config.getoption("threads")
        if count < 1:
            raise pytest.UsageError(f"--threads {count}; wanted at least 1")
        try:
            asked = {option: tuple(config.getoption(option)) for option in (*SHARED, *filters)}
            self.plan = Plan(**asked, passes=config.getoption("passes"))
        except ValueError as error:
            raise pytest.UsageError(str(error)) from error
        self.config, self.results = config, kept.Results(count)
        scratch = tempfile.TemporaryDirectory(prefix="gradwitness-benchmarks-", ignore_cleanup_errors=True)
        config.add_cleanup(scratch.cleanup)
        threads.set_environment(count)
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = scratch.name  # what an earlier run has compiled would not be compile time
        if not any(config.getoption(f"benchmark_{name}") for name in ("compare", "histogram", "verbose", "cprofile")):
            config.option.benchmark_quiet = True  # the closing section shows the same, pooled over passes

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """A test for each value of these fixtures."""
        plan = self.plan
        sources = {
            "place": plan.places(),
            "timing": plan.timings(),
            "asynchronous": (who for who in plan.implementations if who.asynchronous and who.mode == "eager"),
            "adapter": plan.adapters,
        }
        for fixture, values in sources.items():
            if fixture in metafunc.fixturenames:
                chosen = list(values)
                metafunc.parametrize(fixture, chosen, ids=[str(value) for value in chosen])

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """One model and size after the other, so that what was prepared for one can go before the next."""
        problems = self.plan.problems

        def turn(item: pytest.Item) -> int:
            params = item.callspec.params if hasattr(item, "callspec") else {}
            place = params["timing"].place if "timing" in params else params.get("place")
            return problems.index((place.model, place.size)) if place else len(problems)

        items.sort(key=turn)  # stable: verification stays before timing

    @contextmanager
    def workshop(self) -> Iterator[Workshop]:
        """The implementations, prepared as they are asked for; with N threads each."""
        with threads.pinned(self.results.count) as processors:
            self.results.processors = processors
            threads.limit_loaded(self.results.count)
            required = tuple(self.config.getoption("require_adapter"))
            yield Workshop(self.plan, self.results, required)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The closing section."""
        if self.results:
            terminalreporter.section("benchmarks")
            terminalreporter.write(render(self.results))
