"""Near duplicates: of rows in their order of rank, a row leaves if and only if it is near one that has stayed.

There are no chains: a row is compared with rows that stayed, never with one that has left. It is near another when the
Jaccard likeness of their shingle sets (`data.shingles`) is at least the threshold, computed on the sets themselves.

Which rows are compared: those that share a band of their signatures (`data.signatures`). Rows with one band in common
are a bucket (`data.buckets`). All pairs of a small bucket are compared. In a large one (the rows of one template) a row
is compared with `MOST_COMPARED` of those that stayed, first those with which it shares most large buckets, of each
bucket the first `REMEMBERED`. So the work grows with the rows and not with their square. A row that stayed though
candidates were passed over is counted in `capped`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgrad.data.buckets import NONE, Buckets, Numbers, find_buckets
from postgrad.data.shingles import Rows, ShingleSpool, by_part, jaccard, least_likeness
from postgrad.data.signatures import BandSpool
from postgrad.support.progress import Progress

MOST_COMPARED = 32
REMEMBERED = 32
FIRST_COMPARED = 4
"""Before all of its candidates a row meets so many: most rows of a template are near one of them, or near none."""
ROWS_AT_ONCE = 1 << 16
SHINGLES_AT_ONCE = 1 << 21
"""Shingles of the pairs that are compared at once: some 100 MB."""
BYTES_AT_HAND = 32 << 20
"""Of shingle sets of rows in large buckets that are kept in memory."""
SET_BYTES = 256
"""Beyond its 8 bytes a shingle, what a set takes in memory."""

Shown = Callable[[str, float | None, str], Progress]
"""What shows progress: `support.progress.Progress`, or a step's `resources.progress`."""


@dataclass(slots=True)
class Near:
    """What was found, for rows by their place in the order of rank.

    `keeper`: the place of the row that stands for it, −1 for rows that stay. `likeness`: with that row; 0 if it stays.
    """

    keeper: NDArray[np.int64]
    likeness: NDArray[np.float64]
    comparisons: int = 0
    capped: int = 0


def near_duplicates(ranked: Rows, spool: ShingleSpool, bands: BandSpool, near: float, shown: Shown = Progress) -> Near:
    """Decide on the rows `ranked` (best first; their numbers in the two spools). Each must have a shingle."""
    found = Near(np.full(len(ranked), -1, np.int64), np.zeros(len(ranked)))
    with shown("group by bands", len(bands), "bands") as progress:
        buckets = find_buckets(ranked, bands, progress)
    rows = ranked[buckets.places]
    with shown("compare near rows", len(bands), "bands") as progress:
        edges = _Edges.verified(rows, buckets, spool, near, progress)
    found.comparisons = edges.comparisons
    crowd = _Crowd(rows, buckets, spool, near)
    with shown("decide on near rows", len(rows), "rows") as progress:
        for row, keeper, likeness in _decided(edges, crowd, progress):
            found.keeper[buckets.places[row]] = buckets.places[keeper]
            found.likeness[buckets.places[row]] = likeness
    found.comparisons += crowd.comparisons
    found.capped = crowd.capped
    return found


def _pieces(pairs: Iterable[tuple[Numbers, Numbers]], sizes: Rows) -> Iterator[tuple[Numbers, Numbers]]:
    """The pairs, so many at a time that their sets have `SHINGLES_AT_ONCE`, or one pair that has more."""
    for earlier, later in pairs:
        ends = np.cumsum(sizes[earlier] + sizes[later])
        cuts = np.flatnonzero(np.diff(ends // SHINGLES_AT_ONCE)) + 1
        yield from zip(np.split(earlier, cuts), np.split(later, cuts), strict=True)


@dataclass(frozen=True, slots=True)
class _Edges:
    """Pairs of rows that are near each other, by the later row, then by the earlier."""

    earlier: NDArray[np.int32]
    later: NDArray[np.int32]
    likeness: NDArray[np.float64]
    comparisons: int

    @classmethod
    def verified(cls, rows: Rows, buckets: Buckets, spool: ShingleSpool, near: float, progress: Progress) -> "_Edges":
        """The near ones of all pairs of the small buckets."""
        kept: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]] = []
        comparisons, sizes = 0, spool.counts[rows]
        for band in range(len(buckets.members)):
            for earlier, later in _pieces(buckets.pairs(band), sizes):
                numbers, places = np.unique(np.concatenate([earlier, later]), return_inverse=True)
                likeness = jaccard(spool.sets(rows[numbers]), places[: len(earlier)], places[len(earlier) :])
                comparisons += len(earlier)
                close = likeness >= near
                kept.append((earlier[close], later[close], likeness[close]))
            progress.advance()
        none = (np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0))
        ones, others, alike = (np.concatenate(column) for column in zip(none, *kept, strict=True))
        order = np.lexsort((ones, others))
        return cls(ones[order], others[order], alike[order], comparisons)

    def of(self, first: int, end: int) -> Iterator[tuple[int, int, float]]:
        """(earlier, later, likeness) of the pairs whose later row is from `first` to before `end`."""
        low, high = np.searchsorted(self.later, (first, end))
        return zip(self.earlier[low:high].tolist(), self.later[low:high].tolist(), self.likeness[low:high].tolist(),
                   strict=True)


