import json
import multiprocessing
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from postgrad.evaluation.seal import EMPTY, SealLog, hashed_ngrams
from postgrad.records.types import Message, Origin, Problem, content_id
from postgrad.support.errors import Failure, Mistake
from postgrad.support.hashed_items import read_hashed_items, write_hashed_items
from postgrad.support.hashing import hash_json
from postgrad.tasks import Task, load


@pytest.fixture
def log(tmp_path: Path) -> SealLog:
    return SealLog(tmp_path / "data" / "seal.jsonl")


def task(*questions: str) -> Task:
    made = []
    for question in questions:
        messages = (Message("user", question),)
        made.append(
            Problem(
                content_id(messages),
                (Origin("s", "f", 0),),
                messages,
                {"answer": "1"},
                "math",
                "unseen",
                "s",
                "MIT",
                "c",
            )
        )
    return load("hard", made)


def test_an_opening_is_noted_with_who_why_and_what(log: SealLog) -> None:
    assert log.head() == EMPTY and log.openings() == []
    head = log.open_tasks({"hard": "h1"}, "final scores", "run-1")
    (opening,) = log.openings()
    assert (opening.run, opening.reason, opening.tasks, opening.hash) == ("run-1", "final scores", {"hard": "h1"}, head)
    assert log.head() == head and log.opened("h1") == [opening] and log.opened("h2") == []
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600


def test_the_chain_is_sha256_of_each_line_with_the_one_before(log: SealLog) -> None:
    for n in range(3):
        log.open_tasks({"t": f"h{n}"}, f"reason {n}", "run")
    previous = EMPTY
    for line in log.path.read_text().splitlines():
        body = json.loads(line)
        said = body.pop("hash")
        assert hash_json(body) == said and body["previous"] == previous
        previous = said
    assert log.head() == previous


def test_a_second_opening_is_seen_as_one(log: SealLog) -> None:
    log.open_tasks({"a name": "h"}, "once", "run")
    log.open_tasks({"another name": "h"}, "once", "run")
    assert len(log.opened("h")) == 2


@pytest.mark.parametrize(
    "edit",
    [
        lambda lines: [lines[0].replace("reason 0", "reason X"), *lines[1:]],
        lambda lines: lines[1:],
        lambda lines: [lines[0], lines[2]],
        lambda lines: [lines[1], lines[0], lines[2]],
        lambda lines: [*lines, "{}"],
        lambda lines: ["not json", *lines],
    ],
)
def test_an_edited_log_is_refused(log: SealLog, edit) -> None:  # type: ignore[no-untyped-def]
    for n in range(3):
        log.open_tasks({"t": "h"}, f"reason {n}", "run")
    log.path.write_text("\n".join(edit(log.path.read_text().splitlines())) + "\n")
    with pytest.raises(Failure, match="the log was edited"):
        log.head()
    with pytest.raises(Failure, match="the log was edited"):
        log.open_tasks({"t": "h"}, "again", "run")


def test_a_log_that_was_cut_or_begun_anew_lacks_the_earlier_head(log: SealLog) -> None:
    first = log.open_tasks({"t": "h"}, "one", "run")
    second = log.open_tasks({"t": "h"}, "two", "run")
    log.check(first)
    log.check(second)
    log.check(EMPTY)
    log.path.write_text(log.path.read_text().splitlines()[0] + "\n")
    log.check(first)
    with pytest.raises(Failure, match="cut or rewritten"):
        log.check(second)
    log.path.unlink()
    log.open_tasks({"t": "h"}, "one", "run")
    with pytest.raises(Failure, match="cut or rewritten"):
        log.check(second)


def test_what_a_kill_left_of_an_append_is_no_opening_and_is_cut(log: SealLog) -> None:
    head = log.open_tasks({"t": "h"}, "one", "run")
    with log.path.open("ab") as file:
        file.write(b'{"number": 1, "rea')
    assert log.head() == head
    log.open_tasks({"t": "h"}, "two", "run")
    assert [opening.reason for opening in log.openings()] == ["one", "two"]


def _open(path: Path, n: int) -> None:
    for k in range(5):
        SealLog(path).open_tasks({"t": f"{n}"}, f"{n}.{k}", "run")


def test_processes_that_open_at_the_same_time_lose_nothing(log: SealLog) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_open, args=(log.path, n)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(opening.reason for opening in log.openings()) == [f"{n}.{k}" for n in range(4) for k in range(5)]


def test_no_reason_no_opening(log: SealLog) -> None:
    with pytest.raises(Mistake, match="reason"):
        log.open_tasks({"t": "h"}, "  ", "run")
    with pytest.raises(Mistake):
        log.open_tasks({}, "why", "run")
    assert not log.path.exists()


def test_a_place_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure, match="--seal-log"):
        SealLog(tmp_path / "file" / "seal.jsonl").open_tasks({"t": "h"}, "why", "run")


def test_a_device_is_no_log() -> None:
    with pytest.raises(Mistake, match="--seal-log /dev/zero: is a pipe, socket or device"):
        SealLog(Path("/dev/zero")).head()


def test_the_other_door_gives_hashes_without_text_and_opens_nothing(log: SealLog) -> None:
    questions = ["how many plums are left of the nine that were in the box", "what is one more"]
    hashed = hashed_ngrams(task(*questions), 8)
    assert (hashed.task, hashed.unseen, len(hashed.items)) == ("hard", True, 2)
    assert not any(word in repr(hashed) for question in questions for word in question.split() if len(word) > 3)
    assert [len(item.fields[0].ngrams) for item in hashed.items] == [6, 0]
    assert log.openings() == []


def test_a_problem_without_a_user_turn_counts_among_the_items(tmp_path: Path) -> None:
    asked = task("how many plums are left of the nine that were in the box")
    silent = replace(asked.problems[0], content_id="other", messages=(Message("system", "say something"),))
    write_hashed_items(tmp_path / "hard", hashed_ngrams(replace(asked, problems=(*asked.problems, silent)), 8))
    assert [len(item.fields) for item in read_hashed_items(tmp_path / "hard").items] == [1, 0]
