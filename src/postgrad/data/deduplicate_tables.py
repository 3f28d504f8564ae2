"""Deduplication of rows in their Parquet form, by the rule of `deduplicate.py`: a pass to compare, a pass to write.

The keeper's `parents` take up those of the rows it stands for. All else of a row that stays is as it was.
"""

import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from postgrad.data.batches import Batch, in_pieces, without
from postgrad.data.deduplicate import (
    BEST,
    DUPLICATE,
    EXACT,
    NEAR_DUPLICATE,
    STAYS,
    STEP,
    Comparison,
    Decided,
    Rule,
    Signed,
    said_in,
    said_of,
    sign,
)
from postgrad.data.formats import Kind
from postgrad.data.near import Shown
from postgrad.data.rows import KINDS, Record
from postgrad.records.tables import records_of
from postgrad.records.types import LedgerEntry, Origin, Problem
from postgrad.support.hashing import canonical_json
from postgrad.support.licences import conditions
from postgrad.support.parallel import ALONE, Workers
from postgrad.support.progress import Progress

ROWS_AT_ONCE = 2_000
TRUTH_BYTES = 16
OTHER_TRUTH = {DUPLICATE: "same prompt, another ground truth", NEAR_DUPLICATE: "near prompt, another ground truth"}


@dataclass(slots=True)
class Lines:
    """Where rows came from, and of problems what their answers are checked against: some 30 bytes a row."""

    names: list[tuple[str, str]] = field(default_factory=list)
    codes: dict[tuple[str, str], int] = field(default_factory=dict)
    file: "array[int]" = field(default_factory=lambda: array("i"))
    row: "array[int]" = field(default_factory=lambda: array("q"))
    more: dict[int, tuple[Origin, ...]] = field(default_factory=dict)
    truths: bytearray = field(default_factory=bytearray)

    def add(self, record: Record) -> None:
        own, *more = record.parents
        if more:
            self.more[len(self.row)] = tuple(more)
        if isinstance(record, Problem):
            truth = canonical_json([record.verifier, record.ground_truth])
            self.truths += hashlib.blake2b(truth.encode("utf-8", "surrogatepass"), digest_size=TRUTH_BYTES).digest()
        self.file.append(self._code((own.source, own.file)))
        self.row.append(own.row)

    def extend(self, other: "Lines") -> None:
        start = len(self.row)
        codes = [self._code(name) for name in other.names]
        self.file.extend(codes[code] for code in other.file)
        self.row.extend(other.row)
        self.more |= {start + number: parents for number, parents in other.more.items()}
        self.truths += other.truths

    def _code(self, name: tuple[str, str]) -> int:
        """The number of a source's file."""
        if name not in self.codes:
            self.codes[name] = len(self.names)
            self.names.append(name)
        return self.codes[name]

    def parents(self, number: int) -> tuple[Origin, ...]:
        """The parents of a row, its own line first."""
        source, file = self.names[self.file[number]]
        return (Origin(source, file, self.row[number]), *self.more.get(number, ()))

    def same_truth(self, one: int, other: int) -> bool:
        return self._truth(one) == self._truth(other)

    def _truth(self, number: int) -> bytes:
        return bytes(self.truths[number * TRUTH_BYTES : (number + 1) * TRUTH_BYTES])


@dataclass(frozen=True, slots=True)
class Compared:
    """What was decided on the rows of one pass, and where they came from."""

    decided: Decided
    lines: Lines


def compare(kind: Kind, batches: Iterable[Batch], priorities: Mapping[str, float], folder: Path, rule: Rule = EXACT,
            workers: Workers = ALONE, shown: Shown = Progress) -> Compared:
    """The first pass through the rows. `folder`: where what is compared lies meanwhile, in files without names.

    Memory: about 30 bytes a row, some 200 for each that leaves, and what the comparison takes.
    """
    lines = Lines()
    with Comparison(rule, folder) as comparison:
        for piece in workers.in_order(_signer, (kind, dict(priorities), rule), in_pieces(batches, ROWS_AT_ONCE)):
            comparison.add(piece.signed, piece.ranks)
            lines.extend(piece.lines)
        return Compared(comparison.decide(shown), lines)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is compared of some rows. `ranks`: of each row, its capability's priority and how mild its licence is."""

    signed: Signed
    ranks: list[tuple[float, float]]
    lines: Lines


def _signer(kind: Kind, priorities: dict[str, float], rule: Rule) -> Callable[[Batch], _Piece]:
    """What a worker does with some rows."""
    strictness = cache(conditions)

    def look(batch: Batch) -> _Piece:
        rows, lines = list(records_of(KINDS[kind], batch)), Lines()
        for row in rows:
            lines.add(row)
        ranks = [(priorities.get(row.capability, 0.0), -float(strictness(row.licence))) for row in rows]
        return _Piece(sign(kind, [said_in(row) for row in rows], rule), ranks, lines)

    return look


def hand_on(batches: Iterable[Batch], compared: Compared, enter: Callable[[LedgerEntry], None]) -> Iterator[pa.Table]:
    """The second pass, through the same rows in the same order: of each batch the rows that stay.

    `enter` takes what the ledger says: which row each that leaves was a duplicate of, and who stands for others.
    """
    decided, lines = compared.decided, compared.lines
    groups, start = decided.groups(), 0
    for batch in batches:
        gone: list[int] = []
        parents: dict[int, list[Origin]] = {}
        for at in range(len(batch)):
            number, keeper = start + at, int(decided.keeper[start + at])
            if keeper != STAYS:
                gone.append(at)
                enter(_leaves(lines, number, keeper, float(decided.likeness[number])))
            elif others := groups.get(number):
                every = (origin for one in (number, *others) for origin in lines.parents(one))
                parents[at] = list(dict.fromkeys(every))
                enter(LedgerEntry(lines.parents(number)[0], STEP, "keep", BEST, f"of {len(others) + 1}"))
        start += len(batch)
        yield without(_with_parents(batch, parents), gone)


def _leaves(lines: Lines, number: int, keeper: int, likeness: float) -> LedgerEntry:
    at = lines.parents(keeper)[0]
    reason, detail = said_of(f"{at.source}, file {at.file[:12]}, row {at.row}", likeness)
    if not lines.same_truth(number, keeper):
        reason = OTHER_TRUTH[reason]
    return LedgerEntry(lines.parents(number)[0], STEP, "drop", reason, detail)


def _with_parents(batch: Batch, parents: Mapping[int, list[Origin]]) -> Batch:
    """The batch with other parents in these of its rows."""
    if not parents:
        return batch
    place = batch.schema.get_field_index("parents")
    own = batch.column(place)
    told = [[{"source": one.source, "file": one.file, "row": one.row} for one in new] for new in parents.values()]
    taken = np.arange(len(batch))
    taken[list(parents)] = len(batch) + np.arange(len(parents))
    new = pa.concat_arrays([own, pa.array(told, own.type)]).take(pa.array(taken))
    return batch.set_column(place, batch.schema.field(place), new)
