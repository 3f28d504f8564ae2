"""Leases: file locks that the system drops when their holder dies, so that a kill leaves nothing to clear away.

A key's lease makes two processes that share a store do its work once. A user's lease says that a process relies on
the store; `postgrad store gc` works only while there is none. On network disks this needs locks that really work.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from postgrad.support.errors import Failure

POLL_SECONDS = 0.1


def _lock(path: Path) -> FileLock:
    return FileLock(path, mode=0o600)


@contextmanager
def lease(path: Path, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock file at `path` alone. `on_wait` is called once if another process holds it; then we wait."""
    lock = _lock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if on_wait:
            on_wait()
        lock.acquire(poll_interval=POLL_SECONDS)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def using(folder: Path, gate: Path) -> Iterator[None]:
    """Be a user of the store: a held lock file of our own in `folder`. Waits at `gate` while the store is cleaned."""
    mine = folder / f"{os.getpid()}-{secrets.token_hex(4)}.lock"
    lock = _lock(mine)
    with lease(gate):
        lock.acquire(timeout=0)
    try:
        yield
    finally:
        mine.unlink(missing_ok=True)
        lock.release()


@contextmanager
def alone(folder: Path, gate: Path) -> Iterator[None]:
    """Have the store to ourselves: no user now, and none before we are done. Failure if somebody uses it."""
    with lease(gate):
        for path in folder.glob("*.lock"):
            lock = _lock(path)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                raise Failure("a run is using the store", where=str(folder.parent), mend="wait for it") from None
            path.unlink(missing_ok=True)  # its holder died
            lock.release()
        yield
