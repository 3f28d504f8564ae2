"""Files that are whole or not there: write to a temporary name, fsync, rename, fsync the folder."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

HALF, NEW, OLD = "half-", "new", "old"
"""What the name of a file or folder in the making holds; in such a folder, the new one and the one it replaces."""


def sync(path: Path) -> None:
    """Flush one file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Flush every file and folder below `folder`, deepest first, and the folder itself."""
    for root, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(root, name)
            if not path.is_symlink():
                sync(path)
        sync(Path(root))


def write_atomically(path: Path, content: bytes) -> None:
    """Put `content` at `path` so that a reader, or a crash, sees the old file or the new one and nothing else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        with _held(path.parent, wait=True):  # nobody clears it before it is held
            descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.{HALF}")
            temporary = Path(name)
            file = stack.enter_context(os.fdopen(descriptor, "wb"))
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    sync(path.parent)


@contextmanager
def _held(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold a file or folder against other processes. Gives whether it is held; without `wait` another may have it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def clear_halves(target: Path) -> None:
    """Remove what killed writers of a file or folder left beside it. What a living one writes is left alone.

    If one was killed while it put a new folder in the old one's place, it is put there now.
    """
    if not target.parent.is_dir():
        return
    with _held(target.parent, wait=True):
        for half in target.parent.glob(f".{target.name}.{HALF}*"):
            with _held(half, wait=False) as dead:
                if not dead:
                    continue
                if (half / OLD).is_dir() and (half / NEW).is_dir() and not target.exists():
                    (half / NEW).rename(target)
                if half.is_dir():
                    shutil.rmtree(half, ignore_errors=True)
                else:
                    half.unlink(missing_ok=True)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Give a temporary folder beside `target`; when the block ends well it is fsynced and renamed to `target`.

    If the block raises, nothing appears at `target`. If `target` came into being meanwhile (another process made
    the same thing), that one stays and ours is thrown away.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        yield temporary
        sync_tree(temporary)
        try:
            temporary.rename(target)
        except OSError:
            if not target.is_dir():
                raise
            shutil.rmtree(temporary)
        sync(target.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


@contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """As `whole_folder`, but the new folder takes the place of the old one, which stays if the block raises."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        with _held(target.parent, wait=True):  # nobody clears it before it is held
            beside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.{HALF}"))
            stack.enter_context(_held(beside, wait=True))
        try:
            with whole_folder(beside / NEW) as folder:
                yield folder
            if target.exists():
                target.rename(beside / OLD)
            (beside / NEW).rename(target)
            sync(target.parent)
        finally:
            if (beside / OLD).exists() and not target.exists():
                (beside / OLD).rename(target)  # the new one could not take its place
            shutil.rmtree(beside, ignore_errors=True)
