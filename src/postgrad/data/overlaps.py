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
with a hit are looked at one by one. Rows that hit the same n-grams (those of one template) are worked out once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from postgrad.support.errors import Mistake
from postgrad.support.hashed_items import HashedItems
from postgrad.support.ngrams import Hashes, Offsets, token_hashes, windows

Integers = NDArray[np.int64]
SIEVE_BITS = (16, 26)
"""Least and most bits of a hash that the sieve looks at: 16 places for each n-gram of the tasks, at most 64 MB."""
MOST_REMEMBERED = 20_000
"""Sets of hits whose overlaps are kept at hand."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """A row gives away item `item` (its place in the task's items); `share` of the tokens of its field `field` count.

    `spans`: the tokens of that field that count, as [start, end) runs.
    """

    task: str
    item: int
    share: float
    field: int = 0
    spans: tuple[tuple[int, int], ...] = ()


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


class ItemIndex:
    """The n-grams of all items, and where each stands.

    Memory: about 24 bytes for each n-gram of the tasks, and the sieve; nothing grows with the training rows.
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
        self._remembered: dict[tuple[bytes, tuple[int, ...]], tuple[Overlap, ...]] = {}

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
        """`_known`: the distinct n-grams, sorted; `_begins[i]` to `_begins[i + 1]`: the places of the i-th in `_field`
        and `_position`.
        """
        counts = np.array([len(one) for one in ngrams], np.int64)
        every = np.concatenate(ngrams) if ngrams else np.zeros(0, np.uint64)
        order = np.argsort(every, kind="stable")
        self._field = np.repeat(np.arange(len(ngrams)), counts)[order]
        begins = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])[:-1]
        self._position = (np.arange(len(every)) - np.repeat(begins, counts))[order]
        self._known, first = np.unique(every[order], return_index=True)
        self._begins = np.append(first, len(every)).astype(np.int64)
        bits = min(max(SIEVE_BITS[0], len(self._known).bit_length() + 4), SIEVE_BITS[1])
        self._shift = np.uint64(64 - bits)
        self._sieve = np.zeros(1 << bits, np.bool_)
        self._sieve[self._known >> self._shift] = True
        self._tokens = np.array([field[3] for field in self._fields], np.int64)

    def overlaps(self, user_turns: Iterable[str]) -> list[Overlap]:
        """The items that a row with these user turns gives away, task by task, the largest share first."""
        return list(self.overlaps_of([list(user_turns)])[0])

    def overlaps_of(self, rows: Sequence[Sequence[str]]) -> list[tuple[Overlap, ...]]:
        """The same of each of many rows, given by their user turns."""
        turns = [turn for row in rows for turn in row]
        row_of = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        hashes, offsets = token_hashes(turns)
        found: list[tuple[Overlap, ...]] = [()] * len(rows)
        hits = self._hits(hashes, offsets, row_of)
        whole = self._short_fields(hashes, offsets, row_of)
        for row in sorted(hits.keys() | whole.keys()):
            found[row] = self._overlaps(hits.get(row, _NONE), tuple(sorted(whole.get(row, ()))))
        return found

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

    def _overlaps(self, hits: Integers, whole: tuple[int, ...]) -> tuple[Overlap, ...]:
        """What a row with these hits gives away: each item once, by its best field."""
        key = (hits.tobytes(), whole)
        known = self._remembered.get(key)
        if known is not None:
            return known
        best: dict[tuple[str, int], tuple[Fraction, int, tuple[tuple[int, int], ...]]] = {}
        full = [(field, int(self._tokens[field]), ((0, int(self._tokens[field])),)) for field in whole]
        for field, covered, spans in sorted([*self._covered(hits), *full]):
            task, item, number, tokens = self._fields[field]
            share = Fraction(covered, tokens)
            if (task, item) not in best or share > best[task, item][0]:
                best[task, item] = (share, number, spans)
        ordered = sorted(best.items(), key=lambda pair: (pair[0][0], -pair[1][0], pair[0][1]))
        found = tuple(Overlap(task, item, float(share), number, spans)
                      for (task, item), (share, number, spans) in ordered)
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[key] = found
        return found

    def _covered(self, hits: Integers) -> list[tuple[int, int, tuple[tuple[int, int], ...]]]:
        """(field, tokens that count, their runs) of every field of which more than the limit counts."""
        counts = self._begins[hits + 1] - self._begins[hits]
        places = np.repeat(self._begins[hits] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        order = np.lexsort((self._position[places], self._field[places]))
        fields, positions = self._field[places][order], self._position[places][order]
        heads = np.flatnonzero(np.diff(fields, prepend=-1))
        ends = np.append(heads[1:], len(fields))
        new = np.full(len(fields), self.ngram)  # tokens that an n-gram covers and the one before it does not
        new[1:] = np.where(np.diff(fields) == 0, np.minimum(np.diff(positions), self.ngram), self.ngram)
        covered = np.add.reduceat(new, heads) if len(heads) else new
        above = covered * self._limit.denominator > self._tokens[fields[heads]] * self._limit.numerator
        return [(int(fields[heads[group]]), int(covered[group]),
                 _runs(positions[heads[group] : ends[group]].tolist(), self.ngram))
                for group in np.flatnonzero(above).tolist()]


_NONE = np.zeros(0, np.int64)


def _runs(positions: list[int], n: int) -> tuple[tuple[int, int], ...]:
    """The runs of tokens that n-grams at these sorted positions cover."""
    runs: list[tuple[int, int]] = []
    for position in positions:
        if runs and position <= runs[-1][1]:
            runs[-1] = (runs[-1][0], position + n)
        else:
            runs.append((position, position + n))
    return tuple(runs)
