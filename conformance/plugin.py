"""pytest: the matrix's options, its cells as parameters, and the table at the end of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import adapters
from conformance.determinism import refusal
from conformance.known import Unsupported, known
from conformance.matrix import Cell, Selection
from conformance.report import Report
from conformance.run import RUN, missing
from gradwitness import Disagreement, frameworks

OPTIONS = ("adapter", "op", "dtype", "device", "mode")
KINDS = {"op_cell": "op", "model_cell": "model", "optimizer_cell": "optimizer", "training_cell": "training"}
CELL_TESTS = ("::test_op", "::test_model", "::test_optimizer", "::test_training", "::test_network")
RECORD = "gradwitness"
_selection = pytest.StashKey[Selection]()
_report = pytest.StashKey[Report]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gradwitness", "the matrix: case x adapter x dtype x device x mode (each option repeatable)")
    for option in OPTIONS:
        group.addoption(f"--{option}", action="append", default=[], metavar="NAME", help=f"run this {option} only")
    group.addoption(
        "--every-case-compiled",
        action="store_true",
        help="ops in compiled modes on every case, not on the generic one alone (three times as many cells)",
    )
    group.addoption(
        "--require-adapter",
        action="append",
        default=[],
        metavar="NAME",
        help="fail, not skip, where this framework is missing or broken",
    )


def pytest_configure(config: pytest.Config) -> None:
    try:
        asked = {option: config.getoption(option) for option in OPTIONS}
        required, compiled = config.getoption("require_adapter"), config.getoption("every_case_compiled")
        config.stash[_selection] = Selection(**asked, required=required, every_case_compiled=compiled)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[_report] = Report()
    config.pluginmanager.register(_Controller(config), "gradwitness-controller")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for fixture, kind in KINDS.items():
        if fixture in metafunc.fixturenames:
            cells = list(metafunc.config.stash[_selection].cells(kind))  # type: ignore[arg-type]
            metafunc.parametrize(fixture, cells or [None], ids=[str(cell) for cell in cells] or ["none-selected"])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    empty = [item for item in items if item.name.endswith("[none-selected]")]
    if empty:
        config.hook.pytest_deselected(items=empty)
        items[:] = [item for item in items if item not in empty]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Under -n a worker takes an op (or a random network) at a time, with all its cells: what is compiled for a shape, and what
    the reference says of a case, is then there for the next cell. Tests that are no cells are handed out one by one.
    """
    if config.getoption("dist") != "load":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class OpByOp(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            test, _, cell = nodeid.partition("[")
            return f"{test}[{cell.partition('-')[0]}" if test.endswith(CELL_TESTS) else nodeid

    return OpByOp(config, log)


@pytest.fixture
def verify(request: pytest.FixtureRequest) -> Callable[[Cell], Any]:
    """verify(cell) runs a cell and reaches a verdict; it fails with a message that stands on its own, and returns
    the results.
    """

    def run(cell: Cell) -> Any:
        record = {
            "adapter": cell.adapter, "family": cell.family, "name": cell.name, "case": cell.case_id, "cell": str(cell),
            "status": "not run", "reason": "",
        }  # fmt: skip
        request.node.user_properties.append((RECORD, record))  # travels with the report, from a worker too
        _require(request, cell, record)
        record["status"] = "differ"  # until shown otherwise
        entry = known(cell)
        context = f"{cell.name} / {cell.case_id} on {cell.adapter}, {cell.dtype}, {cell.device}, {cell.mode}"
        replay = f'replay: python -m pytest "{request.node.nodeid}"'
        try:
            evidence, results = RUN[cell.kind](cell)
        except Exception as error:
            if isinstance(entry, Unsupported) and entry.expects(error):
                record |= {"status": "known", "reason": f"{entry.op} cannot be run: {entry.reason}"}
                return None
            if why := refusal(cell, error):
                record |= {"status": "not run", "reason": why}
                pytest.skip(why)
            error.add_note(f"{context}\n{replay}")
            raise
        found, distances = _verdict(evidence, results)
        if found is not None:
            record["worst"], record["gradient"] = found.ratio, found.gradient
        if found is not None and entry is None:
            pytest.fail(f"{context}:\n{_with_reference(found, evidence)}\n{replay}", pytrace=False)
        if found is not None and entry is not None:
            record["reason"] = f"{entry.op}: {entry.reason}"
            if changed := entry.changed(cell, evidence, results):
                pytest.fail(f"{context}: differs, but not as known_differences.toml says:\n{changed}\n{replay}", pytrace=False)
            record["status"] = "known"
            return results
        if entry is not None and entry.wanted(cell):
            pytest.fail(
                f"{context}: agrees, but known_differences.toml says that it differs. Remove the entry\n{replay}", pytrace=False
            )
        record["status"] = "agreed"
        record["gradient"], record["worst"] = max(distances.items(), key=lambda item: item[1])
        if cell.kind in ("op", "model"):
            record["members"] = evidence.members(results)
        if cell.kind == "training":
            record["told"], record["scores"] = evidence.told(), evidence.scores
        return results

    return run


def _verdict(evidence: Any, results: Any) -> tuple[Disagreement | None, dict[str, float]]:
    try:
        return None, evidence.judge(results)
    except Disagreement as found:
        return found, {}


def _require(request: pytest.FixtureRequest, cell: Cell, record: dict[str, Any]) -> None:
    """Skip, or fail where --require-adapter asks for it, a cell whose framework, device or function is not there."""
    try:
        adapter = adapters.load(cell.adapter)
        frameworks.require_device(cell.adapter, cell.device, adapter.framework.devices())
    except (frameworks.Unavailable, ValueError) as reason:
        _not_run(request, cell, record, str(reason))
    try:
        why = missing(cell)
    except LookupError as error:
        pytest.fail(str(error), pytrace=False)
    if why:
        record["reason"] = why  # a framework that is there and has no such thing: nothing that --require-adapter asks for
        pytest.skip(why)


def _not_run(request: pytest.FixtureRequest, cell: Cell, record: dict[str, Any], reason: str) -> None:
    record["reason"] = reason
    if cell.adapter in request.config.stash[_selection].required:
        pytest.fail(f"--require-adapter {cell.adapter}: {reason}", pytrace=False)
    pytest.skip(reason)


def _with_reference(found: Disagreement, evidence: Any) -> str:
    """The disagreement, and beside what was got what the reference itself returns in the same dtype."""
    lines = str(found).split("\n")
    if not found.reason:
        value = evidence.native[evidence.names.index(found.gradient)][found.index]
        lines.insert(2, f"  reference   {value!s}, computed in {evidence.dtype}")
    return "\n".join(lines)


class _Controller:
    """What happens once per run, not once per worker: the table, and the refusal to be green over nothing."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.report = config.stash[_report]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            for name, record in report.user_properties:
                if name == RECORD:
                    self.report.add(report.nodeid, record)  # type: ignore[arg-type]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._verified_nothing() and session.exitstatus in (0, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _verified_nothing(self) -> bool:
        if hasattr(self.config, "workerinput") or self.config.option.collectonly:
            return False
        asked = bool(self.config.stash[_selection]) or bool(self.report.rows)
        return asked and not self.report.verified

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.report.rows:
            terminalreporter.section("gradwitness")
            self.report.print(terminalreporter.write, terminalreporter._tw.fullwidth)
        if self._verified_nothing():
            terminalreporter.write_line("no cell was verified: a run that verified nothing is not green", red=True)
