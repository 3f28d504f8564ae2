"""Parquet and Arrow IPC (files and streams), a batch at a time; a bad value breaks its row alone."""

from collections.abc import Iterator
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from postgrad.data import raw
from postgrad.data.raw import Broken, RawRow

PARQUET = (".parquet",)
ARROW = (".arrow", ".feather")
SUFFIXES = (*PARQUET, *ARROW)
FILE_MAGIC, OLD_FEATHER = b"ARROW1", b"FEA1"
STREAM_END = b"\xff\xff\xff\xff\0\0\0\0"
ROWS_A_BATCH = 2_000
BATCH_BYTES = 32 << 20


def parquet_rows(file: IO[bytes]) -> Iterator[RawRow]:
    """The rows of a Parquet file. ArrowException if it is torn."""
    with pq.ParquetFile(file) as table:
        said = table.metadata
        size = sum(said.row_group(group).total_byte_size for group in range(said.num_row_groups))
        yield from _rows(table.iter_batches(batch_size=_at_once(size, said.num_rows)))


def parquet_count(file: IO[bytes]) -> int:
    """Rows, by the file's own word."""
    return int(pq.read_metadata(file).num_rows)


def arrow_rows(file: IO[bytes]) -> Iterator[RawRow]:
    """The rows of an Arrow IPC file or stream. ArrowException if it is torn; a stream without its end mark is."""
    yield from _rows(_ipc_batches(file))


def arrow_count(file: IO[bytes]) -> int:
    """Rows: batches are read, their values are not."""
    return sum(batch.num_rows for batch in _ipc_batches(file))


def _ipc_batches(file: IO[bytes]) -> Iterator[Any]:
    start = file.read(len(FILE_MAGIC))
    if start.startswith(OLD_FEATHER):
        raise pa.ArrowInvalid("it is Feather version 1, which no longer is read")
    if start == FILE_MAGIC:
        reader = pa.ipc.open_file(pa.PythonFile(file, mode="r"))
        yield from (reader.get_batch(index) for index in range(reader.num_record_batches))
        return
    file.seek(-len(STREAM_END), 2)
    if file.read() != STREAM_END:
        raise pa.ArrowInvalid("the stream has no end mark: it was cut off")
    file.seek(0)
    yield from pa.ipc.open_stream(pa.PythonFile(file, mode="r"))


def _at_once(size: int, rows: int) -> int:
    """Rows that are made Python objects at once, by their mean bytes."""
    return max(1, min(ROWS_A_BATCH, BATCH_BYTES * rows // max(1, size)))


def _rows(batches: Iterator[Any]) -> Iterator[RawRow]:
    number = 0
    for whole in batches:
        step = _at_once(whole.nbytes, whole.num_rows)
        for start in range(0, whole.num_rows, step):
            for row in _values(whole.slice(start, step)):
                yield RawRow(number, None, row) if isinstance(row, Broken) else RawRow(number, row)
                number += 1


def _values(batch: Any) -> Iterator[dict[str, Any] | Broken]:
    """The batch's rows; where one cannot be read they are taken one at a time, so that only that is broken."""
    if batch.nbytes <= raw.MAX_ROW_BYTES:
        try:
            rows = batch.to_pylist(maps_as_pydicts="strict")
        except (ValueError, OverflowError, KeyError):
            rows = None
        if rows is not None:
            yield from rows
            return
    for index in range(batch.num_rows):
        yield _value(batch.slice(index, 1))


def _value(one: Any) -> dict[str, Any] | Broken:
    if one.nbytes > raw.MAX_ROW_BYTES:
        return raw.too_long()
    try:
        value: dict[str, Any] = one.to_pylist(maps_as_pydicts="strict")[0]
    except UnicodeDecodeError as error:
        return Broken("not UTF-8", f"byte {error.start}")
    except KeyError:
        return Broken("doubled key", "a map says one of its keys twice")
    except (ValueError, OverflowError):  # times that Python's calendar does not have
        return Broken("value out of range")
    return value
