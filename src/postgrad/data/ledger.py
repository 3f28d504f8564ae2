"""The ledger: what a step did to every row, and the proof that no row went missing.

`keep` a row that was judged and stays · `change` it stays, altered · `drop` it leaves · `make` a row that came into
being here (a copy for a further epoch). A row without an entry passed unchanged.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from postgrad.records.tables import ORIGIN, ROWS_A_GROUP, SCHEMAS, write_tables
from postgrad.records.types import LedgerEntry, Origin
from postgrad.support.errors import Failure


class Ledger:
    """Takes a step's entries, in the order they come, without holding them in memory. A context manager."""

    def __init__(self, step: str, folder: Path) -> None:
        """`folder`: on whose disk entries wait, in a file without a name."""
        self.step = step
        self._spool = tempfile.TemporaryFile("w+", encoding="utf-8", dir=folder)  # noqa: SIM115 (closed by __exit__)
        self._reasons: dict[str, Counter[str]] = {action: Counter() for action in ("keep", "change", "drop", "make")}
        self._dropped: Counter[str] = Counter()
        self._made: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def add(self, entry: LedgerEntry) -> None:
        origin = entry.origin
        self._reasons[entry.action][entry.reason] += 1
        if entry.action == "drop":
            self._dropped[origin.source] += 1
        elif entry.action == "make":
            self._made[origin.source] += 1
        row = [origin.source, origin.file, origin.row, entry.step, entry.action, entry.reason, entry.detail]
        self._spool.write(json.dumps(row) + "\n")

    def kept(self, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """Pass on the rows that the step writes, in their Parquet form, counting them by source."""
        for table in tables:
            self._kept.update(table["source"].to_pylist())
            yield table

    def close(self, rows_in: int, rows_made: int, rows_kept: int) -> dict[str, Any]:
        """The counts of the step, once they are proved: rows in + rows made = rows kept + rows dropped.

        `rows_in` and `rows_kept` are counted by the caller, where rows are read and written, so that a row that a part
        forgot to hand on is found out. Failure if the balance does not hold.
        """
        rows_dropped = self._dropped.total()
        if rows_made != self._made.total() or rows_in + rows_made != rows_kept + rows_dropped:
            raise Failure(
                f"rows went missing: {rows_in} in + {rows_made} made ({self._made.total()} in the ledger) is not "
                f"{rows_kept} kept + {rows_dropped} dropped", where=self.step,
                mend="this is a fault of postgrad: report it")
        sources = sorted(self._kept | self._dropped)
        return {
            "rows_in": rows_in, "rows_made": rows_made, "rows_kept": rows_kept, "rows_dropped": rows_dropped,
            "by_reason": dict(sorted(self._reasons["drop"].items())),
            "changed": dict(sorted(self._reasons["change"].items())),
            "by_source": {source: {"made": self._made[source], "kept": self._kept[source],
                                   "dropped": self._dropped[source]} for source in sources},
        }

    def entries(self) -> Iterator[LedgerEntry]:
        """All entries so far, in order."""
        self._spool.flush()
        self._spool.seek(0)
        for line in self._spool:
            source, file, row, step, action, reason, detail = json.loads(line)
            yield LedgerEntry(Origin(source, file, row), step, action, reason, detail)

    def write(self, path: Path, hashes: Mapping[str, str] | None = None) -> int:
        """Write the entries as Parquet; returns how many. `hashes`: source → the hash of its one file, where entries
        were made before it was known.
        """
        return write_tables(path, LedgerEntry, self._tables(hashes))

    def _tables(self, hashes: Mapping[str, str] | None) -> Iterator[pa.Table]:
        """The entries in their Parquet form, column by column: millions of them are no rarity."""
        schema = SCHEMAS[LedgerEntry]
        self._spool.flush()
        self._spool.seek(0)
        while lines := list(islice(self._spool, ROWS_A_GROUP)):
            sources, files, rows, *said = zip(*json.loads(f"[{','.join(lines)}]"), strict=True)
            if hashes is not None:
                files = tuple(hashes[source] for source in sources)
            own = [pa.array(column, field.type) for column, field in zip((sources, files, rows), ORIGIN, strict=True)]
            rest = [pa.array(column, pa.string()) for column in said]
            yield pa.table([pa.StructArray.from_arrays(own, fields=list(ORIGIN)), *rest], schema=schema)
