"""A source's rows brought in: read, filtered and redacted in one go, so that what a redaction removes lies nowhere."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from postgrad.data import filters
from postgrad.data.chunks import Chunk, Inputs, lines_of
from postgrad.data.filters import CountTokens, FilterConfig
from postgrad.data.pii.kinds import Redaction
from postgrad.data.pii.redact import make as make_redactor
from postgrad.data.rows import KINDS, Handled, Record
from postgrad.data.sources import SourceSpec, handle, kind_of
from postgrad.records.tables import table_of
from postgrad.records.types import LedgerEntry, Origin
from postgrad.support.parallel import ALONE, Workers


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What becomes of a source's rows. `spec` has its format found; `count` is needed where a filter counts tokens."""

    spec: SourceSpec
    filters: FilterConfig
    redaction: Redaction
    count: CountTokens | None = None


@dataclass(frozen=True, slots=True)
class Brought:
    """One chunk's rows: how many were read, those that stay, and what the ledger says, row by row."""

    rows: int
    table: pa.Table
    entries: list[LedgerEntry]


def bring(files: Sequence[Path], cleaning: Cleaning, workers: Workers = ALONE) -> Iterator[Brought]:
    """The rows of the files in their order, chunk by chunk. Mistakes and failures as `sources.read`."""
    inputs = Inputs([str(file) for file in files])
    hashes = inputs.distinct()
    yield from workers.in_order(_bringer, (cleaning, hashes), inputs.chunks(cleaning.spec.rows))
    inputs.check()


def _bringer(cleaning: Cleaning, hashes: list[str]) -> Callable[[Chunk], Brought]:
    """What a worker does with a chunk."""
    spec = cleaning.spec
    kind = KINDS[kind_of(spec)]
    parts: list[Callable[[Record], Handled]] = [
        filters.make(cleaning.filters, cleaning.count), make_redactor(cleaning.redaction)]

    def work(chunk: Chunk) -> Brought:
        records: list[Record] = []
        entries: list[LedgerEntry] = []
        rows = 0
        for line in lines_of(chunk):
            rows += 1
            handled = handle(line, Origin(spec.name, hashes[chunk.file], line.number), spec)
            entries += handled.entries
            for part in parts:
                if handled.record is not None:
                    handled = part(handled.record)
                    entries += handled.entries
            if handled.record is not None:
                records.append(handled.record)
        return Brought(rows, table_of(kind, records), entries)

    return work
