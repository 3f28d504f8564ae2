"""Parquet and Arrow IPC (files and streams), a batch at a time; a bad value breaks its row alone.

Rows are as JSON would have them: NaN (which pandas writes for what is missing) and infinities become null, which is
noted, and keys of maps become texts.
"""

import math
from collections.abc import Iterable, Iterator
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
NOT_FINITE = "NaN or infinity made null"


class Doubled(Exception):
    """A schema that says one of its names twice: a row of objects has place for one of the two values."""


def parquet_rows(file: IO[bytes]) -> Iterator[RawRow]:
    """The rows of a Parquet file. ArrowException if it is torn, Doubled for a name that is there twice."""
    with pq.ParquetFile(file) as table:
        said, schema = table.metadata, table.schema_arrow
        size = sum(said.row_group(group).total_byte_size for group in range(said.num_row_groups))
        _check_names(schema)
        yield from _rows(table.iter_batches(batch_size=_at_once(size, said.num_rows)))


def parquet_count(file: IO[bytes]) -> int:
    """Rows, by the file's own word."""
    return int(pq.read_metadata(file).num_rows)


def arrow_rows(file: IO[bytes]) -> Iterator[RawRow]:
    """As `parquet_rows`, of an Arrow IPC file or stream; a stream without its end mark is torn."""
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
        _check_names(reader.schema)
        yield from (reader.get_batch(index) for index in range(reader.num_record_batches))
        return
    file.seek(-len(STREAM_END), 2)
    if file.read() != STREAM_END:
        raise pa.ArrowInvalid("the stream has no end mark: it was cut off")
    file.seek(0)
    stream = pa.ipc.open_stream(pa.PythonFile(file, mode="r"))
    _check_names(stream.schema)
    yield from stream


def _at_once(size: int, rows: int) -> int:
    """Rows that are made Python objects at once, by their mean bytes."""
    return max(1, min(ROWS_A_BATCH, BATCH_BYTES * rows // max(1, size)))


def _check_names(fields: Iterable[Any]) -> None:
    """Doubled if two of the fields, or of those within one, have one name."""
    seen: set[str] = set()
    for field in fields:
        if field.name in seen:
            raise Doubled(field.name)
        seen.add(field.name)
        _check_names(_within(field.type))


def _within(kind: Any) -> list[Any]:
    """The fields that values of this type are made of; none of a plain type."""
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if pa.types.is_dictionary(kind):
        return [pa.field("values", kind.value_type)]
    return [kind.field(index) for index in range(kind.num_fields)]


def _as_it_is(kind: Any) -> bool:
    """Whether Python's values of this type are JSON's too: no numbers that may not be finite, no keys but texts."""
    if pa.types.is_floating(kind) or (pa.types.is_map(kind) and not pa.types.is_string(kind.key_type)):
        return False
    return all(_as_it_is(field.type) for field in _within(kind))


def _rows(batches: Iterator[Any]) -> Iterator[RawRow]:
    number = 0
    for whole in batches:
        step = _at_once(whole.nbytes, whole.num_rows)
        as_it_is = all(_as_it_is(field.type) for field in whole.schema)
        size = whole.nbytes // max(1, whole.num_rows)
        for start in range(0, whole.num_rows, step):
            for row in _values(whole.slice(start, step)):
                yield _row(number, row, as_it_is, size)
                number += 1


def _row(number: int, value: dict[str, Any] | Broken, as_it_is: bool, size: int) -> RawRow:
    if isinstance(value, Broken):
        return RawRow(number, None, value)
    if as_it_is:
        return RawRow(number, value, size=size)
    notes: set[str] = set()
    return RawRow(number, _as_json(value, notes), note="".join(notes), size=size)


def _as_json(value: Any, notes: set[str]) -> Any:
    match value:
        case float() if not math.isfinite(value):
            notes.add(NOT_FINITE)
            return None
        case list():
            return [_as_json(item, notes) for item in value]
        case dict():
            return {str(key): _as_json(item, notes) for key, item in value.items()}
    return value


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
