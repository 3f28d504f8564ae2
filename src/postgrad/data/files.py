"""Raw rows out of JSONL (plain or gzip) and Parquet files: every line is a row, broken ones too, with their number.

A broken row never stops the reading and never vanishes: it comes as a `RawRow` with the reason. What makes the number
of rows itself doubtful (an empty file, a torn gzip or Parquet file) is a `Mistake` that names the file.
"""

import glob
import gzip
import json
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn, cast

import pyarrow as pa
import pyarrow.parquet as pq

from postgrad.support.errors import Mistake
from postgrad.support.patterns import matching

JSONL_SUFFIXES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
SUFFIXES = (*JSONL_SUFFIXES, ".parquet")
MAX_ROW_BYTES = 16 << 20
"""A longer line is no conversation; it is skipped in pieces, so that one bad line cannot fill the memory."""
ROWS_A_BATCH = 2_000
COUNTED_BYTES = 16 << 20
"""Lines of a file are counted up to here; what is beyond has as many a byte."""
BOM = b"\xef\xbb\xbf"


class Broken(Exception):
    """A row that cannot be used: `reason` is one of a few fixed phrases, `detail` says where; neither quotes a text."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


@dataclass(frozen=True, slots=True)
class RawRow:
    """One line or one Parquet row. `number` counts from 0, blank and broken lines included; `note` is a mend made."""

    number: int
    value: dict[str, Any] | None
    broken: Broken | None = None
    note: str = ""


def find_files(path: Path) -> list[Path]:
    """The data files that a source's path means: itself, those of a folder (not below it, and no hidden ones), or those
    of a glob, by name.

    Mistake if there are none, or if a file named outright has a suffix that is not read.
    """
    if path.is_dir():
        seen = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
        found = [file for file in seen if file.name.endswith(SUFFIXES)]
        if not found:
            raise Mistake("folder holds no data file", where=str(path), mend=f"wanted {', '.join(SUFFIXES)}")
        return found
    if path.is_file():
        matches = [path]
    elif glob.has_magic(str(path)):
        matches = matching(path)
    else:
        matches = []
    if not matches:
        raise Mistake("no such file", where=str(path), mend="check the path; it is relative to the recipe")
    for match in matches:
        if not match.name.endswith(SUFFIXES):
            raise Mistake("is of a kind that is not read", where=str(match), mend=f"wanted {', '.join(SUFFIXES)}")
    return matches


def line_of(path: Path, number: int) -> str:
    """How messages name the row of that number: `rows.jsonl:1` for the first, since people count lines from 1."""
    return f"{path}:{number + 1}"


def raw_rows(path: Path) -> Iterator[RawRow]:
    """The rows of one file. Mistake if the file is empty, cannot be opened or is torn."""
    with _said_of(path):
        if path.stat().st_size == 0:
            raise Mistake("file is empty", where=str(path), mend="give a file with rows, or take it out of the source")
        yield from _parquet_rows(path) if path.name.endswith(".parquet") else _jsonl_rows(path)


def count_rows(path: Path) -> float:
    """Rows of a file, about: of a long JSONL file by the lines of its beginning. Mistakes as `raw_rows`."""
    with _said_of(path):
        if path.name.endswith(".parquet"):
            return float(pq.read_metadata(path).num_rows)
        size = path.stat().st_size
        with path.open("rb") as raw:
            text: Any = gzip.GzipFile(fileobj=raw) if path.name.endswith(".gz") else raw
            start = text.read(COUNTED_BYTES)
            lines = start.count(b"\n") + (not start.endswith(b"\n"))
            return float(lines) if len(start) < COUNTED_BYTES else lines * size / raw.tell()


@contextmanager
def _said_of(path: Path) -> Iterator[None]:
    """What goes wrong in reading the file as a Mistake that names it."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Mistake(f"gzip file is damaged or cut off ({error})", where=str(path), mend="fetch it again") from error
    except pa.ArrowException as error:
        first = str(error).splitlines()[0]
        raise Mistake(f"cannot be read as Parquet ({first})", where=str(path), mend="fetch it again") from error
    except OSError as error:
        raise Mistake(f"cannot be read ({error.strerror or error})", where=str(path), mend="check the file") from error


def _jsonl_rows(path: Path) -> Iterator[RawRow]:
    with cast("IO[bytes]", gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb")) as file:
        number = 0
        while line := file.readline(MAX_ROW_BYTES + 1):
            if len(line) > MAX_ROW_BYTES and not line.endswith(b"\n"):
                while (piece := file.readline(MAX_ROW_BYTES)) and not piece.endswith(b"\n"):
                    pass
                yield RawRow(number, None, Broken("line too long", f"over {MAX_ROW_BYTES >> 20} MiB"))
            else:
                yield _jsonl_row(number, line)
            number += 1
        if not number:
            raise Mistake("file is empty", where=str(path), mend="give a file with rows, or take it out of the source")


def _jsonl_row(number: int, line: bytes) -> RawRow:
    note = ""
    if number == 0 and line.startswith(BOM):
        line, note = line[len(BOM) :], "byte order mark removed"
    try:
        return RawRow(number, parse_line(line), note=note)
    except Broken as broken:
        return RawRow(number, None, broken, note)


def parse_line(line: bytes) -> dict[str, Any]:
    """One JSONL line as an object. Broken for anything else, NaN, infinities and lone surrogates included."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Broken("not UTF-8", f"byte {error.start}") from None
    if not text.strip():
        raise Broken("blank line")
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise Broken("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Broken("broken JSON", f"{error.msg} at character {error.pos}") from None
    except ValueError:  # an integer of more digits than Python reads
        raise Broken("number out of range") from None
    if not isinstance(value, dict):
        raise Broken("not a JSON object", f"is {type_name(value)}")
    if b"\\u" in line:
        require_unicode(value)
    return value


def require_unicode(value: Any) -> None:
    """Broken if a text anywhere in `value` holds half a surrogate pair, which no UTF-8 file can hold."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Broken("lone surrogate") from None


def _reject_constant(name: str) -> NoReturn:
    raise Broken("number out of range", name)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise Broken("number out of range")
    return number


_DECODER = json.JSONDecoder(parse_constant=_reject_constant, parse_float=_finite)


def type_name(value: Any) -> str:
    """The JSON name of a value's type, for messages."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number",
             float: "a number"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


def _parquet_rows(path: Path) -> Iterator[RawRow]:
    with pq.ParquetFile(path) as file:
        if file.metadata.num_rows == 0:
            raise Mistake("file is empty", where=str(path), mend="give a file with rows, or take it out of the source")
        number = 0
        for batch in file.iter_batches(batch_size=ROWS_A_BATCH):
            for row in _parquet_batch(batch):
                if isinstance(row, Broken):
                    yield RawRow(number, None, row)
                else:
                    yield RawRow(number, row)
                number += 1


def _parquet_batch(batch: Any) -> Iterator[dict[str, Any] | Broken]:
    """The batch's rows; where one cannot be read they are taken one at a time, so that only that is broken."""
    try:
        rows = batch.to_pylist()
    except (ValueError, OverflowError):
        rows = None
    if rows is not None:
        yield from rows
        return
    for index in range(batch.num_rows):
        try:
            row = batch.slice(index, 1).to_pylist()[0]
        except UnicodeDecodeError as error:
            row = Broken("not UTF-8", f"byte {error.start}")
        except (ValueError, OverflowError):  # times that Python's calendar does not have
            row = Broken("value out of range")
        yield row
