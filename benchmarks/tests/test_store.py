"""The result file: what is written is what is read, and no file is overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import store
from benchmarks.store import Machine
from benchmarks.tests.made import result


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    assert store.load(store.save(result(), tmp_path)) == result()


def test_a_result_without_a_control_is_read_back(tmp_path: Path) -> None:
    assert store.load(store.save(result(control=None), tmp_path)).control is None


def test_a_file_is_named_by_machine_date_commit_and_choice(tmp_path: Path) -> None:
    assert store.save(result(), tmp_path).name == "some-cpu-2-5ghz_2026-01-02T0304_0123456_quick.json"
    assert store.save(result(choice="default"), tmp_path).name == "some-cpu-2-5ghz_2026-01-02T0304_0123456.json"


def test_a_gpu_names_the_machine() -> None:
    assert Machine("Some CPU", 2, 7.8, "Linux", ["Some GPU (80GB)"]).slug == "some-gpu-80gb"


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    first, second = store.save(result(), tmp_path), store.save(result(notes=["another"]), tmp_path)
    assert second.name == f"{first.stem}_2.json"
    assert store.load(first) == result()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 1}, "format 1 came; wanted 2"),
        ({"colour": "red"}, "unknown fields: colour"),
        ({"cells": [{"model": "mlp"}]}, "missing"),
        ({"machine": {"processor": "x", "legs": 4}}, "legs"),
    ],
)
def test_another_file_is_refused_with_its_name(change: dict[str, object], said: str, tmp_path: Path) -> None:
    (path := tmp_path / "file.json").write_text(json.dumps(store.as_json(result()) | change))
    with pytest.raises(ValueError, match=rf"file\.json.*{said}"):
        store.load(path)


def test_a_text_is_no_result(tmp_path: Path) -> None:
    (path := tmp_path / "file.json").write_text("hello")
    with pytest.raises(ValueError, match=r"file\.json"):
        store.load(path)
