"""Which files a path means, and their raw rows: every row of every container, broken ones too, with their number.

    .jsonl .ndjson     containers/lines.py        .csv .tsv          containers/delimited.py
    .json              containers/documents.py    .parquet .arrow .feather   containers/columnar.py

each also with `.gz` or `.zst` after it. A broken row never stops the reading and never vanishes: it comes as a `RawRow`
with the reason. What makes the number of rows itself doubtful (an empty file, a torn one, broken quoting) is a
`Mistake` that names the file.
"""

import glob
import gzip
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa

from postgrad.data import compression
from postgrad.data.compression import bare_name
from postgrad.data.containers import columnar, delimited, documents, lines
from postgrad.data.raw import RawRow
from postgrad.support.errors import Failure, Mistake
from postgrad.support.files import FULL, kind_of
from postgrad.support.patterns import matching

BARE_SUFFIXES = (*lines.SUFFIXES, *documents.SUFFIXES, *delimited.SUFFIXES, *columnar.SUFFIXES)
WANTED = f"wanted {', '.join(BARE_SUFFIXES)}, each also with {' or '.join(compression.SUFFIXES)}"
DESCRIPTIONS = frozenset({"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "manifest.json",
                          "metadata.json", "croissant.json"})
"""Files that lie beside the data in a folder and describe it."""
COUNTED_BYTES = 16 << 20
"""Rows of a file are counted up to here; what is beyond has as many a byte."""
UTF16 = (b"\xff\xfe", b"\xfe\xff")


def is_read(path: Path) -> bool:
    """Whether the file's name says that it is of a kind that is read."""
    return bare_name(path).endswith(BARE_SUFFIXES)


def find_files(path: Path) -> list[Path]:
    """The data files that a source's path means: itself, those of a folder (not below it, no hidden ones, no
    DESCRIPTIONS), or those of a glob, by name.

    Mistake if there are none, if one is no regular file, has a name that is not UTF-8, or is named outright and has a
    suffix that is not read.
    """
    kind = kind_of(path)
    if kind == "folder":
        try:
            names = sorted(file for file in path.iterdir() if not file.name.startswith("."))
        except OSError as error:
            raise Mistake(f"cannot be read ({error.strerror})", where=str(path), mend="check the folder") from error
        named = [file for file in names if is_read(file) and file.name not in DESCRIPTIONS]
        found = [file for file in named if kind_of(file) != "folder"]
        if not found:
            raise Mistake("folder holds no data file", where=str(path), mend=WANTED)
    elif kind:
        found = [path]
    else:
        found = matching(path) if glob.has_magic(str(path)) else []
        if not found:
            raise Mistake("no such file", where=str(path), mend="check the path")
    for file in found:
        what = kind_of(file)
        if what != "file":
            raise Mistake(f"is {what or 'not there'}", where=str(file), mend="give a file, or take it out")
        if not is_read(file):
            raise Mistake("is of a kind that is not read", where=str(file), mend=WANTED)
        if (shown := os.fsencode(file).decode("utf-8", "replace")) != str(file):
            raise Mistake("has a name that is not UTF-8, which no ledger can hold", where=shown, mend="rename it")
    return found


def line_of(path: Path, number: int) -> str:
    """How messages name the row of that number, since people count from 1: `rows.jsonl:1`, `rows.csv, row 1`."""
    return f"{path}:{number + 1}" if bare_name(path).endswith(lines.SUFFIXES) else f"{path}, row {number + 1}"


def raw_rows(path: Path) -> Iterator[RawRow]:
    """The rows of one file. Mistake if the file is empty, cannot be opened or is torn."""
    with _said_of(path):
        row = None
        for row in _rows(path):
            yield row
        if row is None:
            raise _empty(path)


def count_rows(path: Path) -> float:
    """Rows of a file, about: of a long file by its beginning. Mistakes as `raw_rows`."""
    name = bare_name(path)
    with _said_of(path):
        if name.endswith(columnar.SUFFIXES):
            with compression.seekable(path) as file:
                count = columnar.parquet_count if name.endswith(columnar.PARQUET) else columnar.arrow_count
                return float(count(file))
        size = path.stat().st_size
        with compression.opened(path) as (text, raw):
            if name.endswith(lines.SUFFIXES):
                number, whole = lines.count(text, COUNTED_BYTES)
                return float(number) if whole else number * size / raw.tell()
            row, read = None, 0
            for row in _text_rows(text, name):
                if (at := raw.tell()) > read:  # the rows before this one lie in the bytes read before
                    if read and at > COUNTED_BYTES:
                        return row.number * size / read
                    read = at
            return float(row.number + 1 if row else 0)


def _rows(path: Path) -> Iterator[RawRow]:
    name = bare_name(path)
    if path.stat().st_size == 0:
        raise _empty(path)
    if name.endswith(columnar.SUFFIXES):
        with compression.seekable(path) as file:
            yield from (columnar.parquet_rows if name.endswith(columnar.PARQUET) else columnar.arrow_rows)(file)
    else:
        with compression.opened(path) as (text, _):
            if text.peek(2)[:2] in UTF16:  # type: ignore[attr-defined]
                mend = "make it UTF-8, e.g. `iconv -f UTF-16 -t UTF-8`"
                raise Mistake("is UTF-16, wanted UTF-8", where=str(path), mend=mend)
            yield from _text_rows(text, name)


def _text_rows(text: IO[bytes], name: str) -> Iterator[RawRow]:
    if name.endswith(delimited.SUFFIXES):
        return delimited.rows(text, "\t" if name.endswith(".tsv") else ",")
    return documents.rows(text) if name.endswith(documents.SUFFIXES) else lines.rows(text)


def _empty(path: Path) -> Mistake:
    return Mistake("file is empty", where=str(path), mend="give a file with rows, or take it out of the source")


@contextmanager
def _said_of(path: Path) -> Iterator[None]:
    """What goes wrong in reading the file as a Mistake that names it."""
    again = "fetch it again"
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Mistake(f"gzip file is damaged or cut off ({error})", where=str(path), mend=again) from error
    except compression.Damaged as error:
        raise Mistake(f"zstd file is damaged or cut off ({error})", where=str(path), mend=again) from error
    except documents.Torn as error:
        mend = f"{again}; if each line is an object, call it .jsonl"
        raise Mistake(f"cannot be read as JSON rows ({error})", where=str(path), mend=mend) from error
    except columnar.Doubled as error:
        mend = "give each column, and each field of a struct, a name of its own"
        raise Mistake(f"schema names {str(error)!r} twice", where=str(path), mend=mend) from error
    except delimited.Unsound as error:
        mend = "write it with a header and RFC 4180 quoting"
        raise Mistake(str(error), where=f"{path}:{error.line}", mend=mend) from error
    except (pa.ArrowException, UnicodeDecodeError, MemoryError) as error:  # the last: a length that was altered
        kind = "Parquet" if bare_name(path).endswith(columnar.PARQUET) else "Arrow"
        why = next(iter(str(error).splitlines()), "a piece of it does not fit into memory")
        raise Mistake(f"cannot be read as {kind} ({why})", where=str(path), mend=again) from error
    except OSError as error:
        if error.errno in FULL:
            mend = f"make room in {tempfile.gettempdir()}, or name another place ($TMPDIR)"
            raise Failure(f"cannot be unpacked ({error.strerror})", where=str(path), mend=mend) from error
        raise Mistake(f"cannot be read ({error.strerror or error})", where=str(path), mend="check the file") from error
