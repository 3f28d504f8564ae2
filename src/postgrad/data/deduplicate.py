"""Duplicates, exact and near: of the rows that say the same, or nearly, the best one stays and stands for the others.

The rule, which the tests carry out pair by pair: take the rows in their order of rank. A row leaves if and only if it
is an exact or a near duplicate of a row that has stayed. So there are no chains, and every row that leaves is tied by
the ledger to one that stays.

Rank: the capability with the higher priority, the licence whose strictest condition is milder (`support.licences`: no
condition, credit, share-alike, terms of its own, non-commercial, research only, no derived works, unknown), the longer
text as written, the earlier row. So the order of files decides only between rows that are equal in all else.

Exact: roles and texts are equal after NFC and after every run of white space has become one blank (none at the ends).
Case is kept: an answer in capitals is another answer where capitals were asked for. Near: the Jaccard likeness of the
rows' shingle sets is at least `near` (`data.shingles`; the candidates: `data.near`), of preferences in every part
(`data.parts`). Rows are compared as whole dialogues or by their user turns alone. Problems are compared by their
prompt, since a prompt must have one ground truth; where the ground truths differ the ledger says so.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from postgrad.data import parts
from postgrad.data.formats import Kind
from postgrad.data.near import Shown, near_duplicates
from postgrad.data.parts import Said
from postgrad.data.rows import Record
from postgrad.data.shingles import ShingleSpool
from postgrad.data.signatures import BandSpool, Shape, shape_for, signatures
from postgrad.records.types import Preference
from postgrad.support.errors import Mistake
from postgrad.support.ngrams import Hashes, Offsets
from postgrad.support.progress import Progress

STEP = "deduplicate"
STAYS = -1
BEST, DUPLICATE, NEAR_DUPLICATE = "best of its duplicates", "duplicate", "near duplicate"
Turns = Literal["all", "user"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Which duplicates leave. `near`: the least likeness, None for none. Mistake for a setting that cannot be."""

    exact: bool = True
    near: float | None = None
    turns: Turns = "all"

    def __post_init__(self) -> None:
        if not self.exact and self.near is None:
            raise Mistake("neither exact nor near duplicates are asked for", where=STEP, mend="ask for one")
        if self.turns not in ("all", "user"):
            raise Mistake(f"turns {self.turns!r} is unknown", where=STEP, mend="known: all, user")
        _ = self.shape

    @property
    def shape(self) -> Shape | None:
        return None if self.near is None else shape_for(self.near)

    def compared(self, said: Iterable[Said]) -> list[Said]:
        """The turns that are compared."""
        return [turn for turn in said if self.turns == "all" or turn[0] == "user"]


EXACT = Rule()


