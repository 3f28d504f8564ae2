"""A few rows out of many, the same ones each time: those whose hashes with the seed are the smallest."""

import heapq
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from postgrad.support.hashing import hash_text

HEX_DIGITS = 15
"""Of a content_id, as a number that fits 64 bits."""


def numbers(batch: pa.RecordBatch) -> np.ndarray:
    """The rows' content_ids as numbers, (N,) uint64: rows that say the same have the same one."""
    return np.array([int(one[:HEX_DIGITS], 16) for one in batch.column("content_id").to_pylist()], dtype=np.uint64)


def shuffled(numbers_N: np.ndarray, seed: int) -> np.ndarray:
    """Numbers that look random and depend on the seed, one to one (the finaliser of splitmix64)."""
    with np.errstate(over="ignore"):
        x = numbers_N ^ np.uint64(int(hash_text(str(seed))[:16], 16))
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


class Draw:
    """Keeps `size` rows of all that it is offered, each text once, whatever the order of the batches."""

    def __init__(self, size: int, seed: int) -> None:
        self.size, self.seed = size, seed
        self._heap: list[int] = []  # −hash, so that the largest hash is the first to go
        self._rows: dict[int, dict[str, Any]] = {}

    def offer(self, batch: pa.RecordBatch, numbers_N: np.ndarray, allowed_N: np.ndarray | None = None) -> None:
        """Look at a batch of records; `allowed_N` (N,) bool says which may be drawn."""
        hashes_N = shuffled(numbers_N, self.seed)
        wanted_N = np.ones(len(hashes_N), dtype=bool) if allowed_N is None else allowed_N.copy()
        if len(self._heap) >= self.size:
            wanted_N &= hashes_N < np.uint64(-self._heap[0])
        indices_N = np.flatnonzero(wanted_N)
        values_D, first_D = np.unique(hashes_N[indices_N], return_index=True)
        for value, index in zip(values_D[: self.size].tolist(), indices_N[first_D[: self.size]].tolist(), strict=True):
            if value in self._rows:
                continue
            self._rows[value] = batch.slice(index, 1).to_pylist()[0]
            heapq.heappush(self._heap, -value)
            if len(self._heap) > self.size:
                del self._rows[-heapq.heappop(self._heap)]

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows drawn, the smallest hash first, as Parquet has them."""
        return (self._rows[value] for value in sorted(self._rows))


def turns(row: dict[str, Any]) -> list[tuple[str, str]]:
    """(who, text) of a row of any kind, in the order in which a person reads it."""
    said = [(turn["role"], turn["content"]) for turn in row.get("messages") or row.get("prompt") or []]
    said += [(name, row[name]) for name in ("chosen", "rejected", "completion") if row.get(name) is not None]
    if row.get("ground_truth") not in (None, "null"):
        said.append(("ground truth", row["ground_truth"]))
    return said


def any_turn(batch: pa.RecordBatch, text: str) -> np.ndarray:
    """(N,) bool: whether a turn of the row holds the text, small and capital letters alike."""
    name = "messages" if "messages" in batch.schema.names else "prompt"
    column = batch.column(name)
    held = pc.match_substring(column.flatten().field("content"), text, ignore_case=True).to_numpy(zero_copy_only=False)
    sums = np.concatenate([[0], np.cumsum(held)])
    offsets = np.concatenate([[0], np.cumsum(pc.list_value_length(column).to_numpy(zero_copy_only=False))])
    found = sums[offsets[1:]] > sums[offsets[:-1]]
    for other in ("chosen", "rejected", "completion"):
        if other in batch.schema.names:
            said = pc.match_substring(batch.column(other), text, ignore_case=True)
            found |= pc.fill_null(said, False).to_numpy(zero_copy_only=False)
    return found
