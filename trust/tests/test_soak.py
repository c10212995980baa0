"""A fixed sample of the soak (`python -m trust soak` runs the whole): three seeds of every op's and model's generic case. And the
soak itself: does it report a false alarm, and go on where it stopped?
"""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.having import having
from conformance.matrix import DTYPES, Selection
from conformance.run import RUN, subject
from gradwitness import verdict
from reference import MODELS, OPS
from trust.soak import examination as soak
from trust.soak.examination import cell, drawn, examine, examined, run, surely_agreed
from trust.soak.record import Record, spans
from trust.soak.report import alarms, summary
from trust.soak.results import Block, Outcome, Tally

SEEDS = 3
ADAPTERS = ("torch", "tensorflow")
BLOCK = Block("op", "softmax", "generic", "float32", 0, 2, ("torch",))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "sampled" not in metafunc.fixturenames:
        return
    asked = {option: metafunc.config.getoption(option) for option in ("op", "adapter", "dtype", "device", "mode")}
    of = Selection(**asked)
    places = [
        (kind, name, table[name].cases[0].id, dtype, adapter)
        for kind, table in (("op", OPS), ("model", MODELS))
        for name in table
        for dtype in DTYPES
        for adapter in ADAPTERS
        if all(not wanted or value in wanted for value, wanted in ((name, of.op), (dtype, of.dtype), (adapter, of.adapter)))
    ]
    metafunc.parametrize("sampled", places, ids=["-".join(place[1:]) for place in places])


def test_nothing_is_alarmed_at_further_seeds(sampled: tuple[str, str, str, str, str]) -> None:
    *where, adapter = sampled
    having(adapter, f"{sampled[0]}s", sampled[1])
    for seed in range(SEEDS):
        _, outcome = examined(*where, adapter, seed)
        assert outcome.status != "alarm", outcome.message


def test_a_seed_draws_inputs_and_cotangent_anew() -> None:

    op = OPS["linear"]
    named, first, second = (subject(op, op.cases[0], draw) for draw in (None, 0, 1))
    for one, other in ((named, first), (first, second)):
        assert (one.inputs[0] != other.inputs[0]).all()
        assert (one.cotangent != other.cotangent).all()


@pytest.fixture
def tallies(monkeypatch: pytest.MonkeyPatch) -> list[Tally]:
    """What the soak comes to where hardly anything is allowed: false alarms."""
    pytest.importorskip("torch")
    monkeypatch.setattr("gradwitness.verdict.elements.K", 1e-3)
    return run(BLOCK)


@pytest.mark.parametrize(("kind", "name"), [("op", "log_softmax"), ("model", "two_layer"), ("optimizer", "adam")])
def test_what_few_runs_show_to_agree_agrees_by_all(kind: str, name: str) -> None:
    pytest.importorskip("torch")
    for seed in range(3):
        at = cell(kind, name, "generic", "float32", "torch", seed)
        bounds, distances = surely_agreed(at), RUN[kind](at)[0].judge(RUN[kind](at)[1])
        assert bounds.keys() == distances.keys()
        assert all(distances[result] <= bounds[result] <= verdict.K for result in distances)


def test_what_few_runs_do_not_show_is_judged_by_all(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    at = cell("op", "softmax", "generic", "float32", "torch", 1)
    exact = examine(at)
    monkeypatch.setattr(soak, "K", 1e-3)  # no bound is so small: all runs have to tell
    assert surely_agreed(at) == {}
    assert 0 < examine(at).ratio < exact.ratio
    assert examine(at).status == "agreed"


def test_a_model_that_disagrees_off_any_kink_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "examine", lambda at: Outcome("alarm", message=str(at.seed)))
    where = ("model", "mlp", MODELS["mlp"].cases[0].id, "float64", "torch")
    assert examined(*where, 900) == (900, Outcome("alarm", message="900"))
    monkeypatch.setattr(soak, "drawn", lambda *_: 77)
    assert examined(*where, 900) == (77, Outcome("alarm", message="77"))


def test_a_false_alarm_is_reported_with_what_replays_it(tallies: list[Tally]) -> None:
    assert tallies[0].count == {"alarm": 2}
    reported = alarms(tallies)
    assert len(reported) == 2
    assert "python -m trust soak --op softmax --case generic --adapter torch --dtype float32 --seed 1" in reported[1]
    assert "units of rounding spread" in reported[1]
    assert summary(tallies)["rows"][0]["runs"] == {"alarm": 2}


def test_a_block_with_an_alarm_is_run_again_and_others_are_not(tallies: list[Tally], tmp_path: Path) -> None:
    record = Record(tmp_path / "soak.jsonl")
    asked = (2, ["softmax"], ["torch"], ["float32"])
    before = list(record.blocks(*asked))
    record.add(tallies[0])
    assert list(Record(record.journal.file).blocks(*asked)) == before
    calm = Tally(**{**vars(tallies[0]), "alarms": {}, "count": {"agreed": 2}})
    record.add(calm)
    assert list(Record(record.journal.file).blocks(*asked)) == before[1:]
    with record.journal.file.open("a") as file:
        file.write('{"kind": "op", "na')  # a kill in the middle of a line
    assert list(Record(record.journal.file).blocks(*asked)) == before[1:]
    record.forget(["relu"])
    assert list(Record(record.journal.file).blocks(*asked)) == before[1:]
    record.forget(["softmax"])
    assert list(Record(record.journal.file).blocks(*asked)) == before


def test_the_first_seeds_of_every_case_come_before_the_next_of_any(tmp_path: Path) -> None:
    firsts = [block.first for block in Record(tmp_path / "none").blocks(40, [], ["torch"], [])]
    assert firsts == sorted(firsts)
    assert spans(40) == [(0, 5), (5, 40)]
    assert spans(1200)[-2:] == [(500, 1000), (1000, 1200)]


def test_a_model_s_point_at_a_kink_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    where = ("model", "mlp", MODELS["mlp"].cases[0].id, "float64")
    assert drawn(*where, 900) == 900
    drawn.cache_clear()
    nearest = soak.kinks.nearest
    asked: list[int] = []

    def within_rounding_once(*args: object) -> object:
        asked.append(1)
        return soak.kinks.Kink(0.0) if len(asked) == 1 else nearest(*args)

    monkeypatch.setattr(soak.kinks, "nearest", within_rounding_once)
    assert drawn(*where, 900) == 900 + soak.REDRAWN
    drawn.cache_clear()
