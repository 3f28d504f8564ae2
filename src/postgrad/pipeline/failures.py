"""The disk's refusals said in one line each, with the mend."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from postgrad.support.errors import Failure, PostgradError
from postgrad.support.files import FULL, HALF

FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
IN_THE_WAY = {errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY}
UNFIT = {errno.ENAMETOOLONG, errno.ELOOP}
# Libraries in Rust and C++ (safetensors, Arrow) raise their own exceptions, in which only the words tell.
FULL_WORDS = ("no space left on device", "disk quota exceeded", "(os error 28)")


def as_failure(error: BaseException, doing: str, option: str = "") -> Failure | None:
    """The Failure that says what an exception from the disk means, or None if it is not the disk's.

    `option`: the one that names the place being written to.
    """
    number = error.errno if isinstance(error, OSError) else None
    where = doing
    if isinstance(error, OSError):
        named = error.filename2 or error.filename  # of a rename the new name, which people know
        if named and str(named) not in doing and HALF not in str(named):  # a name in the making tells people nothing
            where = f"{doing}: {named}"
    if number in FULL or any(words in str(error).lower() for words in FULL_WORDS):
        mend = f"make room, or name a place on another disk ({option})" if option else "make room"
        return Failure("the disk is full", where=where, mend=f"{mend}, then run the same command again")
    if number in FORBIDDEN:
        return Failure(f"not allowed ({_words(error)})", where=where, mend="check the owner and the permissions")
    if number in IN_THE_WAY:
        mend = "something else bears that name: move it away, or name another place"
        return Failure(f"cannot be used ({_words(error)})", where=where, mend=mend)
    if number in UNFIT:
        return Failure(f"cannot be used ({_words(error)})", where=where, mend="name another place")
    if isinstance(error, OSError):
        mend = "what was finished is kept; run the same command again"
        return Failure(f"the system refused ({_words(error)})", where=where, mend=mend)
    return None


def _words(error: BaseException) -> str:
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__


@contextmanager
def said_plainly(doing: str, option: str = "") -> Iterator[None]:
    """Turn what the disk refuses inside the block into a Failure that says what was being done (`as_failure`)."""
    try:
        yield
    except PostgradError:
        raise
    except Exception as error:
        failure = as_failure(error, doing, option)
        if failure is None:
            raise
        try:
            raise failure from error
        finally:
            del failure  # it holds this frame, which would hold it: files that are open below would stay so
