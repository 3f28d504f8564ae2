"""The disk's refusals said in one line each, with the mend."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from postgrad.support.errors import Failure, PostgradError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
# Libraries in Rust and C++ (safetensors, Arrow) raise their own exceptions, in which only the words tell.
FULL_WORDS = ("no space left on device", "disk quota exceeded", "(os error 28)")


def as_failure(error: BaseException, doing: str) -> Failure | None:
    """The Failure that says what an exception from the disk means, or None if it is not the disk's."""
    number = error.errno if isinstance(error, OSError) else None
    where = doing
    if isinstance(error, OSError) and error.filename:
        where = f"{doing}: {error.filename}"
    if number in FULL or any(words in str(error).lower() for words in FULL_WORDS):
        mend = "make room, or put the store on another disk (--store), then run the same command again: it goes on"
        return Failure("the disk is full", where=where, mend=mend)
    if number in FORBIDDEN:
        return Failure(f"not allowed ({_words(error)})", where=where, mend="check the owner and the permissions")
    if isinstance(error, OSError):
        mend = "what was finished is kept; run the same command again"
        return Failure(f"the system refused ({_words(error)})", where=where, mend=mend)
    return None


def _words(error: BaseException) -> str:
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__


@contextmanager
def said_plainly(doing: str) -> Iterator[None]:
    """Turn what the disk refuses inside the block into a Failure that says what was being done."""
    try:
        yield
    except PostgradError:
        raise
    except Exception as error:
        failure = as_failure(error, doing)
        if failure is None:
            raise
        raise failure from error
