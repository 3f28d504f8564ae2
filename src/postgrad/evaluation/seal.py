"""The seal on unseen tasks: a log of every time that they were opened, and the one door that opens nothing.

Unseen tasks have two doors. `hashed_ngrams` gives decontamination the hashes of their n-grams: no text, no opening.
`SealLog.open_tasks` notes an opening, before any of their problems is asked; a run passes it only if its recipe says
`evaluate: {unseal: REASON}`, and one opening scores the base and all stages.

The log is one append-only file of a user, a JSON object a line, each holding the hash of the line before:

    {"hash", "number", "previous", "reason", "run", "tasks": {name: content hash}, "time"}

Tasks are known by their content, so a renamed task is the same task. The hash of the last line, the head, goes into
manifests, reports and cards: a log that was cut or rewritten no longer holds a head that was noted earlier.

It stops accidents and shows abuse; it does not stop a file's owner, who can copy a task's file, or start a new log (and
then stands there without the heads that earlier reports name).
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from postgrad.support.errors import Failure, Mistake
from postgrad.support.files import kind_of, sync
from postgrad.support.hashed_items import HashedItems, hash_items
from postgrad.support.hashing import canonical_json, hash_json
from postgrad.tasks import Task

EMPTY = "0" * 64
"""The head of a log without openings."""
LOCK_SECONDS = 30.0


@dataclass(frozen=True)
class Opening:
    """One line of the log. `tasks`: name → content hash; `time`: UTC, ISO 8601."""

    number: int
    time: str
    run: str
    reason: str
    tasks: dict[str, str]
    previous: str
    hash: str


def hashed_ngrams(task: Task, ngram: int) -> HashedItems:
    """The n-grams of a task's prompts as hashes, which is what decontamination compares. Nothing is opened."""
    items = ((hash_json([task.name, problem.content_id])[:16],
              [message.content for message in problem.messages if message.role == "user"]) for problem in task.problems)
    return hash_items(task.name, items, ngram=ngram, unseen=task.split == "unseen")


class SealLog:
    """The log at `path`, made at the first opening. Several processes may use it at the same time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def openings(self) -> list[Opening]:
        """Every opening, oldest first. Failure, with the line, if the chain does not hold."""
        if self.path.exists() and (what := kind_of(self.path)) not in ("file", "folder"):
            raise Mistake(f"is {what}", where=f"--seal-log {self.path}", mend="name a file")
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            what = f"cannot be read ({error.strerror})"
            raise Failure(what, where=str(self.path), mend="see to its permissions") from error
        return self._parse(content[: content.rfind(b"\n") + 1])

    def _parse(self, content: bytes) -> list[Opening]:
        found: list[Opening] = []
        for number, line in enumerate(content.splitlines()):
            try:
                entry = Opening(**json.loads(line))
                body = asdict(entry)
                del body["hash"]
            except (ValueError, TypeError):
                raise self._broken(number, "is no opening") from None
            if entry.number != number or entry.previous != (found[-1].hash if found else EMPTY):
                raise self._broken(number, "does not follow the line before")
            if hash_json(body) != entry.hash:
                raise self._broken(number, "was changed")
            found.append(entry)
        return found

    def _broken(self, number: int, what: str) -> Failure:
        return Failure(f"line {number + 1} {what}: the log was edited", where=str(self.path),
                       mend="put the log back from a backup; openings cannot be taken back")

    def head(self) -> str:
        """Hash of the last opening, 64 zeros if there is none. Failure if the chain does not hold."""
        found = self.openings()
        return found[-1].hash if found else EMPTY

    def check(self, earlier: str) -> None:
        """Failure unless the log holds a head that was noted earlier: else it was cut, rewritten, or is another one."""
        if earlier != EMPTY and earlier not in {opening.hash for opening in self.openings()}:
            raise Failure(
                f"does not hold the head {earlier[:12]}… noted earlier: it was cut or rewritten, or is another log",
                where=str(self.path), mend="name the right one with --seal-log")

    def opened(self, content_hash: str) -> list[Opening]:
        """The openings of a task, by its content."""
        return [opening for opening in self.openings() if content_hash in opening.tasks.values()]

    def open_tasks(self, tasks: Mapping[str, str], reason: str, run: str) -> str:
        """Note that these tasks (name → `Task.content_hash`) are opened; on the disk when it returns the new head.

        Every call is an opening: a run that is gone on with, and asks again, is seen to have asked again. Mistake
        without a reason or tasks; Failure if the log is broken, locked for 30 s, or cannot be written.
        """
        if not reason.strip() or not tasks:
            raise Mistake(
                "an opening needs tasks and a reason", where="evaluate.unseal", mend="say what the scores are for")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(f"{self.path}.lock", timeout=LOCK_SECONDS):
                return self._append(tasks, reason.strip(), run)
        except Timeout as error:
            raise Failure(f"is locked by another process for more than {LOCK_SECONDS:.0f} s", where=str(self.path),
                          mend="wait for it to end, then run the same command") from error
        except OSError as error:
            raise Failure(f"cannot be written ({error.strerror})", where=str(self.path),
                          mend="name another place with --seal-log") from error

    def _append(self, tasks: Mapping[str, str], reason: str, run: str) -> str:
        """Append one line and fsync it. What a kill left of an earlier append, which never returned, is cut away."""
        before = self.openings()
        body: dict[str, Any] = {
            "number": len(before), "time": datetime.now(UTC).isoformat(timespec="seconds"), "run": run,
            "reason": reason, "tasks": dict(tasks), "previous": before[-1].hash if before else EMPTY}
        head = hash_json(body)
        line = canonical_json(body | {"hash": head}).encode() + b"\n"
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        content = self.path.read_bytes()
        end = content.rfind(b"\n") + 1
        try:
            os.ftruncate(descriptor, end)
            written = 0
            while written < len(line):
                written += os.pwrite(descriptor, line[written:], end + written)
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, end)
            raise
        finally:
            os.close(descriptor)
        sync(self.path.parent)
        return head
