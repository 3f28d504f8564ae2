"""Parquet form of the records: one schema each, versioned; values without a fixed shape are canonical JSON text."""

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from postgrad.records import types as t
from postgrad.support.errors import Failure
from postgrad.support.hashing import canonical_json

VERSION = 1
T = TypeVar("T")
ROWS_A_GROUP = 20_000
BYTES_A_GROUP = 64 << 20
"""Of texts and numbers in a row group and in a batch that is read: what bounds the memory where rows are long."""
ROWS_AT_ONCE = 1_000

ORIGIN = pa.struct([("source", pa.string()), ("file", pa.string()), ("row", pa.int64())])
MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
TURNS = pa.list_(pa.struct([
    ("text", pa.string()), ("token_ids", pa.list_(pa.int32())), ("own", pa.list_(pa.bool_())),
    ("logprobs", pa.list_(pa.float32())), ("policy_logprobs", pa.list_(pa.float32()))]))
JSON = pa.string()
CAME_FROM = [("content_id", pa.string()), ("parents", pa.list_(ORIGIN))]
BELONGS = [("source", pa.string()), ("licence", pa.string()), ("capability", pa.string())]
VERDICT = [("status", pa.string()), ("reward", pa.float64()), ("parts", JSON), ("reason", pa.string()),
           ("verifier", pa.string()), ("version", pa.int32()), ("completion", pa.string())]

SCHEMAS: dict[type, pa.Schema] = {
    t.Example: pa.schema([*CAME_FROM, ("messages", MESSAGES), *BELONGS, ("meta", JSON)]),
    t.Preference: pa.schema([
        *CAME_FROM, ("prompt", MESSAGES), *BELONGS, ("chosen", pa.string()), ("rejected", pa.string()),
        ("completion", pa.string()), ("label", pa.bool_()), ("meta", JSON)]),
    t.Problem: pa.schema([
        *CAME_FROM, ("messages", MESSAGES), ("ground_truth", JSON), ("verifier", pa.string()), ("split", pa.string()),
        *BELONGS, ("plain", pa.string()), ("meta", JSON)]),
    t.Completion: pa.schema([
        ("prompt_id", pa.string()), ("sample", pa.int32()), ("model_key", pa.string()), ("policy_step", pa.int32()),
        ("sampling", JSON), ("seed", pa.int64()), ("turns", TURNS), ("finish_reason", pa.string())]),
    t.Verdict: pa.schema(VERDICT),
    t.Rating: pa.schema([
        ("completion", pa.string()), ("judge", pa.string()), ("aspect", pa.string()), ("value", pa.float64()),
        ("rationale", pa.string())]),
    t.LedgerEntry: pa.schema([
        ("origin", ORIGIN), ("step", pa.string()), ("action", pa.string()), ("reason", pa.string()),
        ("detail", pa.string())]),
    t.Outcome: pa.schema([
        ("problem", pa.string()), ("score", pa.float64()), ("cluster", pa.string()),
        ("verdict", pa.struct(VERDICT))]),
}

JSON_FIELDS = {"meta", "ground_truth", "sampling", "parts"}


def _origin(value: dict[str, Any]) -> t.Origin:
    return t.Origin(**value)


def _messages(value: list[dict[str, Any]]) -> tuple[t.Message, ...]:
    return tuple(t.Message(**message) for message in value)


def _turns(value: list[dict[str, Any]]) -> tuple[t.Turn, ...]:
    return tuple(t.Turn(turn["text"], tuple(turn["token_ids"]), tuple(turn["own"]), tuple(turn["logprobs"]),
                        tuple(turn["policy_logprobs"])) for turn in value)


def _verdict(value: dict[str, Any] | None) -> t.Verdict | None:
    return None if value is None else t.Verdict(**{**value, "parts": json.loads(value["parts"])})


READERS: dict[str, Callable[[Any], Any]] = {
    "origin": _origin, "parents": lambda value: tuple(map(_origin, value)), "messages": _messages, "prompt": _messages,
    "turns": _turns, "verdict": _verdict, **dict.fromkeys(JSON_FIELDS, json.loads)}


def _row(record: Any) -> dict[str, Any]:
    row = dataclasses.asdict(record)
    for name in JSON_FIELDS & row.keys():
        row[name] = canonical_json(row[name])
    if isinstance(row.get("verdict"), dict):
        row["verdict"]["parts"] = canonical_json(row["verdict"]["parts"])
    return row


def table_of(kind: type[T], records: Iterable[T]) -> pa.Table:
    """Records of one kind in their Parquet form."""
    return pa.Table.from_pylist([_row(record) for record in records], schema=SCHEMAS[kind])


