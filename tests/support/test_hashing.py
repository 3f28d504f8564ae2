"""Hashes against hashlib on bytes written out by hand; the memory of file hashes notices every change."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgrad.support import hashing
from postgrad.support.hashing import FileHashes, canonical_json, hash_json, hash_text


def test_canonical_json_is_the_written_form() -> None:
    assert canonical_json({"b": [1, 2.5, None], "a": "é"}) == '{"a":"\\u00e9","b":[1,2.5,null]}'
    assert hash_json({}) == hashlib.sha256(b"{}").hexdigest()


def test_no_value_that_json_does_not_know() -> None:
    with pytest.raises(ValueError):
        canonical_json(float("nan"))


@given(st.text(), st.text())
def test_texts_share_a_hash_only_if_equal(one: str, other: str) -> None:
    assert (hash_text(one) == hash_text(other)) == (one == other)


def test_a_changed_file_is_hashed_again(tmp_path: Path) -> None:
    file, memory = tmp_path / "data", tmp_path / "memory.json"
    file.write_bytes(b"one")
    assert FileHashes(memory).hash(file) == hashlib.sha256(b"one").hexdigest()
    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))
    assert FileHashes(memory).hash(file) == hashlib.sha256(b"two").hexdigest()


def test_a_known_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, memory = tmp_path / "data", tmp_path / "memory.json"
    file.write_bytes(b"one")
    hashes = FileHashes(memory)
    first = hashes.hash(file)
    hashes.save()
    monkeypatch.setattr("postgrad.support.hashing.hash_file", lambda path: pytest.fail("read again"))
    assert FileHashes(memory).hash(file) == first


def test_many_files_are_remembered_in_one_write_and_beside_those_of_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, files = tmp_path / "memory.json", [tmp_path / str(number) for number in range(5)]
    for file in files:
        file.write_text(file.name)
    mine, others = FileHashes(memory), FileHashes(memory)
    others.hash(files[0])
    others.save()
    writes: list[Path] = []
    write = hashing.write_atomically
    monkeypatch.setattr(hashing, "write_atomically", lambda path, content: writes.append(path) or write(path, content))
    for file in files[1:]:
        mine.hash(file)
    mine.save()
    mine.save()
    assert writes == [memory]
    monkeypatch.setattr(hashing, "hash_file", lambda path: pytest.fail("read again"))
    again = FileHashes(memory)
    assert [again.hash(file) for file in files] == [hashlib.sha256(file.name.encode()).hexdigest() for file in files]


@pytest.mark.parametrize("broken", ["{ broken", "[]", '{"a": 1}', '{"a": [1, 2]}'])
def test_a_broken_memory_is_forgotten(tmp_path: Path, broken: str) -> None:
    file, memory = tmp_path / "data", tmp_path / "memory.json"
    file.write_bytes(b"one")
    memory.write_text(broken)
    assert FileHashes(memory).hash(file) == hashlib.sha256(b"one").hexdigest()
