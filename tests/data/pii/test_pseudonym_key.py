"""The key of pseudonyms: made once, for its owner alone, apart from the data."""

import hashlib
import hmac
import stat
from base64 import b32encode
from pathlib import Path

import pytest

from postgrad.data.pii.pseudonyms import key_file, load_key, pseudonym
from postgrad.support.errors import Mistake


def test_a_key_is_made_on_first_use_and_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "k"
    key = load_key(path)
    assert len(key) == 32 and load_key(path) == key and key != load_key(tmp_path / "other")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and [file.name for file in path.parent.iterdir()] == ["k"]


def test_a_key_that_others_can_read_or_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "k"
    load_key(path)
    path.chmod(0o640)
    with pytest.raises(Mistake, match="read by others"):
        load_key(path)
    path.write_bytes(b"short")
    path.chmod(0o600)
    with pytest.raises(Mistake, match="32 bytes"):
        load_key(path)


def test_a_key_beside_the_data_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="with the data"):
        load_key(tmp_path / "out" / "k", [tmp_path / "out"])
    assert not (tmp_path / "out").exists()


def test_where_the_key_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POSTGRAD_PSEUDONYM_KEY", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert key_file() == tmp_path / "postgrad" / "pseudonym.key"
    monkeypatch.setenv("POSTGRAD_PSEUDONYM_KEY", str(tmp_path / "named"))
    assert key_file() == tmp_path / "named" and key_file(tmp_path / "said") == tmp_path / "said"


def test_a_mark_is_the_documented_hmac() -> None:
    key = bytes(range(32))
    digest = hmac.new(key, b"email\0jane@example.com", hashlib.sha256).digest()
    assert pseudonym(key, "email", "jane@example.com") == f"<email-{b32encode(digest).decode().lower()[:8]}>"
