"""Which items of which tasks a training row gives away: Tülu 3's rule (paper, section 3.2), by an inverted index.

- Only user turns are compared; answers and chat markers play no part.
- Tokens are those of `support.ngrams` (words and numbers after NFKC and case folding).
- A token of an item counts when an n-gram (8) that covers it occurs in the row. N-grams do not reach from one turn into
  the next; hits of all turns of the same row count together. An n-gram that the item repeats counts at every place.
- The item overlaps when MORE than `overlap` (half) of the tokens of one of its fields count: of several fields the
  largest share is the item's.
- The published method cannot match an item shorter than n tokens. Here such an item overlaps when all its tokens stand
  side by side in one user turn; below n/2 tokens, where that would be chance, when they are the whole turn.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from postgrad.support.errors import Mistake
from postgrad.support.hashed_items import HashedItems
from postgrad.support.ngrams import hashed, tokens


@dataclass(frozen=True, slots=True)
class Overlap:
    """A row gives away item `item` (its place in the task's items); `share` of the tokens of its best field count."""

    task: str
    item: int
    share: float


class ItemIndex:
    """The n-grams of all items, and where each stands: n-gram hash → [(field, position)].

    Memory: about 150 bytes for each distinct n-gram of the tasks; nothing grows with the training rows.
    """

    def __init__(self, tasks: Sequence[HashedItems], *, ngram: int, overlap: float) -> None:
        if ngram < 1 or not 0 <= overlap < 1:
            raise Mistake(f"ngram {ngram}, overlap {overlap}", where="curate.decontaminate",
                          mend="ngram is at least 1, overlap at least 0 and below 1")
        self.ngram, self._limit = ngram, Fraction(str(overlap))
        self.sizes: dict[str, int] = {}
        self.unseen: dict[str, bool] = {}
        self._fields: list[tuple[str, int, int]] = []  # task, item, tokens
        self._places: dict[int, list[tuple[int, int]]] = {}
        self._short: dict[int, dict[int, list[int]]] = {}  # tokens → hash of them all → fields
        for task in tasks:
            self._add(task)

    def _add(self, task: HashedItems) -> None:
        if task.ngram != self.ngram:
            raise Mistake(f"items are hashed as {task.ngram}-grams, wanted {self.ngram}", where=f"tasks.{task.task}")
        if task.task in self.sizes:
            raise Mistake("is given twice", where=f"tasks.{task.task}", mend="give each task once")
        self.sizes[task.task], self.unseen[task.task] = len(task.items), task.unseen
        for number, item in enumerate(task.items):
            for field in item.fields:
                index = len(self._fields)
                self._fields.append((task.task, number, field.tokens))
                for position, ngram in enumerate(field.ngrams):
                    self._places.setdefault(ngram, []).append((index, position))
                if field.whole is not None:
                    self._short.setdefault(field.tokens, {}).setdefault(field.whole, []).append(index)

    def overlaps(self, user_turns: Iterable[str]) -> list[Overlap]:
        """The items that a row with these user turns gives away, task by task, the largest share first."""
        found: set[int] = set()
        whole: set[int] = set()
        for turn in user_turns:
            said = tokens(turn)
            found.update(ngram for ngram in hashed(said, self.ngram) if ngram in self._places)
            whole |= self._short_fields(said)
        shares: dict[tuple[str, int], Fraction] = {}
        for index, share in [*self._covered(found), *((index, Fraction(1)) for index in whole)]:
            task, item, _ = self._fields[index]
            if share > self._limit:
                shares[task, item] = max(share, shares.get((task, item), Fraction(0)))
        ordered = sorted(shares.items(), key=lambda pair: (pair[0][0], -pair[1], pair[0][1]))
        return [Overlap(task, item, float(share)) for (task, item), share in ordered]

    def _covered(self, found: set[int]) -> list[tuple[int, Fraction]]:
        """For each field with a hit: the share of its tokens that an n-gram found covers."""
        starts: dict[int, list[int]] = {}
        for ngram in found:
            for index, position in self._places[ngram]:
                starts.setdefault(index, []).append(position)
        shares = []
        for index, positions in starts.items():
            covered, reached = 0, 0
            for position in sorted(positions):
                covered += position + self.ngram - max(position, reached)
                reached = position + self.ngram
            shares.append((index, Fraction(covered, self._fields[index][2])))
        return shares

    def _short_fields(self, said: list[str]) -> set[int]:
        """Fields shorter than an n-gram that stand in this turn: anywhere in it, or (very short ones) as all of it."""
        found: set[int] = set()
        for length, known in self._short.items():
            if 2 * length >= self.ngram or length == len(said):
                for window in hashed(said, length):
                    found.update(known.get(window, ()))
        return found
