"""The shingles of a row, part by part: two rows are near when every part is.

A dialogue, or the prompt of a problem, is one part. A preference has five: its prompt, the chosen answer, the rejected
one, and what only the one or only the other of these two says. A completion with a label is a chosen answer alone, or a
rejected one. So a pair is no duplicate of its reverse, however alike its answers are, and a good answer none of the
same one called bad. A preference that has no shingle to tell its answers apart is near nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from postgrad.data.formats import Kind
from postgrad.data.shingles import marked, shingles
from postgrad.support.ngrams import BASE, Hashes, Offsets

Said = tuple[str, str]
"""Who speaks (a role; of a preference `chosen`, `rejected`, or `completion` with its label), and the text."""
Side = Literal["chosen", "rejected"]
REJECTED = ("rejected", "completion False")
_PART: dict[Kind, int] = {"examples": 0, "problems": 1, "preferences": 2}
"""The number of a row's first part; those of preferences go on from there."""


def prompts(kind: Kind, rows: Sequence[Sequence[Said]]) -> tuple[Hashes, Offsets]:
    """The shingles of rows without answers to compare: one part each."""
    hashes, offsets = shingles(["\n".join([text for _, text in said]) for said in rows])
    return marked(hashes, _PART[kind]), offsets


def preferences(rows: Sequence[Sequence[Said]]) -> tuple[Hashes, Offsets]:
    """The shingles of preferences with their answers."""
    asked, asked_at = prompts("preferences", [[turn for turn in said if _side(turn[0]) is None] for said in rows])
    chosen, rejected = _Answers.of(rows, "chosen"), _Answers.of(rows, "rejected")
    only_chosen, only_rejected = chosen.without(rejected), rejected.without(chosen)
    row = np.concatenate([_rows(asked_at), chosen.rows, rejected.rows, only_chosen.rows, only_rejected.rows])
    hashes = np.concatenate([asked, *(
        marked(answers.hashes, part)
        for part, answers in enumerate((chosen, rejected, only_chosen, only_rejected), _PART["preferences"] + 1))])
    told_apart = np.zeros(len(rows), np.bool_)
    told_apart[only_chosen.rows] = told_apart[only_rejected.rows] = True
    order = np.argsort(row, kind="stable")
    order = order[told_apart[row[order]]]
    return hashes[order], np.searchsorted(row[order], np.arange(len(rows) + 1))


@dataclass(frozen=True, slots=True)
class _Answers:
    """The shingles of one answer of each row, and the number of the row that each is of."""

    hashes: Hashes
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[Sequence[Said]], side: Side) -> "_Answers":
        hashes, offsets = shingles(["\n".join([text for who, text in said if _side(who) == side]) for said in rows])
        return cls(hashes, _rows(offsets))

    def without(self, other: "_Answers") -> "_Answers":
        """Those that the other answer of the row lacks."""
        alone = ~np.isin(self._in_row(), other._in_row())
        return _Answers(self.hashes[alone], self.rows[alone])

    def _in_row(self) -> Hashes:
        """The shingles so that those of one row are others than those of the next."""
        return self.hashes ^ self.rows.astype(np.uint64) * np.uint64(BASE)


def _side(who: str) -> Side | None:
    """Which answer this is; None for a turn of the prompt. Completions without a sound label stand with the chosen."""
    if who in REJECTED:
        return "rejected"
    return "chosen" if who == "chosen" or who.startswith("completion") else None


def _rows(offsets: Offsets) -> NDArray[np.int64]:
    """The number of the row that each shingle is of."""
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
