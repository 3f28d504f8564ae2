"""Parquet and Arrow IPC (files and streams), a batch at a time; a bad value breaks its row alone.

Rows are as JSON would have them: NaN (which pandas writes for what is missing) and infinities become null, which is
noted, and keys of maps become texts. Times that Python's types cannot hold (nanoseconds, years after 9999) become
texts, in UTC where they have a zone, and such durations numbers.
"""

import math
from collections.abc import Callable, Iterable, Iterator
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
        yield from (_sound(reader.get_batch(index)) for index in range(reader.num_record_batches))
        return
    file.seek(-len(STREAM_END), 2)
    if file.read() != STREAM_END:
        raise pa.ArrowInvalid("the stream has no end mark: it was cut off")
    file.seek(0)
    stream = pa.ipc.open_stream(pa.PythonFile(file, mode="r"))
    _check_names(stream.schema)
    yield from map(_sound, stream)


def _sound(batch: Any) -> Any:
    """The batch. ArrowInvalid if it points outside its buffers, which Arrow does not check before it reads there.

    Bytes that are no UTF-8 and times out of range point nowhere: they break their rows alone.
    """
    for column in batch.columns:
        column.view(_changed(column.type, _bare)).validate(full=True)
    return batch


def _bare(kind: Any) -> Any:
    """A type of the same layout that takes any bytes."""
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind):
        return pa.binary(kind.bit_width // 8)
    return {pa.string(): pa.binary(), pa.large_string(): pa.large_binary(),
            pa.string_view(): pa.binary_view()}.get(kind, kind)


def _changed(kind: Any, change: Callable[[Any], Any]) -> Any:
    """The type with `change` done to all that it is made of."""
    if isinstance(kind, pa.BaseExtensionType):
        return _changed(kind.storage_type, change)
    if pa.types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _changed(kind.value_type, change), kind.ordered)
    fields = [field.with_type(_changed(field.type, change)) for field in _within(kind)]
    if pa.types.is_struct(kind):
        return pa.struct(fields)
    if pa.types.is_map(kind):
        return pa.map_(kind.key_field.with_type(_changed(kind.key_type, change)),
                       kind.item_field.with_type(_changed(kind.item_type, change)), kind.keys_sorted)
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(fields[0], kind.list_size)
    lists = ((pa.types.is_list, pa.list_), (pa.types.is_large_list, pa.large_list),
             (pa.types.is_list_view, pa.list_view), (pa.types.is_large_list_view, pa.large_list_view))
    return next((made(fields[0]) for is_one, made in lists if is_one(kind)), None) or (kind if fields else change(kind))


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
        whole = _told(whole, lambda kind: getattr(kind, "unit", "") == "ns")
        step = _at_once(whole.nbytes, whole.num_rows)
        as_it_is = all(_as_it_is(field.type) for field in whole.schema)
        size = whole.nbytes // max(1, whole.num_rows)
        for start in range(0, whole.num_rows, step):
            for row in _values(whole.slice(start, step)):
                yield _row(number, row, as_it_is, size)
                number += 1


def _told(batch: Any, of: Callable[[Any], bool]) -> Any:
    """The batch with those of its times as texts, and those of its durations as numbers, that `of` says yes to."""
    def in_utc(kind: Any) -> Any:  # whose texts need no table of the world's zones
        return pa.timestamp(kind.unit) if pa.types.is_timestamp(kind) and of(kind) else kind

    def told(kind: Any) -> Any:
        if pa.types.is_duration(kind) and of(kind):
            return pa.int64()
        return pa.string() if pa.types.is_temporal(kind) and not pa.types.is_interval(kind) and of(kind) else kind

    columns = [column if (kind := _changed(column.type, told)) == column.type
               else column.view(_changed(column.type, in_utc)).cast(kind) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


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
        value: dict[str, Any] = _told(one, pa.types.is_temporal).to_pylist(maps_as_pydicts="strict")[0]
    except UnicodeDecodeError as error:
        return Broken("not UTF-8", f"byte {error.start}")
    except KeyError:
        return Broken("doubled key", "a map says one of its keys twice")
    return value
