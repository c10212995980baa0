"""A journal keeps what was written, whatever became of the run that wrote it."""

import json
from operator import itemgetter
from pathlib import Path

import pytest

from trust.journal import Journal


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Of a folder that is not there yet."""
    return tmp_path / "new" / "journal.jsonl"


def test_an_entry_is_on_disk_as_soon_as_it_is_added(file: Path) -> None:
    Journal(file).add({"id": "a", "told": 1})
    assert file.read_text() == '{"id": "a", "told": 1}\n'


def test_a_later_entry_takes_the_place_of_an_earlier_one(file: Path) -> None:
    kept = Journal(file)
    for told, about in enumerate("aba"):
        kept.add({"id": about, "told": told})
    for journal in (kept, Journal(file)):
        assert journal.entries == {"a": {"id": "a", "told": 2}, "b": {"id": "b", "told": 1}}


def test_entries_are_joined_where_their_owner_says_how(file: Path) -> None:
    def joined() -> Journal:
        return Journal(file, itemgetter("x", "y"), lambda earlier, later: earlier | later)

    kept = joined()
    kept.add({"x": 1, "y": 2, "first": "said"})
    kept.add({"x": 1, "y": 2, "then": "said"})
    for journal in (kept, joined()):
        assert journal.entries == {(1, 2): {"x": 1, "y": 2, "first": "said", "then": "said"}}


def test_a_line_that_a_kill_cut_short_is_left_out(file: Path) -> None:
    Journal(file).add({"id": "a"})
    with file.open("a") as cut:
        cut.write('{"id": "b", "to')
    again = Journal(file)
    assert list(again.entries) == ["a"]
    again.add({"id": "c"})  # is not glued to it
    assert list(Journal(file).entries) == ["a", "c"]


def test_what_is_forgotten_is_gone_from_the_file_and_nothing_else_is(file: Path) -> None:
    kept = Journal(file)
    for about in "abc":
        kept.add({"id": about})
    kept.forget(lambda entry: entry["id"] == "b")
    assert list(kept.entries) == list(Journal(file).entries) == ["a", "c"]
    kept.forget(lambda _: True)
    assert Journal(file).entries == {}


def test_a_fresh_journal_forgets_what_it_could_not_even_read(file: Path) -> None:
    file.parent.mkdir()
    file.write_text(json.dumps({"an": "entry of another kind"}) + "\n")
    assert Journal(file, fresh=True).entries == {}
    assert not file.exists()
