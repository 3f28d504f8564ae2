"""A text as the set of its shingles, and how alike two such sets are: the definition of a near duplicate.

A shingle is a run of `SHINGLE` tokens (`support.ngrams`: letters or digits after NFKC and case folding), as a 64-bit
hash. A text of fewer tokens is one shingle, the whole of it; a text without tokens has none, and nothing is near it.
Likeness is Jaccard's: shared shingles over all shingles of the two. A row with parts (`data.parts`) is as like another
as its least like part: every shingle says in its first bits what it is a part of.

Why three: a changed word touches three shingles, so that a row of 100 tokens may differ in three places and is still
above 0.8 (95 / 101 = 0.94 for one, 0.83 for three, 0.78 for four). With five, common for web pages, two are the limit;
with one, the order of words counts for nothing, and rows of the same words in another order come close.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgrad.support.ngrams import Hashes, Offsets, token_hashes, windows

SHINGLE = 3
Rows = NDArray[np.int64]
PART_BITS = 3
_COLUMNS = (1 << 63) - 1
_PARTS = 1 << PART_BITS


def shingles(texts: Sequence[str]) -> tuple[Hashes, Offsets]:
    """The shingles of all texts, one text after the other, repeated ones too, and where each text's begin."""
    hashes, offsets = token_hashes(texts)
    found, starts = windows(hashes, offsets, SHINGLE)
    lengths = np.diff(offsets)
    whole = np.zeros(len(texts), np.uint64)
    for size in range(1, SHINGLE):
        rows = np.flatnonzero(lengths == size)
        tokens = hashes[(offsets[rows][:, None] + np.arange(size)).ravel()]
        whole[rows] = windows(tokens, np.arange(len(rows) + 1) * size, size)[0]
    short = (lengths > 0) & (lengths < SHINGLE)
    if not short.any():
        return found, starts
    return np.insert(found, starts[:-1][short], whole[short]), starts + np.concatenate([[0], np.cumsum(short)])


def marked(hashes: Hashes, part: int) -> Hashes:
    """The shingles as those of one part of a row, numbered below 2^PART_BITS."""
    return (hashes >> np.uint64(PART_BITS)) | np.uint64(part << (64 - PART_BITS))


class ShingleSpool:
    """The shingles of many rows in an unnamed file of `folder`: 8 bytes a row in memory, the rest on the disk."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed by close)
        self._lengths: list[NDArray[np.int64]] = []
        self._starts = np.zeros(1, np.int64)

    def add(self, hashes: Hashes, offsets: Offsets) -> None:
        """Append rows as `shingles` gives them."""
        self._file.write(np.ascontiguousarray(hashes).data)
        self._lengths.append(np.diff(offsets))

    def finish(self) -> None:
        """All rows are there: from now on they can be read."""
        self._file.flush()
        self._starts = np.concatenate([self._starts, *self._lengths])
        np.cumsum(self._starts, out=self._starts)
        self._lengths.clear()

    @property
    def counts(self) -> NDArray[np.int64]:
        """Shingles of each row, repeated ones too."""
        return np.diff(self._starts)

    def row(self, number: int) -> NDArray[np.int64]:
        """The shingle set of one row, ascending, as columns of the matrix that `sets` gives."""
        return np.unique(_columns(self._read(int(self._starts[number]), int(self._starts[number + 1]))))

    def sets(self, rows: Rows) -> Any:
        """The shingle sets of these rows as a sparse matrix of ones: a row each, its shingles as columns."""
        starts, ends = self._starts[rows], self._starts[rows + 1]
        pieces = [self._read(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        return matrix(_columns(b"".join(pieces)), np.concatenate([[0], np.cumsum(ends - starts)]))

    def _read(self, start: int, end: int) -> bytes:
        return os.pread(self._file.fileno(), 8 * (end - start), 8 * start)

    def close(self) -> None:
        self._file.close()


def _columns(hashes: bytes) -> NDArray[np.int64]:
    """Shingles as numbers of columns, which have a sign: the last bit goes."""
    return (np.frombuffer(hashes, np.uint64) >> np.uint64(1)).astype(np.int64)


def matrix(columns: NDArray[np.int64], offsets: Offsets) -> Any:
    """Sets as a sparse matrix of ones, from their members (repeated ones too), one set after the other."""
    from scipy.sparse import csr_array  # heavy, and a plan needs none

    made = csr_array((np.ones(len(columns), np.int8), columns, offsets), shape=(len(offsets) - 1, _COLUMNS))
    made.sum_duplicates()
    made.data[:] = 1  # a shingle that comes 256 times would else count as none
    return made


def jaccard(sets: Any, ones: Rows, others: Rows) -> NDArray[np.float64]:
    """Likeness of the sets in rows `ones` with those in rows `others`, pair by pair. No set may be empty."""
    sizes = _counted(sets)
    return least_likeness(_counted(sets[ones].multiply(sets[others])), sizes[ones], sizes[others])


def _counted(sets: Any) -> NDArray[np.int64]:
    return by_part(sets.indices, np.repeat(np.arange(sets.shape[0]), np.diff(sets.indptr)), sets.shape[0])


def by_part(columns: NDArray[np.int64], rows: Rows, count: int) -> NDArray[np.int64]:
    """How many members of each of `count` sets are of each part, from all members and their sets' numbers."""
    parts = columns >> np.int64(63 - PART_BITS)
    return np.bincount(rows * _PARTS + parts, minlength=count * _PARTS).reshape(count, _PARTS)


def least_likeness(shared: NDArray[np.int64], ones: NDArray[np.int64],
                   others: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of sets that share so many members by part, and have so many, the least likeness of a part that either has."""
    every = ones + others - shared
    least: NDArray[np.float64] = np.divide(shared, every, out=np.ones(every.shape), where=every > 0).min(axis=1)
    return least
