"""Progress with rate and time left: a live bar on a terminal, plain lines elsewhere, nothing under two seconds."""

import os
import shutil
import sys
import time
from types import TracebackType
from typing import Self

LINE_EVERY_SECONDS = 10.0
BAR_EVERY_SECONDS = 0.1
QUIET_SECONDS = 2.0
TELLING_SHARE = 0.01
"""Of the work that was left at the start, so much must be done before its rate says how long the rest takes."""


def duration(seconds: float) -> str:
    """`42 s`, `3 min 05 s`, `2 h 07 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


class Progress:
    """Counts `unit`s towards `total` and says how far, how fast, and how long still. Writes to stderr only.

    Use as a context manager; `advance(n, loss=1.2)` from one thread. Extra keyword values are shown as they are.
    """

    def __init__(self, label: str, total: float | None, unit: str) -> None:
        self.label, self.total, self.unit = label, total, unit
        self.done = 0.0
        self._skipped = 0.0
        self._notes: dict[str, float] = {}
        self._start = self._shown = time.monotonic()
        self._bar = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._wrote = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if self._wrote:
            self._show(last=True)

    def skip(self, amount: float) -> None:
        """Count work that was already there (a resumed journal): it moves the bar but not the rate, whose clock begins
        after it.
        """
        if self.done == self._skipped:
            self._start = self._shown = time.monotonic()
        self._skipped += amount
        self.done += amount

    def advance(self, amount: float = 1.0, **notes: float) -> None:
        self.done += amount
        self._notes.update(notes)
        now = time.monotonic()
        every = BAR_EVERY_SECONDS if self._bar else LINE_EVERY_SECONDS
        if now - self._start > QUIET_SECONDS and (now - self._shown > every or not self._wrote):
            self._shown = now
            self._show(last=False)

    def _show(self, last: bool) -> None:
        elapsed = time.monotonic() - self._start
        own = self.done - self._skipped
        rate = own / elapsed if elapsed > 0 else 0.0
        parts = [f"{self.label}: {self.done:,.0f}" + (f" of {self.total:,.0f}" if self.total else "") + f" {self.unit}"]
        parts.append(f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.2f}/s")
        if last:
            parts.append(f"in {duration(elapsed)}")
        elif self.total and rate > 0 and own >= TELLING_SHARE * (self.total - self._skipped):
            parts.append(f"{duration((self.total - self.done) / rate)} left")
        parts += [f"{name} {value:.4g}" for name, value in self._notes.items()]
        line = "  ·  ".join(parts)
        self._wrote = True
        if self._bar:  # a longer line would wrap, and only its last row could be cleared
            line = line[: shutil.get_terminal_size().columns - 1]
        end = "\n" if last or not self._bar else ""
        sys.stderr.write(f"\r\x1b[2K{line}{end}" if self._bar else f"{line}\n")
        sys.stderr.flush()
