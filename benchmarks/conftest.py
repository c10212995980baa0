"""pytest: the benchmarks' options beside the root's, and their session (benchmarks/session.py) where they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.plan import PHASES, SIZES
from benchmarks.sizes import MODELS, PEERS
from conformance.extras import require

SESSION = "gradwitness-benchmarks"
HERE = Path(__file__).parent
TESTS = HERE / "tests"
FILTERS: dict[str, Iterable[str]] = {"peer": PEERS, "model": MODELS, "size": SIZES, "phase": PHASES}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("benchmarks", "what is timed, besides --adapter, --mode, --device and --op (filters are repeatable)")
    for option, names in FILTERS.items():
        group.addoption(
            f"--{option}", action="append", default=[], metavar="NAME", help=f"this {option} only: {', '.join(names)}"
        )
    group.addoption("--passes", type=int, default=3, metavar="N", help="times that each implementation has its turn (default: 3)")
    group.addoption("--threads", type=int, default=1, metavar="N", help="threads for each implementation (default: 1)")


def pytest_configure(config: pytest.Config) -> None:
    if asked_for(config.args, config.invocation_params.dir):
        try:
            require("bench", "rich", "pytest_benchmark", by="python -m pytest benchmarks")
        except SystemExit as error:
            raise pytest.UsageError(str(error)) from error
        from benchmarks.session import Session

        config.pluginmanager.register(Session(config, tuple(FILTERS)), SESSION)


@pytest.fixture(scope="session")
def workshop(request: pytest.FixtureRequest) -> Iterator[Any]:
    """What the benchmarks of a session share (benchmarks/workshop.py)."""
    session: Any = request.config.pluginmanager.get_plugin(SESSION)
    with session.workshop() as shared:
        yield shared


def asked_for(arguments: Iterable[str], directory: Path) -> bool:
    """Whether a run has benchmarks, and not only the tests of `python -m benchmarks`, which are a part of every run."""
    paths = [(directory / argument.partition("::")[0]).resolve() for argument in arguments]
    return any(HERE.is_relative_to(path) or (path.is_relative_to(HERE) and not path.is_relative_to(TESTS)) for path in paths)
