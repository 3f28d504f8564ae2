"""Which items of which tasks a training row gives away: Tülu 3's rule (paper, section 3.2), by an inverted index.

- Only user turns are compared; answers and chat markers play no part.
- Tokens are those of `support.ngrams` (words and numbers after NFKC and case folding).
- A token of an item counts when an n-gram (8) that covers it occurs in the row. N-grams do not reach from one turn into
  the next; hits of all turns of the same row count together. An n-gram that the item repeats counts at every place.
- The item overlaps when MORE than `overlap` (half) of the tokens of one of its fields count: of several fields the
  largest share is the item's (the first of equals).
- The published method cannot match an item shorter than n tokens. Here such an item overlaps when all its tokens stand
  side by side in one user turn; below n/2 tokens, where that would be chance, when they are the whole turn.

Rows are looked at in batches: the n-grams of all of them are hashed and looked up by array operations, and only rows
with a hit are looked at one by one. Rows that hit the same n-grams (those of one template) share what was worked out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from postgrad.support.errors import Mistake
from postgrad.support.hashed_items import HashedItems
from postgrad.support.ngrams import Hashes, Offsets, token_hashes, windows

Integers = NDArray[np.int64]
Spans = tuple[tuple[int, int], ...]
SIEVE_BITS = (16, 26)
"""Least and most bits of a hash that the sieve looks at: 16 places for each n-gram of the tasks, at most 64 MB."""
MOST_REMEMBERED = 1 << 22
"""Hits of the sets of hits whose outcome is known: about 32 MB at most."""
SET_HITS = 64
"""What a set of hits takes besides them, in hits."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """A row gives away item `item` (its place in the task's items); `share` of the tokens of its field `field` count.

    `spans`: the tokens of that field that count, as [start, end) runs.
    """

    task: str
    item: int
    share: float
    field: int = 0
    spans: Spans = ()


@dataclass(frozen=True, slots=True)
class Given:
    """What a row gives away: `count` overlaps with these tasks. `number`: the same for all rows with the same hits."""

    number: int
    count: int
    tasks: tuple[str, ...]
    overlaps: Callable[[], tuple[Overlap, ...]]
    """The overlaps, task by task, the largest share first. They may be worked out anew each time."""


def check_rule(ngram: int, overlap: float) -> None:
    """Mistake for a rule that cannot be carried out."""
    if ngram < 1 or not 0 <= overlap < 1:
        raise Mistake(f"ngram {ngram}, overlap {overlap}", where="curate.decontaminate",
                      mend="ngram is at least 1, overlap at least 0 and below 1")


@dataclass(frozen=True, slots=True)
class _Short:
    """Fields of one length below n: hash of all their tokens → the fields."""

    hashes: Hashes
    fields: dict[int, list[int]]


@dataclass(frozen=True, slots=True)
class _Covered:
    """Fields, how many tokens of each count, and which."""

    fields: Integers
    tokens: Integers
    spans: list[Spans]


class ItemIndex:
    """The n-grams of all items, and where each stands.

    Memory: about 16 bytes for each n-gram of the tasks, the sieve, and what is remembered (`MOST_REMEMBERED`).
    """

    def __init__(self, tasks: Sequence[HashedItems], *, ngram: int, overlap: float) -> None:
        check_rule(ngram, overlap)
        self.ngram, self.overlap, self._limit = ngram, overlap, Fraction(str(overlap))
        self.sizes: dict[str, int] = {}
        self.unseen: dict[str, bool] = {}
        self.ids: dict[str, list[str]] = {}
        """task → the opaque ids of its items, in order."""
        self._fields: list[tuple[str, int, int, int]] = []  # task, item, field, tokens
        ngrams: list[Hashes] = []
        short: dict[int, dict[int, list[int]]] = {}
        for task in tasks:
            self._add(task, ngrams, short)
        self._short = {length: _Short(np.array(sorted(known), np.uint64), known) for length, known in short.items()}
        self._build(ngrams)
        self._remembered: dict[tuple[bytes, tuple[int, ...]], Given] = {}
        self._held = self._numbers = 0
        self._last: tuple[Integers, tuple[int, ...], tuple[Overlap, ...]] = (_NONE, (), ())

    def _add(self, task: HashedItems, ngrams: list[Hashes], short: dict[int, dict[int, list[int]]]) -> None:
        if task.ngram != self.ngram:
            raise Mistake(f"items are hashed as {task.ngram}-grams, wanted {self.ngram}", where=f"tasks.{task.task}")
        if task.task in self.sizes:
            raise Mistake("is given twice", where=f"tasks.{task.task}", mend="give each task once")
        self.sizes[task.task], self.unseen[task.task] = len(task.items), task.unseen
        self.ids[task.task] = [item.item for item in task.items]
        for number, item in enumerate(task.items):
            for place, field in enumerate(item.fields):
                if field.whole is not None:
                    short.setdefault(field.tokens, {}).setdefault(field.whole, []).append(len(self._fields))
                self._fields.append((task.task, number, place, field.tokens))
                ngrams.append(np.array(field.ngrams, np.uint64))

    def _build(self, ngrams: list[Hashes]) -> None:
        """`_known`: the distinct n-grams, sorted. `_begins[i]` to `_begins[i + 1]`: those of the i-th in `_places`,
        each a field times `_stride` and a position: n-grams of two fields are further apart than an n-gram is long.
        Of each field `_tokens`, `_item` (numbered through all tasks) and `_task` (by the order of names).
        """
        names = sorted(self.sizes)
        first_item = dict(zip(self.sizes, accumulate(self.sizes.values(), initial=0), strict=False))
        self._tokens = np.array([tokens for *_, tokens in self._fields], np.int64)
        self._item = np.array([first_item[task] + number for task, number, *_ in self._fields], np.int64)
        self._task = np.array([names.index(task) for task, *_ in self._fields], np.int64)
        self._stride = int(self._tokens.max(initial=0)) + self.ngram + 1
        every = np.concatenate(ngrams) if ngrams else np.zeros(0, np.uint64)
        order = np.argsort(every, kind="stable")
        places = [field * self._stride + np.arange(len(one)) for field, one in enumerate(ngrams)]
        self._places = np.concatenate(places)[order] if places else _NONE
        self._known, first = np.unique(every[order], return_index=True)
        self._begins = np.append(first, len(every)).astype(np.int64)
        bits = min(max(SIEVE_BITS[0], len(self._known).bit_length() + 4), SIEVE_BITS[1])
        self._shift = np.uint64(64 - bits)
        self._sieve = np.zeros(1 << bits, np.bool_)
        self._sieve[self._known >> self._shift] = True

    def overlaps(self, user_turns: Iterable[str]) -> list[Overlap]:
        """The items that a row with these user turns gives away, task by task, the largest share first."""
        return [overlap for _, given in self.overlaps_of([list(user_turns)]) for overlap in given.overlaps()]

    def overlaps_of(self, rows: Sequence[Sequence[str]]) -> Iterator[tuple[int, Given]]:
        """(place of the row, what it gives away) of those of many rows that give something away, in order."""
        turns = [turn for row in rows for turn in row]
        row_of = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        hashes, offsets = token_hashes(turns)
        hits = self._hits(hashes, offsets, row_of)
        whole = self._short_fields(hashes, offsets, row_of)
        for row in sorted(hits.keys() | whole.keys()):
            given = self._given(hits.get(row, _NONE), tuple(sorted(whole.get(row, ()))))
            if given.count:
                yield row, given

    def _hits(self, hashes: Hashes, offsets: Offsets, row_of: Integers) -> dict[int, Integers]:
        """row → the places in `_known` of the distinct n-grams that it holds; rows without any are not there."""
        every, begins = windows(hashes, offsets, self.ngram)
        at = np.flatnonzero(self._sieve[every >> self._shift])
        if not len(at):
            return {}
        places = np.searchsorted(self._known, every[at])
        places[places == len(self._known)] = 0
        true = self._known[places] == every[at]
        at, places = at[true], places[true]
        if not len(at):
            return {}
        rows = row_of[np.searchsorted(begins, at, side="right") - 1]
        distinct = np.unique(rows * len(self._known) + places)
        rows, places = np.divmod(distinct, len(self._known))
        heads = np.flatnonzero(np.diff(rows, prepend=-1))
        return dict(zip(rows[heads].tolist(), np.split(places, heads[1:]), strict=True))

    def _short_fields(self, hashes: Hashes, offsets: Offsets, row_of: Integers) -> dict[int, set[int]]:
        """row → fields shorter than an n-gram that stand in one of its turns: anywhere in it, or (very short ones) as
        all of it.
        """
        found: dict[int, set[int]] = {}
        for length, short in self._short.items():
            every, begins = windows(hashes, offsets, length)
            at = np.flatnonzero(np.isin(every, short.hashes))
            if not len(at):
                continue
            turns = np.searchsorted(begins, at, side="right") - 1
            if 2 * length < self.ngram:
                alone = np.diff(offsets)[turns] == length
                at, turns = at[alone], turns[alone]
            for row, value in zip(row_of[turns].tolist(), every[at].tolist(), strict=True):
                found.setdefault(row, set()).update(short.fields[value])
        return found

    def _given(self, hits: Integers, whole: tuple[int, ...]) -> Given:
        """What a row with these hits gives away."""
        key = (hits.tobytes(), whole)
        given = self._remembered.get(key)
        if given is None:
            overlaps = self._overlaps(hits, whole)
            tasks = tuple(dict.fromkeys(overlap.task for overlap in overlaps))
            given = Given(self._numbers, len(overlaps), tasks, partial(self._overlaps, hits.copy(), whole))
            self._numbers += 1
            if self._held > MOST_REMEMBERED:
                self._remembered.clear()
                self._held = 0
            self._remembered[key] = given
            self._held += SET_HITS + 2 * len(hits)
        return given

    def _overlaps(self, hits: Integers, whole: tuple[int, ...]) -> tuple[Overlap, ...]:
        """Each item once, by its best field. The last outcome is kept: it is asked for again when it is counted."""
        if self._last[1] == whole and np.array_equal(self._last[0], hits):
            return self._last[2]
        self._last = hits, whole, self._worked_out(hits, whole)
        return self._last[2]

    def _worked_out(self, hits: Integers, whole: tuple[int, ...]) -> tuple[Overlap, ...]:
        covered = self._covered(hits) if len(hits) else _Covered(_NONE, _NONE, [])
        fields = np.append(covered.fields, np.array(whole, np.int64))
        tokens = self._tokens[fields]
        # floats of whole numbers below 2²⁶: equal, and in order, just where the fractions are
        shares = np.append(covered.tokens, tokens[len(covered.tokens) :]) / tokens
        items, tasks = self._item[fields], self._task[fields]
        order = np.lexsort((fields, -shares, items))
        best = order[np.flatnonzero(np.diff(items[order], prepend=-1))]
        best = best[np.lexsort((items[best], -shares[best], tasks[best]))]
        spans = [*covered.spans, *(((0, length),) for length in tokens[len(covered.tokens) :].tolist())]
        found = []
        for place, field, share in zip(best.tolist(), fields[best].tolist(), shares[best].tolist(), strict=True):
            task, item, number, _ = self._fields[field]
            found.append(Overlap(task, item, share, number, spans[place]))
        return tuple(found)

    def _covered(self, hits: Integers) -> _Covered:
        """The fields of which more than the limit counts."""
        counts = self._begins[hits + 1] - self._begins[hits]
        each = np.repeat(self._begins[hits] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        at = np.sort(self._places[each])
        steps = np.diff(at, prepend=-self._stride)
        fields = at // self._stride
        heads = np.flatnonzero(np.diff(fields, prepend=-1))
        tokens = np.add.reduceat(np.minimum(steps, self.ngram), heads)  # those that the n-gram before does not cover
        above = np.flatnonzero(tokens * self._limit.denominator > self._tokens[fields[heads]] * self._limit.numerator)
        first = np.flatnonzero(steps > self.ngram)  # of each run of tokens that n-grams cover without a gap
        starts, last = at[first] % self._stride, at[np.append(first[1:], len(at)) - 1] % self._stride
        runs = list(zip(starts.tolist(), (last + self.ngram).tolist(), strict=True))
        cuts = np.append(np.searchsorted(first, heads), len(first))
        spans = zip(cuts[above].tolist(), cuts[above + 1].tolist(), strict=True)
        return _Covered(fields[heads[above]], tokens[above], [tuple(runs[start:end]) for start, end in spans])


_NONE = np.zeros(0, np.int64)
