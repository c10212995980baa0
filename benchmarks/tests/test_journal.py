"""A run that was interrupted goes on: what its journal has is not timed again."""

from __future__ import annotations

from pathlib import Path

from benchmarks.journal import Journal, journal_of


def test_what_is_added_is_read_by_the_next(tmp_path: Path) -> None:
    Journal(tmp_path / "a.jsonl").add("mlp", {"seconds": 1.0})
    assert Journal(tmp_path / "a.jsonl").entries == {"mlp": {"id": "mlp", "seconds": 1.0}}


def test_a_line_that_was_cut_short_is_made_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a.jsonl")
    journal.add("one", {"seconds": 1.0})
    with journal.file.open("a") as file:
        file.write('{"id": "two", "sec')
    again = Journal(journal.file)
    assert list(again.entries) == ["one"]
    again.add("two", {"seconds": 2.0})
    assert list(Journal(journal.file).entries) == ["one", "two"]


def test_a_journal_belongs_to_choice_commit_changes_and_machine(tmp_path: Path) -> None:
    def file(*belongs: object) -> Path:
        return journal_of(*belongs, folder=tmp_path).file

    assert file("quick", "abc", "", "cpu") == file("quick", "abc", "", "cpu")
    assert len({file("quick", "abc", "", "cpu"), file("full", "abc", "", "cpu"), file("quick", "abd", "", "cpu")}) == 3


def test_a_finished_run_leaves_none(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a.jsonl")
    journal.add("one", {})
    journal.delete()
    assert not journal.file.exists()
