"""What the mixture knows of every row, in columns of about 60 bytes a row, and the order in which rows are written.

The order is that of a hash of (seed, content_id), then of the origin: the same whatever order the rows came in.
"""

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from postgrad.data.mixture import Part, Supply, Wanted, share_rows, table
from postgrad.records.types import Origin

DIGEST_BYTES = 32


class Weighed:
    """Rows as they are read, one `add` each; N of them. `seed` of the order."""

    def __init__(self, seed: int) -> None:
        self._prefix = hashlib.sha256(f"{seed}/".encode())
        self._digests, self._tokens, self._rows = bytearray(), array("q"), array("q")
        self._groups, self._files = array("i"), array("i")
        self._group_codes: dict[tuple[str, str], int] = {}
        self._file_codes: dict[tuple[str, str], int] = {}

    def __len__(self) -> int:
        return len(self._tokens)

    def add(self, content_id: str, origin: Origin, capability: str, tokens: int) -> None:
        """One row with its trained tokens: 1 where rows have none to count, 0 if it is not to be taken."""
        digest = self._prefix.copy()
        digest.update(content_id.encode())
        self._digests += digest.digest()
        self._tokens.append(tokens)
        self._rows.append(origin.row)
        self._groups.append(self._group_codes.setdefault((capability, origin.source), len(self._group_codes)))
        self._files.append(self._file_codes.setdefault((origin.source, origin.file), len(self._file_codes)))

    @property
    def tokens_N(self) -> npt.NDArray[np.int64]:
        return np.frombuffer(self._tokens, np.int64) if self._tokens else np.zeros(0, np.int64)

    def order_N(self) -> npt.NDArray[np.int64]:
        """Positions of the rows in the order in which they are written."""
        if not len(self):
            return np.zeros(0, np.int64)
        digests_N4 = np.frombuffer(self._digests, ">u8").reshape(-1, DIGEST_BYTES // 8)
        order_N = np.argsort(digests_N4[:, 0].astype(np.uint64), kind="stable")
        first_N = digests_N4[order_N, 0]
        if len(first_N) == 1 or not (first_N[1:] == first_N[:-1]).any():
            return order_N
        files_N = _ranks(self._file_codes)[np.frombuffer(self._files, np.int32)]  # equal texts: the origin decides
        keys: list[npt.NDArray[Any]] = [np.frombuffer(self._rows, np.int64), files_N]
        keys += [digests_N4[:, word].astype(np.uint64) for word in (3, 2, 1, 0)]
        return np.lexsort(keys)

    def sources(self) -> list[tuple[str, str, npt.NDArray[np.bool_]]]:
        """(capability, source, which of the N rows are its own and can be taken), those that have any."""
        groups_N, usable_N = np.frombuffer(self._groups, np.int32), self.tokens_N > 0
        found = [(*name, (groups_N == code) & usable_N) for name, code in sorted(self._group_codes.items())]
        return [one for one in found if one[2].any()]


def _ranks(codes: dict[tuple[str, str], int]) -> npt.NDArray[np.int32]:
    """code → its place among all, by (source, file)."""
    ranks = np.empty(len(codes), np.int32)
    for rank, name in enumerate(sorted(codes)):
        ranks[codes[name]] = rank
    return ranks


@dataclass(frozen=True, slots=True)
class Mixed:
    """`times_N`: how often each row is written. `order_N`: positions of all rows in the order of writing, which every
    epoch goes through: the rows taken more than e times are written in epoch e, from 0. `parts`: what came of it.
    """

    tokens_N: npt.NDArray[np.int64]
    times_N: npt.NDArray[np.int64]
    order_N: npt.NDArray[np.int64]
    parts: Sequence[Part]

    def written(self) -> npt.NDArray[np.int64]:
        """Positions of the rows as they are written, copies and all."""
        epochs = range(int(self.times_N.max(initial=0)))
        return np.concatenate([np.zeros(0, np.int64), *(self.order_N[self.times_N[self.order_N] > e] for e in epochs)])


def mix(weighed: Weighed, wanted: Wanted) -> Mixed:
    """Take from the rows what the mixture wants. Mistake as `share_rows` says."""
    order_N = weighed.order_N()
    tokens_N, times_N = weighed.tokens_N, np.zeros(len(weighed), np.int64)
    members = [(capability, source, order_N[own_N[order_N]]) for capability, source, own_N in weighed.sources()]
    supplies = [Supply(capability, source, tokens_N[own]) for capability, source, own in members]
    taken = share_rows(supplies, wanted)
    for (_, source, own), one in zip(members, taken, strict=True):
        if source not in wanted.left_out:
            times_N[own] = one.passes
            times_N[own[:one.part]] += 1
    return Mixed(tokens_N, times_N, order_N, table(supplies, taken, wanted))
