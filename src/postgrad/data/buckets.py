"""Rows that share a band of their signatures, grouped: which pairs are worth a comparison."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgrad.data.shingles import Rows
from postgrad.data.signatures import BandSpool
from postgrad.support.progress import Progress

SMALL = 16
"""Rows of a bucket up to which all of its pairs are compared."""
PAIRS_AT_ONCE = 1 << 15
NONE = -1

Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Buckets:
    """A bucket is the rows that have one band in common, two or more. Rows are numbered by their position in `places`.

    `places`: places in the order of rank, ascending, of the rows that are in a bucket at all.
    `small`: (rows, bands), the number of a row's bucket, `NONE` where it is alone or the bucket is large.
    `crowded`: the rows that are in a large bucket, ascending; `large`: (crowded rows, bands), those buckets' numbers.
    `members`, `sizes`: of each band the small buckets, one after the other, their rows in the order of rank.
    """

    places: Rows
    small: Numbers
    crowded: Rows
    large: Numbers
    members: list[Numbers]
    sizes: list[NDArray[np.int64]]

    def pairs(self, band: int) -> Iterator[tuple[Numbers, Numbers]]:
        """The pairs (earlier, later) of the band's small buckets that share none of an earlier band, in pieces."""
        members, sizes = self.members[band], self.sizes[band]
        starts = np.cumsum(sizes) - sizes
        for size in np.unique(sizes).tolist():
            ones, others = np.triu_indices(size, 1)
            these = starts[sizes == size]
            step = max(1, PAIRS_AT_ONCE // len(ones))
            for first in range(0, len(these), step):
                table = members[these[first : first + step, None] + np.arange(size)]
                yield self._new(table[:, ones].ravel(), table[:, others].ravel(), band)

    def _new(self, earlier: Numbers, later: Numbers, band: int) -> tuple[Numbers, Numbers]:
        ones, others = self.small[earlier, :band], self.small[later, :band]
        new = ~((ones == others) & (ones != NONE)).any(axis=1)
        return earlier[new], later[new]


def find_buckets(ranked: Rows, bands: BandSpool, progress: Progress) -> Buckets:
    """The buckets of the rows `ranked` (their numbers in the spool, best first). One band is in memory at a time."""
    members, sizes = [], []
    for number in range(len(bands)):
        found, size = _shared(bands.band(number)[ranked])
        members.append(found)
        sizes.append(size)
        progress.advance()
    there = np.zeros(len(ranked), bool)
    for found in members:
        there[found] = True
    number_of = np.cumsum(there, dtype=np.int32) - np.int32(1)
    of = np.full((int(there.sum()), len(bands)), NONE, np.int32)
    first, is_large = 0, []
    for band, size in enumerate(sizes):
        renumbered = number_of[members[band]]
        of[renumbered, band] = np.repeat(np.arange(first, first + len(size), dtype=np.int32), size)
        is_large.append(size > SMALL)
        members[band], sizes[band] = renumbered[np.repeat(size <= SMALL, size)], size[size <= SMALL]
        first += len(size)
    in_large = np.concatenate([*is_large, [False]])[of]  # of a row alone: the last
    crowded = np.flatnonzero(in_large.any(axis=1))
    large = np.where(in_large[crowded], of[crowded], np.int32(NONE))
    of[in_large] = NONE
    return Buckets(np.flatnonzero(there), of, crowded, large, members, sizes)


def _shared(hashes: NDArray[np.uint64]) -> tuple[Numbers, NDArray[np.int64]]:
    """The places of equal hashes, group after group, ascending in each; and how many each group of two or more has."""
    order = np.argsort(hashes, kind="stable").astype(np.int32)
    ordered = hashes[order]
    ends = np.concatenate([np.flatnonzero(ordered[1:] != ordered[:-1]) + 1, [len(ordered)]])
    size = np.diff(ends, prepend=0)
    return order[np.repeat(size > 1, size)], size[size > 1]
