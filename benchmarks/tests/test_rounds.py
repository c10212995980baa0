"""How time is taken: rounds in turn, warming up, intervals."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import islice, pairwise

import numpy as np
import pytest

from benchmarks import rounds
from benchmarks.results_of import control_of
from benchmarks.rounds import Timed, Warm, effort, interleave, interval, is_steady, orders, seconds, warm_up


def timed(call: object) -> Timed:
    return Timed(call, nullcontext)  # type: ignore[arg-type]


def test_seconds_are_those_of_one_call() -> None:
    taken = seconds(timed(lambda: time.sleep(0.004)), iterations=3)
    assert 0.004 <= taken < 0.012


def test_garbage_is_not_collected_within_a_round() -> None:
    states: list[bool] = []
    seconds(timed(lambda: states.append(gc.isenabled())))
    assert states == [False]
    assert gc.isenabled()


def test_settings_are_in_force_around_a_round_and_not_on_its_clock() -> None:
    events: list[str] = []

    @contextmanager
    def settings() -> Iterator[None]:
        time.sleep(0.01)
        events.append("in")
        yield
        events.append("out")

    assert seconds(Timed(lambda: events.append("call"), settings)) < 0.01
    assert events == ["in", "call", "out"]


def test_a_round_is_as_many_calls_as_fill_it() -> None:
    assert effort(rounds.ROUND / 4) == 4
    assert effort(10 * rounds.ROUND) == 1


def test_every_round_has_everybody_in_changing_order() -> None:
    order: list[str] = []
    everybody = {name: timed(lambda name=name: order.append(name)) for name in "abc"}
    taken = interleave(everybody, dict.fromkeys("abc", Warm(1, steady=True, seconds=1.0)), 8, seed=0)
    assert {name: len(values) for name, values in taken.items()} == dict.fromkeys("abc", 8)
    turns = ["".join(order[i : i + 3]) for i in range(0, len(order), 3)]
    assert all(sorted(turn) == list("abc") for turn in turns)
    assert len(set(turns)) > 2


@pytest.mark.parametrize("count", [2, 3, 4, 5, 8, 9])
def test_in_a_cycle_each_comes_equally_often_at_each_place_and_after_each_other(count: int) -> None:
    length = count * (1 + count % 2)
    cycle = list(islice(orders(count, np.random.default_rng(0)), length))
    places = Counter((place, name) for row in cycle for place, name in enumerate(row))
    followed = Counter(pair for row in cycle for pair in pairwise(row))
    assert set(places.values()) == set(followed.values()) == {length // count}
    assert len(places) == count * count
    assert len(followed) == count * (count - 1)


def test_steady_is_when_three_rounds_take_what_three_before_took() -> None:
    assert is_steady([9.0, 1.0, 1.01, 0.99, 1.0, 1.02, 1.0])
    assert not is_steady([3.0, 2.5, 2.0, 1.6, 1.3, 1.0])


def test_warming_up_ends_where_it_is_steady(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1.0, *[0.5, 0.4, 0.3, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2], *[0.2] * 50])
    monkeypatch.setattr(rounds, "seconds", lambda *_: next(times))
    warm = warm_up(timed(print))
    assert warm.steady
    assert warm.rounds == 8  # the first whose median of three, 0.2, is that of the three before
    assert warm.seconds == 0.2


def test_warming_up_gives_up_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(np.geomspace(1.0, 1e-3, 60))
    monkeypatch.setattr(rounds, "seconds", lambda *_: next(times))
    warm = warm_up(timed(print))
    assert (warm.rounds, warm.steady) == (rounds.WARM_LIMIT, False)


def test_the_interval_has_the_median_of_the_distribution_in_it() -> None:
    rng = np.random.default_rng(0)
    inside = [low <= 1.0 <= high for low, high in (interval(list(rng.normal(1.0, 0.1, 21))) for _ in range(200))]
    assert 0.9 <= np.mean(inside) <= 1.0


def test_a_control_of_the_same_contains_one_and_a_slower_one_does_not() -> None:
    rng = np.random.default_rng(1)
    pairs = rng.lognormal(0, 0.05, size=(60, 2))
    same = control_of(pairs.tolist())
    slower = control_of((pairs * [1.1, 1.0]).tolist())
    assert same is not None
    assert same.trusted
    assert slower is not None
    assert not slower.trusted
    assert slower.low > 1
    assert control_of([]) is None
