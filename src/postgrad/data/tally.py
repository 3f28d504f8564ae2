"""What rows give away, counted: items by source and task, and the first overlaps one by one.

Workers count piece by piece, and what they hand on is put together in the order of the pieces. A worker goes through
rows that give away the same, as those of a template do, only once. Memory grows with sources × items.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from postgrad.data.overlaps import Given, Overlap

R = TypeVar("R")
MOST_COUNTED = 1 << 17
"""Of what was counted so many are known by their number: about 20 MB."""


@dataclass(slots=True)
class Tally(Generic[R]):
    """`rows` and `items` are by source and task. `listed`: the first `most` overlaps, each with its row; `beyond`: how
    many more there are.
    """

    most: int
    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    items: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    listed: list[tuple[R, Overlap]] = field(default_factory=list)
    beyond: int = 0
    _counted: set[tuple[str, int]] = field(default_factory=set)

    def add(self, source: str, row: R, given: Given) -> None:
        """One more row, of one index."""
        self.rows.update((source, task) for task in given.tasks)
        if (source, given.number) not in self._counted:
            for overlap in given.overlaps():
                self.items.setdefault((source, overlap.task), set()).add(overlap.item)
            if len(self._counted) >= MOST_COUNTED:
                self._counted.clear()
            self._counted.add((source, given.number))
        room = self.most - len(self.listed)
        new = [(row, overlap) for overlap in given.overlaps()[:room]] if room else []
        self._list(new, given.count)

    def handed_on(self) -> "Tally[R]":
        """What was counted since the last time, without items of rows that gave the same as one before."""
        piece = Tally(self.most, self.rows, self.items, self.listed, self.beyond)
        self.most -= len(self.listed)
        self.rows, self.items, self.listed, self.beyond = Counter(), {}, [], 0
        return piece

    def extend(self, later: "Tally[R]") -> None:
        """Take up what was handed on of the rows after these."""
        self.rows.update(later.rows)
        for pair, items in later.items.items():
            self.items.setdefault(pair, set()).update(items)
        self._list(later.listed[: self.most - len(self.listed)], len(later.listed) + later.beyond)

    def _list(self, new: list[tuple[R, Overlap]], found: int) -> None:
        self.listed += new
        self.beyond += found - len(new)
