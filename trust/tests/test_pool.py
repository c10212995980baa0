"""Work that may kill its process: nothing is lost, and what killed it is named."""

from __future__ import annotations

import os

import pytest

from trust.pool import each

_prepared: list[int] = []


def prepare(number: int) -> None:
    _prepared.append(number)


def work(thing: int) -> tuple[int, list[int]]:
    if thing < 0:
        os.abort()
    return thing, _prepared


def dead(thing: int) -> str:
    return f"died of {thing}"


@pytest.mark.parametrize("workers", [1, 2])
def test_everything_comes_back_whatever_dies(workers: int) -> None:
    found = list(each(work, [1, 2, -3, 4, 5, -6, 7], dead, workers=workers, prepare=prepare, about=(9,)))
    told = sorted(map(str, found))
    assert told == sorted([*(str((n, [9])) for n in (1, 2, 4, 5, 7)), "died of -3", "died of -6"])
