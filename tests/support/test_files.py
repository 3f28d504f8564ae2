"""Files are whole or not there, whatever call of the operating system fails."""

import os
from pathlib import Path

import pytest

from postgrad.support.files import clear_halves, replaced_folder, whole_folder, write_atomically


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


def test_a_folder_is_replaced_whole_and_the_old_one_stays_if_the_block_raises(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with replaced_folder(target) as folder:
        (folder / "a").write_text("1")
    with pytest.raises(Broken), replaced_folder(target) as folder:
        (folder / "a").write_text("2")
        raise Broken
    assert (target / "a").read_text() == "1"
    with replaced_folder(target) as folder:
        (folder / "b").write_text("3")
    assert [path.name for path in target.iterdir()] == ["b"] and list(tmp_path.iterdir()) == [target]


def test_what_the_dead_left_is_cleared_and_what_the_living_write_is_not(tmp_path: Path) -> None:
    target, other = tmp_path / "out", tmp_path / ".out.backup"
    other.mkdir()
    with replaced_folder(target) as folder:
        dead, file = tmp_path / ".out.half-dead", tmp_path / ".out.half-file"
        (dead / "new").mkdir(parents=True)
        file.write_text("torn")
        clear_halves(target)
        assert not dead.exists() and not file.exists() and folder.is_dir()
        (folder / "a").write_text("1")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.backup", "out"]


def test_a_swap_that_a_kill_cut_in_two_is_ended(tmp_path: Path) -> None:
    half, target = tmp_path / ".out.half-dead", tmp_path / "out"
    for name in ("old", "new"):
        (half / name).mkdir(parents=True)
        (half / name / "which").write_text(name)
    clear_halves(target)
    assert (target / "which").read_text() == "new" and list(tmp_path.iterdir()) == [target]


def test_a_link_is_followed_and_a_pipe_is_written_into(tmp_path: Path) -> None:
    real, link, pipe = tmp_path / "real", tmp_path / "link", tmp_path / "pipe"
    real.write_bytes(b"old")
    link.symlink_to(real)
    write_atomically(link, b"new")
    assert link.is_symlink() and real.read_bytes() == b"new"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(pipe, b"into it")
    assert os.read(reader, 100) == b"into it" and pipe.is_fifo()
    os.close(reader)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize("private", [False, True])
def test_modes_are_what_open_and_mkdir_give_or_private(tmp_path: Path, mask: int, private: bool) -> None:
    tmp_path.chmod(0o700 if private else 0o755)
    before = os.umask(mask)
    try:
        write_atomically(tmp_path / "file", b"")
        for maker, name in ((whole_folder, "whole"), (replaced_folder, "replaced")):
            with maker(tmp_path / name) as folder:
                (folder / "in").touch()
        (tmp_path / "touched").touch()
        (tmp_path / "made").mkdir()
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes["file"] == (0o600 if private else modes["touched"])
    assert modes["whole"] == modes["replaced"] == (0o700 if private else modes["made"])


def test_what_was_private_stays_so_when_it_is_replaced(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    write_atomically(tmp_path / "file", b"old")
    (tmp_path / "file").chmod(0o600)
    write_atomically(tmp_path / "file", b"new")
    (tmp_path / "folder").mkdir(0o700)
    with replaced_folder(tmp_path / "folder"):
        pass
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("file", "folder")] == [0o600, 0o700]
