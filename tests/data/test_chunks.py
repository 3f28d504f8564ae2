"""Files cut into pieces: the same rows as one reader sees, in bounded memory, and what the commands write of them."""

import gzip
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgrad.data import chunks, raw
from postgrad.data.chunks import Inputs, lines_of
from postgrad.data.deduplicate import Rule
from postgrad.data.deduplicate_files import deduplicate_files
from postgrad.data.files import find_files, raw_rows
from postgrad.support.errors import Mistake

BOM = b"\xef\xbb\xbf"


def line(number: int, fill: int = 0) -> bytes:
    return json.dumps({"text": f"row {number} {'x' * fill}"}).encode()


@given(st.lists(st.integers(0, 150) | st.just(1000), min_size=1, max_size=12), st.booleans(), st.integers(1, 90))
def test_chunks_are_small_and_hold_the_rows_that_a_reader_sees(fills: list[int], ended: bool, piece: int) -> None:
    most = 120
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(raw, "MAX_ROW_BYTES", most)
        patch.setattr(chunks, "PIECE_BYTES", piece)
        path = Path(folder) / "a.jsonl"
        path.write_bytes(b"\n".join(line(*one) for one in enumerate(fills)) + b"\n" * ended)
        cut = list(Inputs([str(path)]).chunks())
        found = [row for chunk in cut for row in lines_of(chunk)]
        assert [(row.number, row.value) for row in found] == [(row.number, row.value) for row in raw_rows(path)]
        assert [row.broken is not None for row in found] == [len(line(*one)) > most for one in enumerate(fills)]
        assert all(chunk.end - chunk.start <= most + piece for chunk in cut)
        assert [chunk.first for chunk in cut] == [sum(chunk.rows for chunk in cut[:at]) for at in range(len(cut))]


def test_rows_that_are_handed_over_are_few_where_they_are_large(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(chunks, "PIECE_BYTES", 10_000)
    rows = [{"text": "x" * 4_000, "n": number} for number in range(20)]
    with gzip.open(tmp_path / "a.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "b.json").write_text(json.dumps(rows))
    (tmp_path / "c.csv").write_text("text,n\n" + "".join(f"{row['text']},{row['n']}\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "d.parquet")
    (tmp_path / "e.json").write_text(json.dumps({name: [row[name] for row in rows] for name in rows[0]}))
    for path in find_files(tmp_path):
        cut = list(Inputs([str(path)]).chunks())
        assert sum(chunk.rows for chunk in cut) == 20 and max(chunk.rows for chunk in cut) <= 4, path.name


def kept(folder: Path, *names: str) -> tuple[list[bytes], list[tuple[str, int, str, str]]]:
    """What a command keeps of the files, line by line, and its ledger: file, row, action, reason."""
    deduplicate_files([str(folder / name) for name in names], folder / "out", Rule(near=None), field="text", workers=1)
    ledger = pq.read_table(folder / "out" / "ledger.parquet").to_pylist()
    return (folder / "out" / "kept.jsonl").read_bytes().splitlines(), [
        (Path(row["origin"]["source"]).name, row["origin"]["row"], row["action"], row["reason"]) for row in ledger]


def test_byte_order_marks_are_no_part_of_a_row_and_the_ledger_says_that_they_went(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(line(0) + b"\n")
    (tmp_path / "b.jsonl").write_bytes(BOM + line(1) + b"\r\n" + line(2))
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(BOM + line(3)))
    (tmp_path / "d.jsonl").write_bytes(BOM + line(0))
    lines, ledger = kept(tmp_path, "a.jsonl", "b.jsonl", "c.jsonl.gz", "d.jsonl")
    assert [json.loads(one) for one in lines] == [json.loads(line(number)) for number in range(4)]
    assert [row.broken for row in raw_rows(tmp_path / "out" / "kept.jsonl")] == [None] * 4
    assert [row for row in ledger if row[2] == "change"] == [
        ("b.jsonl", 0, "change", "byte order mark removed"), ("c.jsonl.gz", 0, "change", "byte order mark removed")]
    assert [row[:3] for row in ledger if row[2] == "drop"] == [("d.jsonl", 0, "drop")]


def test_missing_numbers_of_a_table_are_null_in_what_is_kept_and_the_ledger_says_so(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a", "b"], "score": [float("nan"), 0.5]}), tmp_path / "a.parquet")
    lines, ledger = kept(tmp_path, "a.parquet")
    assert lines == [b'{"text":"a","score":null}', b'{"text":"b","score":0.5}']
    assert ledger == [("a.parquet", 0, "change", "NaN or infinity made null")]


def test_what_json_cannot_say_is_never_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        raw.json_bytes({"a": float("nan")})


def test_a_file_name_that_is_not_utf8_is_one_clear_line_before_the_work_begins(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.jsonl")
    path.write_bytes(line(0))
    for given_name in (str(path), str(tmp_path), str(tmp_path / "*.jsonl")):
        with pytest.raises(Mistake) as caught:
            Inputs([given_name])
        assert "name that is not UTF-8" in str(caught.value) and str(caught.value).encode()


def test_many_files_are_not_compared_with_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0

    class Counted(type(Path())):  # type: ignore[misc]
        def __eq__(self, other: Any) -> bool:
            nonlocal compared
            compared += 1
            return bool(super().__eq__(other))

        __hash__ = Path.__hash__

    for number in range(300):
        (tmp_path / f"{number}.jsonl").write_bytes(line(number))
    monkeypatch.setattr(chunks, "find_files", lambda path: [Counted(file) for file in find_files(path)])
    assert len(Inputs([str(tmp_path)]).paths) == 300 and compared <= 600
    with pytest.raises(Mistake, match="is given twice"):
        Inputs([str(tmp_path), str(tmp_path / "7.jsonl")])
