"""What rows give away, counted: items by source and task, and the first overlaps one by one.

Made piece by piece, in workers too, and put together in the order of the pieces. Memory grows with sources × items.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from postgrad.data.overlaps import Given, Overlap

R = TypeVar("R")


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
        """One more row, of one index. What equals an earlier row of its source is not gone through again."""
        self.rows.update((source, task) for task in given.tasks)
        if (source, given.number) not in self._counted:
            self._counted.add((source, given.number))
            for overlap in given.overlaps:
                self.items.setdefault((source, overlap.task), set()).add(overlap.item)
        self._list([(row, overlap) for overlap in given.overlaps[: self.most - len(self.listed)]], len(given.overlaps))

    def extend(self, later: "Tally[R]") -> None:
        """Take up what was counted of the rows after these."""
        self.rows.update(later.rows)
        for pair, items in later.items.items():
            self.items.setdefault(pair, set()).update(items)
        self._list(later.listed[: self.most - len(self.listed)], len(later.listed) + later.beyond)

    def _list(self, new: list[tuple[R, Overlap]], found: int) -> None:
        self.listed += new
        self.beyond += found - len(new)
