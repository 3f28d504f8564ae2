"""Several processes on one store: the same work is done once, and cleaning waits for nobody's harm."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from postgrad.pipeline import Event, File, Step, Store, execute, gc
from postgrad.pipeline.runs import _link
from postgrad.support.errors import Failure

from .plans import chain

PROCESSES = multiprocessing.get_context("fork")


def slow(inputs, config, resources) -> None:  # type: ignore[no-untyped-def]
    journal = resources.journal("j")
    for number in range(config["entries"]):
        if str(number) not in journal:
            journal.append(str(number), os.getpid())
            with Path(config["log"]).open("a") as log:
                log.write(f"{number}\n")
            time.sleep(0.02)
    (resources.out / "out.txt").write_text(" ".join(key for key, _ in journal))


def plan(log: Path, source: Path) -> list[Step]:
    first = Step("first", slow, {"log": str(log), "entries": 5}, {"file": File(source)})
    return [first, Step("second", slow, {"log": str(log), "entries": 6}, {"from": first})]


def worker(root: Path, log: Path, source: Path, answers) -> None:  # type: ignore[no-untyped-def]
    events: list[Event] = []
    done = execute(plan(log, source), Store(root), on_event=events.append)
    answers.put(([event.kind for event in events], {name: artifact.key for name, artifact in done.items()}))


def test_processes_that_share_a_store_do_the_work_once(tmp_path: Path, source: Path) -> None:
    log, answers = tmp_path / "log", PROCESSES.Queue()
    processes = [PROCESSES.Process(target=worker, args=(tmp_path / "s", log, source, answers)) for _ in range(3)]
    for process in processes:
        process.start()
    said = [answers.get(timeout=30) for _ in processes]
    for process in processes:
        process.join()
    assert sorted(map(int, log.read_text().split())) == sorted([*range(5), *range(6)])
    assert said[0][1] == said[1][1] == said[2][1]
    assert sum(kinds.count("done") for kinds, _ in said) == 2
    assert sum(kinds.count("waiting") for kinds, _ in said) >= 1


def test_the_next_process_goes_on_where_a_killed_one_stopped(tmp_path: Path, source: Path) -> None:
    log, answers = tmp_path / "log", PROCESSES.Queue()
    first = PROCESSES.Process(target=worker, args=(tmp_path / "s", log, source, answers))
    first.start()
    while not log.exists() or len(log.read_text().split()) < 3:
        time.sleep(0.005)
    second = PROCESSES.Process(target=worker, args=(tmp_path / "s", log, source, answers))
    second.start()  # it waits for the lease, and gets it from the system when the first is killed
    assert first.pid
    os.kill(first.pid, signal.SIGKILL)
    answers.get(timeout=30)
    first.join()
    second.join()
    numbers = [int(line) for line in log.read_text().split()]
    # Each entry is paid for once; only the one that the kill met between the journal and this log may be missing.
    assert len(numbers) >= 10 and all(numbers.count(number) <= 2 for number in range(5)) and numbers.count(5) == 1


def link_in_turn(path: Path, targets: list[Path]) -> None:
    for number in range(300):
        _link(path, targets[number % 2])


def test_processes_that_write_one_run_folder_leave_a_link(tmp_path: Path) -> None:
    """Not the text that stands for one where links are not to be had, and nothing half made."""
    targets = [tmp_path / "one", tmp_path / "two"]
    for target in targets:
        target.mkdir()
    (tmp_path / "stages").mkdir()
    path = tmp_path / "stages" / "sft"
    processes = [PROCESSES.Process(target=link_in_turn, args=(path, targets)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert path.is_symlink() and path.resolve() in targets and list(path.parent.iterdir()) == [path]


def test_gc_leaves_a_store_in_use_alone(tmp_path: Path, source: Path) -> None:
    store = Store(tmp_path / "s")
    execute(chain(source), store)
    with store.using(), pytest.raises(Failure, match="a run is using the store"):
        gc(Store(store.root), dry_run=False)
    assert len(store.keys()) == 3
    (store.root / "users" / "123-dead.lock").touch()  # what a killed process leaves
    assert gc(store, dry_run=False) and not store.keys()
