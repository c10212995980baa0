"""The verdict on a cell inside its test: run it, judge it, hold it against the known differences, record what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import pytest

import adapters
from conformance import message
from conformance.determinism import refusal
from conformance.known import Unsupported, known
from conformance.matrix import Cell
from conformance.options import SELECTION
from conformance.run import RUN, missing
from gradwitness import Disagreement, frameworks

RECORD = "gradwitness"
"""The name of the user property that carries a cell's record to the closing table, from a worker too."""


@pytest.fixture
def verify(request: pytest.FixtureRequest) -> Callable[[Cell], Any]:
    """verify(cell) runs a cell and reaches a verdict. It returns the results, or fails with a message that stands on its own."""
    return lambda cell: _Verification(request, cell).run()


class _Verification:
    def __init__(self, request: pytest.FixtureRequest, cell: Cell) -> None:
        self.request, self.cell, self.entry = request, cell, known(cell)
        self.record: dict[str, Any] = {
            "adapter": cell.adapter, "family": cell.family, "name": cell.name, "case": cell.case_id, "cell": str(cell),
            "status": "not run", "reason": "",
        }  # fmt: skip
        request.node.user_properties.append((RECORD, self.record))

    def run(self) -> Any:
        """The results of the cell; None for one that is known not to run."""
        self._require_adapter()
        self.record["status"] = "differ"  # until shown otherwise
        try:
            evidence, results = RUN[self.cell.kind](self.cell)
        except Exception as error:
            if isinstance(self.entry, Unsupported) and self.entry.expects(error):
                self.record |= {"status": "known", "reason": f"{self.entry.op} cannot be run: {self.entry.reason}"}
                return None
            if reason := refusal(self.cell, error):
                self.record |= {"status": "not run", "reason": reason}
                pytest.skip(reason)
            error.add_note(f"{message.where(self.cell)}\n{message.how_to_record(self.cell)}\n{self._replay}")
            raise
        disagreement, distances = _verdict(evidence, results)
        if disagreement is None:
            self._agrees(distances, evidence, results)
        else:
            self._differs(disagreement, evidence, results)
        return results

    def _require_adapter(self) -> None:
        """Skip where the framework is missing, or has no such function; fail where --require-adapter asks for it."""
        try:
            adapter = adapters.load(self.cell.adapter)
            frameworks.require_device(self.cell.adapter, self.cell.device, adapter.framework.devices())
        except (frameworks.Unavailable, ValueError) as error:
            self.record["reason"] = str(error)
            if self.cell.adapter in self.request.config.stash[SELECTION].required:
                pytest.fail(f"--require-adapter {self.cell.adapter}: {error}", pytrace=False)
            pytest.skip(str(error))
        try:
            reason = missing(self.cell)
        except LookupError as error:
            pytest.fail(str(error), pytrace=False)
        if reason:  # the framework is there and has no such thing, which --require-adapter does not ask for
            self.record["reason"] = reason
            pytest.skip(reason)

    def _differs(self, disagreement: Disagreement, evidence: Any, results: Any) -> None:
        self.record |= {"worst": disagreement.ratio, "gradient": disagreement.gradient}
        if self.entry is None:
            self._fail(f":\n{message.disagreement(self.cell, disagreement, evidence)}")
        self.record["reason"] = f"{self.entry.op}: {self.entry.reason}"
        if changed := self.entry.changed(self.cell, evidence, results):
            self._fail(
                f": differs, but not as conformance/known_differences.toml says:\n{changed}\n{message.how_to_record(self.cell)}"
            )
        self.record["status"] = "known"

    def _agrees(self, distances: dict[str, float], evidence: Any, results: Any) -> None:
        if self.entry is not None and self.entry.wanted(self.cell):
            self._fail(": agrees, but conformance/known_differences.toml says that it differs. Remove the entry")
        self.record["status"] = "agreed"
        self.record["gradient"], self.record["worst"] = max(distances.items(), key=lambda item: item[1])
        if self.cell.kind in ("op", "model"):
            self.record["members"] = evidence.members(results)
        if self.cell.kind == "training":
            self.record |= {"told": evidence.told(), "scores": evidence.scores}

    def _fail(self, what: str) -> NoReturn:
        pytest.fail(f"{message.where(self.cell)}{what}\n{self._replay}", pytrace=False)

    @property
    def _replay(self) -> str:
        return message.replay(self.request.node.nodeid)


def _verdict(evidence: Any, results: Any) -> tuple[Disagreement | None, dict[str, float]]:
    """What the evidence objects to, or the distances. Returned and not raised, so that a failure shows no chain of exceptions."""
    try:
        return None, evidence.judge(results)
    except Disagreement as disagreement:
        return disagreement, {}
