"""What a command on files leaves in its folder: the rows that stay, the ledger, and the report.

    kept.jsonl | kept.parquet   the rows that stay, as they stood but for what was changed in them
    ledger.parquet              what was done to every other row, keyed by (file as given, its hash, row from 0)
    report.json                 {"rows_in", "rows_kept", "rows_dropped", "by_reason", "changed", …}

The folder is whole or it is not there.
"""

import json
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from postgrad.data.chunks import Chunk, Inputs, kept_bytes, lines_of
from postgrad.data.ledger import Ledger
from postgrad.data.raw import Broken
from postgrad.records.types import Action, LedgerEntry, Origin
from postgrad.support.errors import Failure, Mistake
from postgrad.support.files import clear_halves, replaced_folder
from postgrad.support.hashing import canonical_json

Form = Literal["jsonl", "parquet"]
NAMES = {"kept.jsonl", "kept.parquet", "ledger.parquet", "report.json"}


class Output:
    """Takes the chunks of `inputs` in their order, with what is to become of their rows."""

    def __init__(self, folder: Path, inputs: Inputs, step: str, form: Form, ledger: Ledger) -> None:
        self.inputs, self.step, self.ledger = inputs, step, ledger
        self._rows = _Lines(folder / "kept.jsonl") if form == "jsonl" else _Table(folder / "kept.parquet")
        self.folder = folder
        self._entries: deque[tuple[int, int, Action, str, str]] = deque()
        self.rows_in = self.rows_kept = 0

    def note(self, chunk: Chunk, row: int, action: Action, reason: str, detail: str = "") -> None:
        """What the ledger says of a row. Entries are written when the hash of their file is known."""
        self._entries.append((chunk.file, row, action, reason, detail))

    def broken(self, chunk: Chunk, row: int, broken: Broken) -> None:
        """A row that cannot be read leaves with its reason."""
        self.note(chunk, row, "drop", broken.reason, broken.detail)

    def keep(self, chunk: Chunk, dropped: Collection[int], changed: Mapping[int, bytes] | None = None) -> None:
        """Write the chunk's rows but for the `dropped`; `changed`: number → the row's new JSON."""
        self._rows.write(chunk, dropped, dict(changed or {}))
        self.rows_in += chunk.rows
        self.rows_kept += chunk.rows - len(dropped)
        self._flush()

    def close(self, more: Mapping[str, Any]) -> dict[str, Any]:
        """Check that no row is missing, write ledger and report, and give the report. `more`: what else it says."""
        self.inputs.check()
        self._flush()
        self._rows.close()
        counts = self.ledger.close(self.rows_in, 0, self.rows_kept)
        self.ledger.write(self.folder / "ledger.parquet")
        said = {name: counts[name] for name in ("rows_in", "rows_kept", "rows_dropped", "by_reason", "changed")}
        files = [{"file": name, "sha256": value, "rows": rows} for name, value, rows in
                 zip(self.inputs.names, self.inputs.hashes, self.inputs.rows, strict=True)]
        report: dict[str, Any] = json.loads(canonical_json({**said, **more, "files": files}))
        (self.folder / "report.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
        return report

    def _flush(self) -> None:
        """Enter what was noted of files whose hash is known."""
        known = len(self.inputs.hashes)
        while self._entries and self._entries[0][0] < known:
            file, row, action, reason, detail = self._entries.popleft()
            origin = Origin(self.inputs.names[file], self.inputs.hashes[file], row)
            self.ledger.add(LedgerEntry(origin, self.step, action, reason, detail))


@contextmanager
def output(folder: Path, inputs: Inputs, step: str, form: Form = "jsonl") -> Iterator[Output]:
    """An output that becomes `folder` when the block ends well; one that an earlier call left there makes way.

    Mistake if there is something else; Failure if the block did not close it.
    """
    clear_halves(folder)
    _check_former(folder)
    with Ledger(step) as ledger, replaced_folder(folder) as made:
        yield Output(made, inputs, step, form, ledger)
        if not (made / "report.json").is_file():
            raise Failure("ended without a report", where=step, mend="this is a fault of postgrad: report it")


def _check_former(folder: Path) -> None:
    """Mistake if there is something that such a command does not write: it would be lost."""
    if not folder.exists() and not folder.is_symlink():
        return
    if folder.is_symlink() or not folder.is_dir() or not {path.name for path in folder.iterdir()} <= NAMES:
        raise Mistake("is there already and holds other things", where=f"--out {folder}", mend="name another folder")


class _Lines:
    """Rows as JSONL."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def write(self, chunk: Chunk, dropped: Collection[int], changed: dict[int, bytes]) -> None:
        self._file.write(kept_bytes(chunk, dropped, changed))

    def close(self) -> None:
        self._file.close()


class _Table:
    """Rows as Parquet, with the columns that the first rows have."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None

    def write(self, chunk: Chunk, dropped: Collection[int], changed: dict[int, bytes]) -> None:
        values = [json.loads(changed[line.number]) if line.number in changed else line.value
                  for line in lines_of(chunk) if line.number not in dropped]
        if not values:
            return
        try:
            table = pa.Table.from_pylist(values, schema=self._writer.schema if self._writer else None)
            fields = {name for value in values for name in value or {}}
            if not fields <= set(table.schema.names):
                raise pa.ArrowInvalid(f"new fields {', '.join(sorted(fields - set(table.schema.names)))}")
        except (pa.ArrowException, OverflowError) as error:
            raise Mistake(f"rows have no common columns ({str(error).splitlines()[0]})", where=str(chunk.path),
                          mend="write JSONL instead: --format jsonl") from error
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd")
        self._writer.write_table(table)

    def close(self) -> None:
        if self._writer is None:
            pq.write_table(pa.table({}), self._path)
        else:
            self._writer.close()
