"""Rows in their Parquet form, many at a time: what parts that change no text look at, with no records made."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from postgrad.records.types import Origin

Batch: TypeAlias = pa.RecordBatch
"""Rows of one kind, with the columns of their record type (records/tables.py)."""


def in_pieces(batches: Iterable[Batch], rows: int) -> Iterator[Batch]:
    """The same rows, so many at a time. Each piece is a copy: a slice takes all of its batch along to a worker."""
    for batch in batches:
        for start in range(0, len(batch), rows):
            yield batch.take(pa.array(np.arange(start, min(start + rows, len(batch)))))


def own_origins(batch: Batch | pa.Table) -> Iterator[Origin]:
    """The line that each row was read from."""
    return (Origin(**own) for own in pc.list_element(batch["parents"], 0).to_pylist())


def user_turns(batch: Batch) -> list[list[str]]:
    """What the user says in each row, turn by turn."""
    return turns_of(batch, "user")


def turns_of(batch: Batch, role: str | None = None) -> list[list[str]]:
    """The texts of each row's turns, in order; with `role`, of those turns alone. Of a preference: its prompt's."""
    said: Any = batch["messages" if "messages" in batch.schema.names else "prompt"]
    turns = said.flatten()
    texts, wanted = turns.field("content"), np.ones(len(turns), np.bool_)
    if role is not None:
        wanted = np.asarray(pc.equal(turns.field("role"), role))
        texts = texts.filter(pa.array(wanted))
    lengths = pc.list_value_length(said).to_numpy(zero_copy_only=False)
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(wanted)])[ends]
    every = texts.to_pylist()
    return [every[start:end] for start, end in zip(before[:-1].tolist(), before[1:].tolist(), strict=True)]


def without(batch: Batch, numbers: Iterable[int]) -> pa.Table:
    """The batch's rows but for those with these numbers."""
    keep = np.ones(len(batch), np.bool_)
    keep[list(numbers)] = False
    return pa.Table.from_batches([batch.filter(pa.array(keep))])
