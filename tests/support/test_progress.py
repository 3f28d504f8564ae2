"""Progress is quiet when it is quick, and says rate and time left in plain lines when it is not."""

import pytest

from postgrad.support import progress
from postgrad.support.progress import Progress, duration

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize(("seconds", "said"), [(0.4, "0 s"), (59, "59 s"), (185, "3 min 05 s"), (7620, "2 h 07 min")])
def test_durations_read_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_quick_work_says_nothing(capsys: Captured) -> None:
    with Progress("sft", 10, "rows") as bar:
        for _ in range(10):
            bar.advance()
    assert capsys.readouterr().err == ""


def test_long_work_says_rate_and_time_left(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 5))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    with Progress("sft", 100, "rows") as bar:
        bar.advance(50, loss=1.5)
    first, last = capsys.readouterr().err.splitlines()
    assert "50 of 100 rows" in first and "left" in first and "loss 1.5" in first
    assert "in " in last


def test_a_bar_stays_on_its_line(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 5))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    with Progress("a long label", 100, "conversations") as bar:
        bar.advance(50, loss=1.5)
    shown = capsys.readouterr().err.split("\r\x1b[2K")[1:]
    assert len(shown) == 2 and all(len(line.rstrip("\n")) == 39 for line in shown)


def test_skipped_work_does_not_count_as_speed(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with Progress("sft", 1000, "rows") as bar:
        now[0] = 10.0  # what is there takes its time to read
        bar.skip(900)
        now[0] = 30.0
        bar.advance(40)
    assert "940 of 1,000 rows  ·  2.00/s  ·  30 s left" in capsys.readouterr().err.splitlines()[0]


def test_two_answers_of_thousands_do_not_say_how_long_the_rest_takes(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with Progress("evaluate sft", 2240, "answers") as bar:
        bar.skip(512)
        for now[0], answers in ((3.0, 2), (30.0, 30)):
            bar.advance(answers)
    first, then, _ = capsys.readouterr().err.splitlines()
    assert "514 of 2,240" in first and "left" not in first and "left" in then
