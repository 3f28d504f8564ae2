"""What a command on files leaves in its folder: the rows that stay, the ledger, and the report.

    kept.jsonl | kept.parquet   the rows that stay; lines of plain JSONL as they stood, but for what was changed in them
    ledger.parquet              what was done to every other row, keyed by (file as given, its hash, row from 0)
    report.json                 {"rows_in", "rows_kept", "rows_dropped", "by_reason", "changed", …}

The folder is whole or it is not there.
"""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from postgrad.data.chunks import Chunk, Inputs, kept_bytes, lines_of, mends_of
from postgrad.data.files import raw_rows
from postgrad.data.ledger import Ledger
from postgrad.data.raw import Broken
from postgrad.data.texts import MISSING
from postgrad.records.types import Action, LedgerEntry, Origin
from postgrad.support.errors import Failure, Mistake
from postgrad.support.files import clear_halves, replaced_folder
from postgrad.support.hashing import canonical_json
from postgrad.support.nearest import nearest

Form = Literal["jsonl", "parquet"]
NAMES = {"kept.jsonl", "kept.parquet", "ledger.parquet", "report.json"}


class Output:
    """Takes the chunks of `inputs` in their order, with what is to become of their rows."""

    def __init__(self, folder: Path, inputs: Inputs, step: str, form: Form, ledger: Ledger) -> None:
        self.folder, self.inputs, self.step, self.ledger = folder, inputs, step, ledger
        self._rows = _Lines(folder / "kept.jsonl") if form == "jsonl" else _Table(folder / "kept.parquet")
        self._broken: Counter[tuple[str, str]] = Counter()
        self._rows_in = 0

    def note(self, chunk: Chunk, row: int, action: Action, reason: str, detail: str = "") -> None:
        """What the ledger says of a row."""
        origin = Origin(self.inputs.names[chunk.file], "", row)  # the hash is known when the file has been read
        self.ledger.add(LedgerEntry(origin, self.step, action, reason, detail))

    def broken(self, chunk: Chunk, row: int, broken: Broken) -> None:
        """A row that cannot be read leaves with its reason."""
        self._broken[broken.reason, broken.detail if broken.reason == MISSING else ""] += 1
        self.note(chunk, row, "drop", broken.reason, broken.detail)

    def keep(self, chunk: Chunk, dropped: Collection[int], changed: Mapping[int, bytes] | None = None) -> None:
        """Write the chunk's rows but for the `dropped`; `changed`: number → the row's new JSON."""
        self._rows.write(chunk, dropped, dict(changed or {}))
        for row, mend in mends_of(chunk):
            if row not in dropped:
                self.note(chunk, row, "change", mend)
        self._rows_in += chunk.rows

    def close(self, more: Mapping[str, Any]) -> dict[str, Any]:
        """Check that no row is missing, write ledger and report, and give the report. `more`: what else it says.

        Mistake if none of the rows could be read.
        """
        self.inputs.check()
        if self._broken.total() == self._rows_in:
            raise self._nothing_read()
        counts = self.ledger.close(self._rows_in, 0, self._rows.close())
        hashes = dict(zip(self.inputs.names, self.inputs.hashes, strict=True))
        self.ledger.write(self.folder / "ledger.parquet", hashes)
        said = {name: counts[name] for name in ("rows_in", "rows_kept", "rows_dropped", "by_reason", "changed")}
        files = [{"file": name, "sha256": value, "rows": rows} for name, value, rows in
                 zip(self.inputs.names, self.inputs.hashes, self.inputs.rows, strict=True)]
        report: dict[str, Any] = json.loads(canonical_json({**said, **more, "files": files}))
        (self.folder / "report.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
        return report

    def _nothing_read(self) -> Mistake:
        for reason, field in self._broken:
            if reason == MISSING:
                rows = (row.value for path in self.inputs.paths for row in raw_rows(path))
                names = next((value for value in rows if value is not None), {})
                return Mistake("no row has this field", where=f"--field {field}", mend=nearest(field, names))
        reasons = ", ".join(f"{reason} ({rows:,} rows)" for (reason, _), rows in self._broken.most_common())
        return Mistake(f"no row can be used: {reasons}", where=self.inputs.names[0],
                       mend="wanted JSON objects with texts; --field NAME names the one that holds them")


@contextmanager
def output(folder: Path, inputs: Inputs, step: str, form: Form = "jsonl",
           also: Iterable[Path] = ()) -> Iterator[Output]:
    """An output that becomes `folder` when the block ends well; one that an earlier call left there makes way.

    `also`: files that are read beside the inputs. Mistake if there is something else, or a file that is read; Failure
    if the block did not close it.
    """
    check_apart(folder, [*inputs.paths, *also])
    clear_halves(folder)
    _check_former(folder)
    with replaced_folder(folder) as made, Ledger(step, made) as ledger:
        yield Output(made, inputs, step, form, ledger)
        if not (made / "report.json").is_file():
            raise Failure("ended without a report", where=step, mend="this is a fault of postgrad: report it")


def check_apart(folder: Path, read: Iterable[Path]) -> None:
    """Mistake if a file that is read lies in the folder that makes way, or a link to it does."""
    out = Path(os.path.realpath(folder))
    for path in read:
        if path.resolve().is_relative_to(out) or path.parent.resolve().is_relative_to(out):
            raise Mistake(f"{path} lies in it and is read", where=f"--out {folder}", mend="name another folder")


def _check_former(folder: Path) -> None:
    """Mistake if there is something that such a command does not write: it would be lost."""
    if folder.is_symlink():
        raise Mistake("is a link", where=f"--out {folder}", mend="name the folder itself, or another one")
    if not folder.exists():
        return
    if not folder.is_dir() or not {path.name for path in folder.iterdir()} <= NAMES:
        raise Mistake("is there already and holds other things", where=f"--out {folder}", mend="name another folder")


class _Lines:
    """Rows as JSONL."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._written = 0

    def write(self, chunk: Chunk, dropped: Collection[int], changed: dict[int, bytes]) -> None:
        lines = kept_bytes(chunk, dropped, changed)
        self._file.write(lines)
        self._written += lines.count(b"\n")

    def close(self) -> int:
        """How many rows were written."""
        self._file.close()
        return self._written


class _Table:
    """Rows as Parquet, with the columns of all rows: until these are known the rows wait in an unnamed file.

    Mistake for values that no column holds.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115 (closed by close)
        self._types: dict[str, pa.DataType] = {}

    def write(self, chunk: Chunk, dropped: Collection[int], changed: dict[int, bytes]) -> None:
        rows = [json.loads(changed[line.number]) if line.number in changed else line.sound()
                for line in lines_of(chunk) if line.number not in dropped]
        if not rows:
            return
        for name in dict.fromkeys(name for row in rows for name in row):
            with _said_of(name):
                found = pa.array([row.get(name) for row in rows]).type
                self._types[name] = _common(self._types.get(name, found), found)
        table = pa.table({"row": pa.array(rows)})  # a row without a field is a row too
        with pa.ipc.new_stream(self._waiting, table.schema) as stream:
            stream.write_table(table)

    def close(self) -> int:
        """How many rows were written."""
        schema = pa.schema(list(self._types.items()))
        end = self._waiting.tell()
        if end and not self._types:
            raise _unfit("rows without a field have no place in it")
        self._waiting.seek(0)
        with _writer(self._path, schema) as writer:
            while self._waiting.tell() < end:
                with pa.ipc.open_stream(self._waiting) as stream:
                    writer.write_table(_table(stream.read_all()["row"].to_pylist(), schema))
        self._waiting.close()
        with pq.ParquetFile(self._path) as written:
            return int(written.metadata.num_rows)


@contextmanager
def _said_of(name: str) -> Iterator[None]:
    """What Arrow says of the values in a column, without the values."""
    try:
        yield
    except (pa.ArrowException, OverflowError) as error:
        raise _unfit(f"{name} has values that no one column holds") from error


def _unfit(what: str) -> Mistake:
    return Mistake(what, where="--format parquet", mend="write JSONL instead: --format jsonl")


def _common(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if one == other:
        return one
    schemas = [pa.schema([("column", kind)]) for kind in (one, other)]
    return pa.unify_schemas(schemas, promote_options="permissive").field(0).type


@contextmanager
def _writer(path: Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    try:
        writer = pq.ParquetWriter(path, schema, compression="zstd")
    except pa.ArrowNotImplementedError as error:
        raise _unfit(f"objects that are empty in every row have no place in it ({error})") from error
    with writer:
        yield writer


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    columns = []
    for field in schema:
        with _said_of(field.name):
            columns.append(pa.array([row.get(field.name) for row in rows], field.type))
    return pa.table(columns, schema=schema)
