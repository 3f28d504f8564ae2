"""Files are whole or not there, whatever call of the operating system fails."""

import os
from pathlib import Path

import pytest

from postgrad.support.files import whole_folder, write_atomically


class Broken(Exception):
    pass


def failing_at(monkeypatch: pytest.MonkeyPatch, which: int) -> None:
    """Make the `which`-th fsync or rename raise."""
    calls = 0

    def counted(original):  # type: ignore[no-untyped-def]
        def call(*args, **kwargs):  # type: ignore[no-untyped-def]
            nonlocal calls
            calls += 1
            if calls == which:
                raise Broken
            return original(*args, **kwargs)
        return call

    for name in ("fsync", "rename", "replace"):
        monkeypatch.setattr(os, name, counted(getattr(os, name)))


@pytest.mark.parametrize("which", range(1, 4))
def test_a_failed_write_leaves_old_or_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: int) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with monkeypatch.context() as patch:
        failing_at(patch, which)
        with pytest.raises(Broken):
            write_atomically(path, b"new")
    assert path.read_bytes() in (b"old", b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("which", range(1, 8))
def test_a_folder_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: int) -> None:
    target = tmp_path / "artifact"
    with monkeypatch.context() as patch:
        failing_at(patch, which)
        try:
            with whole_folder(target) as folder:
                (folder / "a").write_text("1")
                (folder / "b").mkdir()
                (folder / "b" / "c").write_text("2")
        except Broken:
            pass
    if target.exists():
        assert (target / "a").read_text() + (target / "b" / "c").read_text() == "12"
    assert [p.name for p in tmp_path.iterdir()] in ([], ["artifact"])


def test_the_first_of_two_makers_wins(tmp_path: Path) -> None:
    target = tmp_path / "artifact"
    with whole_folder(target) as mine:
        (mine / "a").write_text("second")
        with whole_folder(target) as other:
            (other / "a").write_text("first")
    assert (target / "a").read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["artifact"]
