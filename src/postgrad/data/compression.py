"""Files as they were before `.gz` or `.zst` was put after their name: as a stream, or as a file to move about in."""

import gzip
import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import pyarrow as pa

SUFFIXES = (".gz", ".zst")
CUT_OFF = "Truncated compressed stream"
"""How Arrow's zstd reader begins when the data ends too early; it also checks the checksums that are there."""


class Damaged(Exception):
    """A compressed file that cannot be unpacked to its end."""


def bare_name(path: Path) -> str:
    """The file's name in small letters, without the suffix of a compression."""
    name = path.name.lower()
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The unpacked bytes of a file as a stream, and the file itself, whose position says how much has been read."""
    with path.open("rb") as raw:
        yield _unpacked(raw, path), raw


@contextmanager
def seekable(path: Path) -> Iterator[IO[bytes]]:
    """The unpacked file; a compressed one goes through a temporary file, never through memory."""
    with path.open("rb") as raw:
        if not path.name.lower().endswith(SUFFIXES):
            yield raw
            return
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(_unpacked(raw, path), copy, 1 << 20)
            copy.seek(0)
            yield copy


def _unpacked(raw: IO[bytes], path: Path) -> IO[bytes]:
    name = path.name.lower()
    if name.endswith(".gz"):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    if name.endswith(".zst"):
        return io.BufferedReader(_Zstd(raw), 1 << 20)
    return raw


class _Zstd(io.RawIOBase):
    """Arrow's zstd reader, several frames one after the other included; Damaged for what it cannot read."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._stream = pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        try:
            return int(self._stream.readinto(buffer))
        except OSError as error:
            if error.errno is not None:
                raise
            raise Damaged(str(error).splitlines()[0]) from error