def normalised(text: str) -> str:
    """NFC, every run of white space one blank, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def said_in(row: Record) -> list[Said]:
    """All that a row says: the messages, and of a preference the answers after its prompt."""
    messages = row.prompt if isinstance(row, Preference) else row.messages
    said: list[Said] = [(message.role, message.content) for message in messages]
    if isinstance(row, Preference):
        answers = (("chosen", row.chosen), ("rejected", row.rejected), (f"completion {row.label}", row.completion))
        said += [(name, answer) for name, answer in answers if answer is not None]
    return said


def duplicate_key(kind: Kind, said: Iterable[Said]) -> bytes:
    """16 bytes that two rows share if and only if (but for collisions of blake2b) they say the same."""
    turns = "\x1e".join([f"{who}\x1f{normalised(text)}" for who, text in said])  # both marks are white space to split()
    return _digest(f"{kind}\x1e{turns}")


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Signed:
    """All that is compared of some rows. `keys`: (rows, 2). `lengths`: in characters, of the whole row as written.

    `shingles` with `offsets` and `bands` (rows, bands) are None where nothing near is looked for.
    """

    keys: NDArray[np.uint64]
    lengths: NDArray[np.int64]
    shingles: Hashes | None = None
    offsets: Offsets | None = None
    bands: NDArray[np.uint64] | None = None


def sign(kind: Kind, rows: Sequence[Sequence[Said]], rule: Rule) -> Signed:
    """What is compared of these rows, each given as all that it says."""
    compared = [rule.compared(said) for said in rows]
    keys = np.frombuffer(b"".join([duplicate_key(kind, said) for said in compared]), np.uint64).reshape(-1, 2)
    lengths = np.array([sum(len(text) for _, text in said) for said in rows], np.int64)
    if rule.shape is None:
        return Signed(keys, lengths)
    answered = kind == "preferences" and rule.turns == "all"
    hashes, offsets = parts.preferences(compared) if answered else parts.prompts(kind, compared)
    return Signed(keys, lengths, hashes, offsets, signatures(hashes, offsets, rule.shape))


@dataclass(frozen=True, slots=True)
class Decided:
    """Of each row the number of the one that stands for it, `STAYS` for those that stay, and how alike the two are.

    `likeness` is 0 for exact duplicates, which are not measured, and for rows that stay.
    """

    keeper: NDArray[np.int64]
    likeness: NDArray[np.float64]
    comparisons: int = 0
    capped: int = 0

    def groups(self) -> dict[int, list[int]]:
        """keeper → the rows that it stands for, ascending."""
        gone = np.flatnonzero(self.keeper != STAYS)
        found: dict[int, list[int]] = {}
        for row, keeper in zip(gone.tolist(), self.keeper[gone].tolist(), strict=True):
            found.setdefault(keeper, []).append(row)
        return found


class Comparison:
    """Takes what is compared of all rows, in their order, and decides. A context manager.

    Memory: about 50 bytes a row, and as much again while it decides. Where near ones are looked for, 15 bytes a band
    for each row that shares one, and what `data.near` holds at once, some 130 MB. The rest lies in unnamed files of
    `folder`: 8 bytes a token and a band.
    """

    def __init__(self, rule: Rule, folder: Path) -> None:
        self.rule = rule
        self._keys: list[NDArray[np.uint64]] = []
        self._lengths: list[NDArray[np.int64]] = []
        self._ranks: list[NDArray[np.float64]] = []
        self._files = ExitStack()
        self._spools: tuple[ShingleSpool, BandSpool] | None = None
        if rule.shape is not None:
            shingle_spool, band_spool = ShingleSpool(folder), BandSpool(folder, rule.shape)
            self._files.callback(shingle_spool.close)
            self._files.callback(band_spool.close)
            self._spools = shingle_spool, band_spool

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._files.close()

    def add(self, signed: Signed, ranks: Sequence[tuple[float, float]] = ()) -> None:
        """Append rows; `ranks`: of each row two numbers that go before its length, the higher the better."""
        self._keys.append(signed.keys)
        self._lengths.append(signed.lengths)
        if ranks:
            self._ranks.append(np.array(ranks))
        if self._spools and signed.shingles is not None and signed.offsets is not None and signed.bands is not None:
            self._spools[0].add(signed.shingles, signed.offsets)
            self._spools[1].add(signed.bands)

    def decide(self, shown: Shown = Progress) -> Decided:
        """Which rows leave, and for whom."""
        if not any(map(len, self._keys)):
            return Decided(np.zeros(0, np.int64), np.zeros(0))
        ranked = self._ranked()
        keeper = np.full(len(ranked), STAYS, np.int64)
        if self.rule.exact:
            ranked = self._exact(ranked, keeper)
        if self._spools is None or self.rule.near is None:
            return Decided(keeper, np.zeros(len(keeper)))
        shingle_spool, band_spool = self._spools
        shingle_spool.finish()
        ranked = ranked[shingle_spool.counts[ranked] > 0]
        near = near_duplicates(ranked, shingle_spool, band_spool, self.rule.near, shown)
        gone = near.keeper >= 0
        likeness = np.zeros(len(keeper))
        followers = np.flatnonzero(keeper != STAYS)
        keeper[ranked[gone]] = ranked[near.keeper[gone]]
        likeness[ranked[gone]] = near.likeness[gone]
        # an exact duplicate goes where the row goes that it equals
        equals = keeper[followers]
        moved = keeper[equals] != STAYS
        likeness[followers[moved]] = likeness[equals[moved]]
        keeper[followers[moved]] = keeper[equals[moved]]
        return Decided(keeper, likeness, near.comparisons, near.capped)

    def _ranked(self) -> NDArray[np.int64]:
        """The rows' numbers, best first."""
        lengths = np.concatenate(self._lengths)
        self._lengths.clear()
        order = [-lengths]
        if self._ranks:
            first, second = np.concatenate(self._ranks).T
            self._ranks.clear()
            order += [-second, -first]
        return np.lexsort(order)  # stable: the earlier row goes first

    def _exact(self, ranked: NDArray[np.int64], keeper: NDArray[np.int64]) -> NDArray[np.int64]:
        """Enter the keepers of exact duplicates; returns the others, best first."""
        keys = np.concatenate(self._keys)[ranked]
        self._keys.clear()
        order = np.lexsort((keys[:, 1], keys[:, 0]))
        first = np.concatenate([[True], (keys[order[1:]] != keys[order[:-1]]).any(axis=1)])
        best = order[np.flatnonzero(first)[np.cumsum(first) - 1]]
        keeper[ranked[order[~first]]] = ranked[best[~first]]
        return ranked[keeper[ranked] == STAYS]


def said_of(keeper: str, likeness: float) -> tuple[str, str]:
    """Reason and detail of a row that leaves for `keeper`."""
    return (NEAR_DUPLICATE, f"{likeness:.3f} of {keeper}") if likeness else (DUPLICATE, f"of {keeper}")
