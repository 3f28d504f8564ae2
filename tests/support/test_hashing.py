"""Hashes against hashlib on bytes written out by hand; the memory of file hashes notices every change."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    first = FileHashes(memory).hash(file)
    monkeypatch.setattr("postgrad.support.hashing.hash_file", lambda path: pytest.fail("read again"))
    assert FileHashes(memory).hash(file) == first


def test_a_broken_memory_is_forgotten(tmp_path: Path) -> None:
    file, memory = tmp_path / "data", tmp_path / "memory.json"
    file.write_bytes(b"one")
    memory.write_text("{ broken")
    assert FileHashes(memory).hash(file) == hashlib.sha256(b"one").hexdigest()