def records_of(kind: type[T], batch: pa.RecordBatch | pa.Table) -> Iterator[T]:
    """The records whose Parquet form the batch is."""
    for row in batch.to_pylist():
        yield kind(**{k: READERS[k](v) if k in READERS else v for k, v in row.items()})


def write_records(path: Path, kind: type[T], records: Iterable[T]) -> int:
    """Write records of one kind, streaming; returns how many. The bytes depend on the records alone."""
    left = iter(records)
    pieces = iter(lambda: list(islice(left, ROWS_AT_ONCE)), [])
    return write_tables(path, kind, (table_of(kind, piece) for piece in pieces))


def write_tables(path: Path, kind: type, tables: Iterable[pa.Table]) -> int:
    """Write rows that are in their Parquet form already, to the same bytes as `write_records`; returns how many."""
    schema = SCHEMAS[kind].with_metadata({"postgrad": f"{kind.__name__}/{VERSION}"})
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _groups(table.cast(schema) for table in tables):
            writer.write_table(group)
            count += len(group)
        if not count:
            writer.write_table(schema.empty_table())
    return count


def _groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows in groups of `ROWS_A_GROUP`, or of as many as have `BYTES_A_GROUP`, however they were cut before."""
    held: list[pa.Table] = []
    rows = size = 0
    for table in tables:
        ends = np.cumsum(_row_bytes(table))
        start = 0
        while start < len(table):
            before = int(ends[start - 1]) if start else 0
            fit = int(np.searchsorted(ends, BYTES_A_GROUP - size + before, side="right")) - start
            taken = min(len(table) - start, ROWS_A_GROUP - rows, max(fit, int(not held)))
            if taken:
                held.append(table.slice(start, taken))
                start, rows, size = start + taken, rows + taken, size + int(ends[start + taken - 1]) - before
            if rows == ROWS_A_GROUP or start < len(table):
                yield pa.concat_tables(held).combine_chunks()
                held, rows, size = [], 0, 0
    if held:
        yield pa.concat_tables(held).combine_chunks()


def _row_bytes(table: pa.Table) -> NDArray[np.int64]:
    """Bytes of each row's texts and numbers: of the rows alone, however they lie in memory."""
    sizes = np.zeros(len(table), np.int64)
    for column in table.columns:
        sizes += np.concatenate([np.zeros(0, np.int64), *map(_value_bytes, column.chunks)])
    return sizes


def _value_bytes(array: Any) -> NDArray[np.int64]:
    """Bytes of each value, of those within it too; null has none."""
    if pa.types.is_string(array.type):
        return np.asarray(pc.fill_null(pc.binary_length(array), 0), np.int64)
    if pa.types.is_struct(array.type):
        return sum((_value_bytes(part) for part in array.flatten()), np.zeros(len(array), np.int64))
    if not pa.types.is_list(array.type):
        return np.full(len(array), (array.type.bit_width + 7) // 8, np.int64)
    within = np.concatenate([np.zeros(1, np.int64), np.cumsum(_value_bytes(array.flatten()))])
    lengths = np.asarray(pc.fill_null(pc.list_value_length(array), 0), np.int64)
    ends = np.cumsum(lengths)
    return within[ends] - within[ends - lengths]


def read_batches(path: Path, kind: type) -> Iterator[pa.RecordBatch]:
    """The rows of a file that `write_records` wrote, in their Parquet form. Failure as `read_records`."""
    try:
        with pq.ParquetFile(path) as file:
            said = (file.schema_arrow.metadata or {}).get(b"postgrad", b"").decode()
            wanted = f"{kind.__name__}/{VERSION}"
            if said != wanted:
                raise Failure(f"holds {said or 'no postgrad records'}, wanted {wanted}", where=str(path))
            for group in range(file.num_row_groups):  # batches go across groups else
                yield from file.iter_batches(batch_size=ROWS_A_GROUP, row_groups=[group])
    except (pa.ArrowException, OSError) as error:
        raise Failure(f"cannot be read ({error})", where=str(path), mend="run `postgrad store verify`") from error


def bytes_of(paths: Iterable[Path]) -> int:
    """Bytes of the files' rows when they are not compressed, by their footers."""
    footers = map(pq.read_metadata, paths)
    return sum(footer.row_group(group).total_byte_size for footer in footers for group in range(footer.num_row_groups))


def read_records(path: Path, kind: type[T]) -> Iterator[T]:
    """The records of a file that `write_records` wrote. Failure if it is of another kind or version, or broken."""
    for batch in read_batches(path, kind):
        yield from records_of(kind, batch)
