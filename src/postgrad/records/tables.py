"""Parquet form of the records: one schema each, versioned; values without a fixed shape are canonical JSON text."""

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from postgrad.records import types as t
from postgrad.support.errors import Failure
from postgrad.support.hashing import canonical_json

VERSION = 1
T = TypeVar("T")
ROWS_A_GROUP = 20_000

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
    pieces = iter(lambda: list(islice(left, ROWS_A_GROUP)), [])
    return write_tables(path, kind, (table_of(kind, piece) for piece in pieces))


def write_tables(path: Path, kind: type, tables: Iterable[pa.Table]) -> int:
    """Write rows that are in their Parquet form already, to the same bytes as `write_records`; returns how many."""
    schema = SCHEMAS[kind].with_metadata({"postgrad": f"{kind.__name__}/{VERSION}"})
    count, rest = 0, schema.empty_table()
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for table in tables:
            rest = pa.concat_tables([rest, table.cast(schema)])
            while len(rest) >= ROWS_A_GROUP:
                writer.write_table(rest.slice(0, ROWS_A_GROUP).combine_chunks())
                count, rest = count + ROWS_A_GROUP, rest.slice(ROWS_A_GROUP)
        if len(rest) or not count:
            writer.write_table(rest.combine_chunks())
    return count + len(rest)


def read_batches(path: Path, kind: type) -> Iterator[pa.RecordBatch]:
    """The rows of a file that `write_records` wrote, in their Parquet form. Failure as `read_records`."""
    try:
        with pq.ParquetFile(path) as file:
            said = (file.schema_arrow.metadata or {}).get(b"postgrad", b"").decode()
            wanted = f"{kind.__name__}/{VERSION}"
            if said != wanted:
                raise Failure(f"holds {said or 'no postgrad records'}, wanted {wanted}", where=str(path))
            yield from file.iter_batches(batch_size=ROWS_A_GROUP)
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
