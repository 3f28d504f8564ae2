"""Records for the tests of this room."""

from typing import Any

import pyarrow as pa

from postgrad.records.tables import table_of
from postgrad.records.types import Example, Message, Origin, Problem, content_id


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


def batch(*records: Example | Problem) -> pa.RecordBatch:
    """Records of one kind in their Parquet form."""
    (made,) = table_of(type(records[0]), records).to_batches()
    return made
