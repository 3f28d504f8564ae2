"""Rows of a file of any size in another order, some of them several times, in bounded memory.

Parquet gives its rows in order; fetching single ones means decoding a whole row group for each. So the rows are read
once and dealt to buckets by where they are to stand: a bucket holds a stretch of the new order that fits into memory.
Then bucket after bucket is read back, sorted and handed on, once for every epoch. That reads the input once and writes
and reads what is taken once more (and again for every further epoch), to unnamed files that a killed process leaves
nothing of. What fits into one bucket stays in memory.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

BUCKET_BYTES = 32 << 20
"""Of rows in a bucket. What is in memory: a bucket as it was read, its rows in order, and a batch of the input."""
MOST_BUCKETS = 256
"""Files that are open side by side."""
POSITION = "position"


def gather(batches: Iterable[pa.RecordBatch], order_N: npt.NDArray[np.int64], times_N: npt.NDArray[np.int64],
           size: int, folder: Path) -> Iterator[tuple[int, pa.Table]]:
    """(epoch from 0, a stretch of it): rows by `order_N` (positions), in epoch e those taken more than e times.

    `batches` hold the N rows, in order of position; `size`: bytes of them all, about; `folder`: where there is room for
    what is taken.
    """
    taken_N = times_N > 0
    rank_N = np.zeros(len(order_N), np.int64)
    rank_N[order_N] = np.cumsum(taken_N[order_N]) - 1  # place among the rows that are taken
    rows = int(taken_N.sum())
    count = min(MOST_BUCKETS, max(1, -(-size * rows // max(1, len(order_N)) // BUCKET_BYTES)))
    with ExitStack() as stack:
        buckets = [stack.enter_context(_Bucket(folder if count > 1 else None)) for _ in range(count)]
        start = 0
        for batch in batches:
            positions_B = start + np.flatnonzero(taken_N[start:start + len(batch)])
            bucket_B = rank_N[positions_B] * count // max(1, rows)
            for number in np.unique(bucket_B):
                own_B = positions_B[bucket_B == number]
                part = batch.take(pa.array(own_B - start))
                buckets[number].add(part.append_column(POSITION, pa.array(own_B)))
            start += len(batch)
        for epoch in range(int(times_N.max(initial=0))):
            for bucket in buckets:
                table = bucket.read()
                if table is not None:
                    position_B = table[POSITION].to_numpy()
                    order_B = np.argsort(rank_N[position_B])
                    again_B = order_B[times_N[position_B[order_B]] > epoch]
                    table = table.drop_columns([POSITION]).take(pa.array(again_B))
                    yield epoch, table


class _Bucket:
    """Batches of rows: in an unnamed file in `folder`, or in memory without one. A context manager."""

    def __init__(self, folder: Path | None) -> None:
        self._file: IO[bytes] | None = tempfile.TemporaryFile(dir=folder) if folder else None  # noqa: SIM115 (__exit__)
        self._writer: Any = None
        self._batches: list[pa.RecordBatch] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._batches.clear()
        if self._file is not None:
            self._file.close()

    def add(self, batch: pa.RecordBatch) -> None:
        if self._file is None:
            self._batches.append(batch)
            return
        if self._writer is None:
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            self._writer = pa.ipc.new_stream(self._file, batch.schema, options=options)
        self._writer.write_batch(batch)

    def read(self) -> pa.Table | None:
        """All that was added, None if nothing was. Nothing may be added after it."""
        if self._file is None:
            return pa.Table.from_batches(self._batches) if self._batches else None
        if self._writer is None:
            return None
        self._writer.close()
        self._file.seek(0)
        return pa.ipc.open_stream(self._file).read_all()
