"""A journal after any cut, any altered byte and any failed append, against a plain dict."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.pipeline.journal import MAGIC, PREFIX_BYTES, Journal
from postgrad.support.errors import Failure

ENTRIES = {"a": {"text": "één", "ids": [1, 2, 3]}, "b": b"\x00\xff raw", "": None, "long": "x" * 40}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "j.journal"
    journal = Journal(path)
    for key, payload in ENTRIES.items():
        journal.append(key, payload)
    journal.close()
    return path


def entries(path: Path) -> dict[str, object]:
    journal = Journal(path)
    try:
        return dict(journal)
    finally:
        journal.close()


def ends(path: Path) -> list[int]:
    """Where each record ends, computed from the format's description."""
    content, offset, found = path.read_bytes(), len(MAGIC), []
    while offset < len(content):
        key, payload = (int.from_bytes(content[at : at + 4], "little") for at in (offset, offset + 4))
        offset += PREFIX_BYTES + key + payload
        found.append(offset)
    return found


def test_what_is_appended_is_there_after_reopening(written: Path) -> None:
    assert entries(written) == ENTRIES
    journal = Journal(written)
    assert len(journal) == 4 and "b" in journal and journal.get("nothing") is None
    with pytest.raises(ValueError, match="already"):
        journal.append("a", 1)


def test_a_tail_torn_at_any_byte_is_cut_and_the_journal_goes_on(written: Path, tmp_path: Path) -> None:
    whole, marks = written.read_bytes(), ends(written)
    for cut in range(len(whole)):
        path = tmp_path / "cut"
        path.write_bytes(whole[:cut])
        kept = dict(list(ENTRIES.items())[: sum(end <= cut for end in marks)])
        journal = Journal(path)
        assert dict(journal) == kept
        journal.append("new", 7)
        journal.close()
        assert entries(path) == {**kept, "new": 7}


def test_a_tail_of_zeros_is_cut(written: Path) -> None:
    with written.open("ab") as file:
        file.write(b"\0" * 100)
    assert entries(written) == ENTRIES


def test_damage_before_the_last_entry_is_a_failure_and_in_it_a_torn_tail(written: Path, tmp_path: Path) -> None:
    whole, marks = written.read_bytes(), ends(written)
    for place in range(len(whole)):
        path = tmp_path / "altered"
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            found = entries(path)
        except Failure as failure:
            assert str(path) in str(failure)
            assert place < marks[-2]
            continue
        assert place >= marks[-2] and found == dict(list(ENTRIES.items())[:-1])


def test_an_append_that_the_disk_refuses_leaves_the_entries_before_it(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(written)
    monkeypatch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        journal.append("late", 1)
    monkeypatch.undo()
    with pytest.raises(Failure):
        journal.append("later", 1)
    journal.close()
    assert entries(written) == ENTRIES


def test_another_file_is_not_taken_for_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("something else entirely")
    with pytest.raises(Failure, match="not a journal"):
        Journal(path)
    assert path.read_text() == "something else entirely"


values = st.one_of(st.binary(max_size=50), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8,
))  # fmt: skip


@settings(max_examples=30, derandomize=True, deadline=None)
@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=10), values, max_size=5), st.randoms())
def test_any_values_survive_any_reopening(tmp_path_factory: pytest.TempPathFactory, wanted, random) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("j") / "x.journal"
    journal = Journal(path)
    for key, value in wanted.items():
        if random.random() < 0.3:
            journal.close()
            journal = Journal(path)
        journal.append(key, value)
    journal.close()
    assert entries(path) == wanted
