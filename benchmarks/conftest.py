"""pytest: the benchmarks' options beside the root's, what is timed as parameters, and the closing section."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.extras import require

require("bench", "rich", "pytest_benchmark", by="python -m pytest benchmarks")

from benchmarks import results as kept
from benchmarks.plan import PHASES, SIZES, Plan
from benchmarks.sizes import MODELS, PEERS
from benchmarks.table import render
from benchmarks.workshop import Workshop
from conformance import threads

FOLDER = Path(__file__).parent / "results"
FILTERS: dict[str, Iterable[str]] = {"peer": PEERS, "model": MODELS, "size": SIZES, "phase": PHASES}
SHARED = ("adapter", "mode", "device", "op")
_plan = pytest.StashKey[Plan]()
_results = pytest.StashKey[kept.Results]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("benchmarks", "what is timed, besides --adapter, --mode, --device and --op (filters are repeatable)")
    for option, names in FILTERS.items():
        group.addoption(
            f"--{option}", action="append", default=[], metavar="NAME", help=f"this {option} only: {', '.join(names)}"
        )
    group.addoption("--passes", type=int, default=3, metavar="N", help="times that each implementation has its turn (default: 3)")
    group.addoption("--threads", type=int, default=1, metavar="N", help="threads for each implementation (default: 1)")
    group.addoption(
        "--save-results",
        action="store_true",
        help=f"write {FOLDER.name}/<device or processor>.txt and .json; complete runs on a GPU always do",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("dtype"):
        raise pytest.UsageError("--dtype: benchmarks run in float32")
    if config.getoption("threads") < 1:
        raise pytest.UsageError(f"--threads {config.getoption('threads')}; wanted at least 1")
    try:
        asked = {option: tuple(config.getoption(option)) for option in (*SHARED, *FILTERS)}
        config.stash[_plan] = Plan(**asked, passes=config.getoption("passes"))
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[_results] = kept.Results(config.getoption("threads"))
    scratch = tempfile.TemporaryDirectory(prefix="gradwitness-benchmarks-", ignore_cleanup_errors=True)
    config.add_cleanup(scratch.cleanup)
    threads.set_environment(config.getoption("threads"))
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = scratch.name  # what an earlier run has compiled would not be compile time
    if not any(config.getoption(f"benchmark_{name}") for name in ("compare", "histogram", "verbose", "cprofile")):
        config.option.benchmark_quiet = True  # the closing section shows the same, pooled over passes


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    plan = metafunc.config.stash[_plan]
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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One model and size after the other, so that what was prepared for one can go before the next."""
    problems = config.stash[_plan].problems

    def turn(item: pytest.Item) -> int:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        place = params["timing"].place if "timing" in params else params.get("place")
        return problems.index((place.model, place.size)) if place else len(problems)

    items.sort(key=turn)  # stable: verification stays before timing


@pytest.fixture(scope="session")
def workshop(request: pytest.FixtureRequest) -> Iterator[Workshop]:
    """The implementations, prepared as they are asked for; with N threads each."""
    results = request.config.stash[_results]
    with threads.pinned(results.count) as processors:
        results.processors = processors
        threads.limit_loaded(results.count)
        required = tuple(request.config.getoption("require_adapter"))
        yield Workshop(request.config.stash[_plan], results, required, lambda: _save(request.config))


def pytest_sessionfinish(session: pytest.Session) -> None:
    _save(session.config)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if config.stash[_results]:
        terminalreporter.section("benchmarks")
        terminalreporter.write(render(config.stash[_results]))


def _save(config: pytest.Config) -> None:
    results = config.stash[_results]
    on_gpu = any(who.device == "cuda" for who in results.implementations) and config.stash[_plan].complete
    if results and (on_gpu or config.getoption("save_results")):
        kept.save(results, render(results), FOLDER)
