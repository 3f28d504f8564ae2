"""LaTeX answers compared by math-verify in a child process, which the kernel ends when it computes too long.

The child is started at the first use (about a second for sympy) and kept; a process that was forked starts its own.
"""

import atexit
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

SECONDS = 5
"""Processor time of one comparison."""
PATIENCE_SECONDS = 600.0
"""Longest wait for the child, however busy the machine: past it something else is wrong."""
LONGEST, DEEPEST = 4_000, 60
"""Characters of a completion that are read, from its end, where answers stand; deeper nested brackets are no answer."""
NOTHING = "holds no formula"


class TooLong(Exception):
    """The comparison was stopped at the time limit."""


class CannotCompare(Exception):
    """math-verify could not read the ground truth, or failed."""


class _Child:
    """One worker process, and a thread that reads its answers so that waiting for one can end.

    -P keeps the worker's folder off its path: a module there is called `math`, as one of Python's own.
    """

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("latex_worker.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8")
        self.answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        if (said := self.wait()) != "ready":
            self.stop()
            raise CannotCompare(said)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.answers.put(line)
        self.answers.put("")

    def wait(self) -> Any:
        try:
            line = self.answers.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            self.stop()
            raise TooLong(f"no answer for {PATIENCE_SECONDS:.0f} s") from None
        if not line:
            code = self.process.wait()
            if code == -signal.SIGXCPU:
                raise TooLong("stopped at its limit of processor time")
            raise CannotCompare(f"the math-verify process ended (exit {code})")
        return json.loads(line)

    def ask(self, gold: str, text: str, seconds: int) -> Any:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps([gold, text, seconds]) + "\n")
            self.process.stdin.flush()
        except OSError as error:
            self.stop()
            raise CannotCompare("the math-verify process ended") from error
        return self.wait()

    def stop(self) -> None:
        if os.getpid() == self.owner:
            self.process.kill()
            self.process.wait()


_lock = threading.Lock()
_child: _Child | None = None


def _close() -> None:
    if _child is not None:
        _child.stop()


atexit.register(_close)


def _depth(text: str) -> int:
    """How deep brackets of any kind are open at the most; one that closes nothing opens nothing."""
    depth = deepest = 0
    for char in text:
        depth = max(0, depth + (char in "([{") - (char in ")]}"))
        deepest = max(deepest, depth)
    return deepest


def equal(gold: str, text: str, seconds: int = SECONDS) -> tuple[bool, str]:
    """(whether the text's final formula equals the gold one, a reason). Safe in any thread.

    TooLong at the limit of processor time; CannotCompare if math-verify cannot read the gold answer, or fails.
    """
    global _child
    text = text[-LONGEST:]
    if _depth(text) > DEEPEST:
        return False, f"brackets are nested more than {DEEPEST} deep"
    with _lock:
        if _child is None or _child.owner != os.getpid() or _child.process.poll() is not None:
            _child = _Child()
        reply = _child.ask(gold, text, seconds)
    if "error" in reply:
        raise CannotCompare(reply["error"])
    if reply["said"] is None:
        return False, NOTHING
    return reply["equal"], f"the final formula is {reply['said']}, wanted {gold[:80]}"
