"""Work on many pieces by all cores: results in the order of the pieces, bounded memory, a dead worker said plainly."""

import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from types import ModuleType
from typing import Any, TypeVar

from postgrad.support.errors import Failure, Mistake
from postgrad.support.network import add_refused, inherit

P = TypeVar("P")
R = TypeVar("R")
AHEAD = 2
"""Pieces a worker that wait for it or for their turn: what bounds the memory."""

FEW_ROWS = 20_000
"""Below it a second process costs more than it saves."""

_work: Callable[[Any], Any] | None = None


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(make: Callable[..., Callable[[P], R]], arguments: tuple[Any, ...], pieces: Iterable[P],
             workers: int) -> Iterator[R]:
    """`make(*arguments)(piece)` for each piece, in the order of the pieces.

    `make` is a module-level function: it is called once in every worker process, so that what is large (an index) is
    handed over once. With one worker everything happens in this process. What a worker raises is raised here; Failure
    if one is killed.
    """
    if workers <= 1:
        yield from map(make(*arguments), pieces)
        return
    context = get_context("spawn")
    refused = context.Value("Q", 0)
    pool = ProcessPoolExecutor(workers, context, _begin, (refused, make, arguments))
    waiting: deque[Future[R]] = deque()
    try:
        for piece in pieces:
            with _script_apart():
                waiting.append(pool.submit(_do, piece))
            if len(waiting) >= AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        raise Failure("a worker process was killed", where="parallel work",
                      mend="it may have run out of memory: see `dmesg`, or use fewer workers") from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        add_refused(refused.value)


@contextmanager
def _script_apart() -> Iterator[None]:
    """Processes that start meanwhile do not carry out the caller's script, as `spawn` has them do (it imports what
    `__main__` is): a script without `if __name__ == "__main__"` would do all its work again in each of them.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


@dataclass(frozen=True, slots=True)
class Workers:
    """Who does the work: so many processes of this machine, or actors of a Ray cluster ("local": one of our own)."""

    processes: int = 1
    ray: str | None = None

    def in_order(self, make: Callable[..., Callable[[P], R]], arguments: tuple[Any, ...],
                 pieces: Iterable[P]) -> Iterator[R]:
        """As the function `in_order`; the results do not depend on who does the work."""
        if self.ray is None:
            return in_order(make, arguments, pieces, self.processes)
        from postgrad.support import ray_actors  # an extra

        return ray_actors.in_order(make, arguments, pieces, self.processes, self.ray)


ALONE = Workers()


def workers_for(rows: float, processes: int | None = None, ray: str | None = None) -> Workers:
    """As many as asked for; else one a core, or only this process where there are few rows. Mistake if below one."""
    if processes is not None and processes < 1:
        raise Mistake(f"is {processes}", where="--workers", mend="give 1 or more")
    return Workers(processes or (cores() if rows > FEW_ROWS or ray is not None else 1), ray)


def begin(refused: "Synchronized[int] | None" = None) -> None:
    """What a worker process does before all else. `refused` counts what the network's guard refuses there."""
    inherit(refused)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the parent says what happens


def _begin(refused: "Synchronized[int]", make: Callable[..., Callable[[Any], Any]], arguments: tuple[Any, ...]) -> None:
    global _work
    begin(refused)
    _work = make(*arguments)


def _do(piece: Any) -> Any:
    assert _work is not None
    return _work(piece)
