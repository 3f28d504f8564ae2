"""The commands on files against a full disk, a read-only one, and a kill: all, or nothing, and one line."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from postgrad.cli.main import main

COMMANDS = ("decontaminate", "deduplicate", "redact")
Mount = Callable[[str], Path]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """4,000 rows of a kilobyte that no two commands leave alike, and a task."""
    folder, draw = tmp_path_factory.mktemp("data"), random.Random(7)
    words = [f"{first}{second}" for first in "bcdfghjklmnp" for second in ("ab", "od", "un", "ist")]
    with (folder / "train.jsonl").open("w") as file:
        for number in range(4_000):
            said = " ".join(draw.choices(words, k=200))
            file.write(json.dumps({"question": f"{said} write to a{number}@example.org", "answer": "yes"}) + "\n")
    (folder / "test.jsonl").write_text(json.dumps({"question": "ab " * 20, "answer": "1"}) + "\n")
    return folder


def command(name: str, data: Path, out: Path) -> list[str]:
    rows, task = str(data / "train.jsonl"), str(data / "test.jsonl")
    read = ["--train", rows, "--against", task] if name == "decontaminate" else ["--input", rows]
    return [name, *read, "--out", str(out), "--workers", "1"]


def contents(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_leaves_nothing_and_says_so_in_one_line(
    name: str, data: Path, mount: Mount, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = mount("size=2m")
    assert main(command(name, data, disk / "out")) == 1
    shown = capsys.readouterr().err
    assert "Traceback" not in shown and "the disk is full" in shown.splitlines()[-1]
    assert list(disk.iterdir()) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_leaves_the_earlier_output(name: str, data: Path, mount: Mount) -> None:
    disk = mount("size=8m")
    assert main(command(name, data, disk / "out")) == 0
    before = contents(disk / "out")
    (disk / "ballast").write_bytes(bytes(os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize - (1 << 19)))
    assert main(command(name, data, disk / "out")) == 1
    assert contents(disk / "out") == before
    assert sorted(path.name for path in disk.iterdir()) == ["ballast", "out"]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_disk_that_takes_no_writing_is_said_in_one_line(
    name: str, data: Path, mount: Mount, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = mount("size=1m,ro")
    assert main(command(name, data, disk / "out")) == 1
    shown = capsys.readouterr().err
    assert "Traceback" not in shown and "Read-only file system" in shown.splitlines()[-1]
    assert "unexpected" not in shown and "half-" not in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_a_kill_leaves_the_earlier_output_and_the_next_run_clears_up(name: str, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(command(name, data, out)) == 0
    before = contents(out)
    process = subprocess.Popen([sys.executable, "-m", "postgrad", *command(name, data, out)], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while not list(tmp_path.glob(".out.*/*/kept.jsonl")):
            assert time.monotonic() < end and process.poll() is None, "it never wrote a row"
            time.sleep(0.002)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert contents(out) == before
    assert main(command(name, data, out)) == 0
    assert contents(out) == before and list(tmp_path.iterdir()) == [out]
