"""Records for the tests of this room."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa

from postgrad.data.deduplicate import Rule
from postgrad.data.deduplicate_tables import compare, hand_on
from postgrad.data.formats import Kind
from postgrad.data.rows import KINDS, Handled, Record, own_origin
from postgrad.records.tables import records_of, table_of
from postgrad.records.types import Example, LedgerEntry, Message, Origin, Problem, content_id


def example(
    *turns: str, row: int = 0, source: str = "s", capability: str = "c", meta: dict[str, Any] | None = None
) -> Example:
    """A conversation that begins with the user."""
    messages = tuple(Message("assistant" if index % 2 else "user", turn) for index, turn in enumerate(turns))
    return Example(
        content_id(messages), (Origin(source, "f" * 64, row),), messages, source, "MIT", capability, meta or {}
    )


def problem(
    prompt: str,
    truth: Any = "1",
    *,
    row: int = 0,
    source: str = "s",
    capability: str = "c",
    plain: str = "",
    verifier: str = "math",
) -> Problem:
    messages = (Message("user", prompt),)
    return Problem(
        content_id(messages),
        (Origin(source, "f" * 64, row),),
        messages,
        truth,
        verifier,
        "train",
        source,
        "MIT",
        capability,
        plain,
    )


def deduplicated(rows: Sequence[Record], priorities: dict[str, float], rule: Rule) -> list[Handled]:
    """What became of each row, and what the ledger says of it. Rows are of one kind, and each of a line of its own."""
    if not rows:
        return []
    kind: Kind = next(name for name in get_args(Kind) if isinstance(rows[0], KINDS[name]))
    batches = table_of(type(rows[0]), rows).to_batches(max_chunksize=5)
    entries: list[LedgerEntry] = []
    compared = compare(kind, batches, priorities, Path(tempfile.gettempdir()), rule)
    left = {own_origin(record): record for table in hand_on(batches, compared, entries.append)
            for record in records_of(type(rows[0]), table)}
    return [Handled(left.get(own_origin(row)), tuple(one for one in entries if one.origin == own_origin(row)))
            for row in rows]


def batch(*records: Example | Problem) -> pa.RecordBatch:
    """Records of one kind in their Parquet form."""
    (made,) = table_of(type(records[0]), records).to_batches()
    return made