def _decided(edges: _Edges, crowd: "_Crowd", progress: Progress) -> Iterator[tuple[int, int, float]]:
    """(row, its keeper, their likeness) of the rows that leave, in the order of rank."""
    left = bytearray(len(crowd.rows))
    for first in range(0, len(left), ROWS_AT_ONCE):
        end = min(first + ROWS_AT_ONCE, len(left))
        near: dict[int, list[tuple[int, float]]] = {}
        for earlier, later, likeness in edges.of(first, end):
            near.setdefault(later, []).append((earlier, likeness))
        for row in sorted(near.keys() | set(crowd.between(first, end))):
            found = next(((one, likeness) for one, likeness in near.get(row, ()) if not left[one]), None)
            if found is None:
                found = crowd.meet(row)
            if found is not None:
                left[row] = 1
                yield row, *found
        progress.advance(end - first)


class _Crowd:
    """The rows of large buckets that have stayed so far."""

    def __init__(self, rows: Rows, buckets: Buckets, spool: ShingleSpool, near: float) -> None:
        self.rows, self.comparisons, self.capped = rows, 0, 0
        self._crowded, self._large = buckets.crowded, buckets.large
        self._spool, self._near = spool, near
        self._stayed: dict[int, list[int]] = {}
        self._passed_over: set[int] = set()
        self._sets: dict[int, NDArray[np.int64]] = {}
        self._held = 0

    def between(self, first: int, end: int) -> list[int]:
        """The crowded rows from `first` to before `end`."""
        low, high = np.searchsorted(self._crowded, (first, end))
        found: list[int] = self._crowded[low:high].tolist()
        return found

    def meet(self, row: int) -> tuple[int, float] | None:
        """A row that has stayed and that `row` is near, and how near; if there is none, `row` stays."""
        place = int(np.searchsorted(self._crowded, row))
        if place == len(self._crowded) or self._crowded[place] != row:
            return None
        buckets = [number for number in self._large[place].tolist() if number != NONE]
        shared = Counter(one for bucket in buckets for one in self._stayed.get(bucket, ()))
        candidates = sorted(shared, key=lambda one: (-shared[one], one))
        own = self._set(row)
        for some in (candidates[:FIRST_COMPARED], candidates[FIRST_COMPARED:MOST_COMPARED]):
            if some and (found := self._nearest(own, some)):
                return found
        self.capped += len(candidates) > MOST_COMPARED or not self._passed_over.isdisjoint(buckets)
        for bucket in buckets:
            stayed = self._stayed.setdefault(bucket, [])
            if len(stayed) < REMEMBERED:
                stayed.append(row)
            else:
                self._passed_over.add(bucket)
        return None

    def _nearest(self, own: NDArray[np.int64], candidates: list[int]) -> tuple[int, float] | None:
        """The candidate that is most alike, if it is near."""
        self.comparisons += len(candidates)
        sets = [self._set(one) for one in candidates]
        sizes = np.array([len(one) for one in sets])
        every = np.concatenate(sets)
        places = np.searchsorted(own, every)
        places[places == len(own)] = 0
        there = own[places] == every
        shared = np.add.reduceat(there, np.cumsum(sizes) - sizes, dtype=np.int64)
        if (shared / (len(own) + sizes - shared) < self._near).all():
            return None  # all parts together are at least as alike as the least like one
        of = np.repeat(np.arange(len(sets)), sizes)
        alike = least_likeness(by_part(every[there], of[there], len(sets)),
                               by_part(own, np.zeros(len(own), np.int64), 1), by_part(every, of, len(sets)))
        best = int(np.argmax(alike))
        return (candidates[best], float(alike[best])) if alike[best] >= self._near else None

    def _set(self, row: int) -> NDArray[np.int64]:
        found = self._sets.get(row)
        if found is None:
            found = self._spool.row(int(self.rows[row]))
            if self._held > BYTES_AT_HAND:
                self._sets.clear()
                self._held = 0
            self._sets[row] = found
            self._held += SET_BYTES + found.nbytes
        return found
