"""Files that are whole or not there: write to a temporary name, fsync, rename, fsync the folder.

Modes are those that an ordinary open or mkdir gives, but in a folder that is its owner's alone all else is too,
whatever the umask. What takes the place of another keeps that one's mode.
"""

import errno
import fcntl
import glob
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says of a disk that takes no more."""
HALF, NEW, OLD = "half-", "new", "old"
"""What the name of a file or folder in the making holds; in such a folder, the new one and the one it replaces."""


def kind_of(path: Path) -> str:
    """`file`, `folder`, "" for nothing, or in words what else is there."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return "a link that leads nowhere" if os.path.islink(path) else ""  # noqa: PTH114 (a name may be too long)
    return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "a pipe, socket or device, not a file"


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
    """Put `content` at `path` so that a reader, or a crash, sees the old file or the new one and nothing else.

    A link is followed. A device or a pipe, which nothing can take the place of, is written into.
    """
    if path.exists() and kind_of(path) not in ("file", "folder"):
        path.write_bytes(content)
        return
    path = Path(os.path.realpath(path)) if path.is_symlink() else path
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        with _held(path.parent, wait=True):  # nobody clears it before it is held
            temporary = _unused(path, HALF)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 & _mode(path))
            file = stack.enter_context(os.fdopen(descriptor, "wb"))
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            _take_mode(path, temporary)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    sync(path.parent)


def _unused(target: Path, kind: str = "") -> Path:
    """A hidden name beside `target` that nothing bears."""
    return target.with_name(f".{target.name}.{kind}{secrets.token_hex(8)}")


def _mode(target: Path) -> int:
    """Of a new folder at `target`, before the umask."""
    private = any(path.exists() and not path.stat().st_mode & 0o077 for path in (target.parent, target))
    return 0o700 if private else 0o777


def _take_mode(old: Path, new: Path) -> None:
    """Give `new` the mode of what it takes the place of, if there is any."""
    if old.exists():
        new.chmod(stat.S_IMODE(old.stat().st_mode))


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
        for half in target.parent.glob(f".{glob.escape(target.name)}.{HALF}*"):
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
    temporary = _unused(target)
    temporary.mkdir(_mode(target))
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
            beside = _unused(target, HALF)
            beside.mkdir(_mode(target))
            stack.enter_context(_held(beside, wait=True))
        try:
            with whole_folder(beside / NEW) as folder:
                yield folder
            _take_mode(target, beside / NEW)
            if target.exists():
                target.rename(beside / OLD)
            (beside / NEW).rename(target)
            sync(target.parent)
        finally:
            if (beside / OLD).exists() and not target.exists():
                (beside / OLD).rename(target)  # the new one could not take its place
            shutil.rmtree(beside, ignore_errors=True)
