"""Every kind of bad input: a ledger row with its reason, or one clear line; never a traceback, never silence."""

import gzip
import io
import json
import os
import re
import socket
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgrad.data import raw
from postgrad.data.chunks import Inputs, lines_of
from postgrad.data.files import find_files, raw_rows
from postgrad.data.formats import KINDS
from postgrad.data.formats.detect import MAY_HAVE, NAMES_A_ROW, NEEDS
from postgrad.data.raw import Broken, RawRow, parse_line
from postgrad.data.rows import KINDS as RECORDS
from postgrad.data.rows import Handled
from postgrad.data.sources import SourceSpec, handle, read
from postgrad.records.tables import table_of
from postgrad.records.types import Origin
from postgrad.support.errors import Failure, Mistake
from postgrad.support.hashing import hash_file

GOOD = b'{"messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]}'


def rows_of(path: Path, **spec: Any) -> list[Handled]:
    return list(
        read([path], SourceSpec(**{"name": "s", "licence": "MIT", "capability": "math", "format": "messages", **spec}))
    )


def write(tmp_path: Path, content: bytes, name: str = "rows.jsonl") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def said(*turns: tuple[str, Any]) -> bytes:
    return json.dumps({"messages": [{"role": role, "content": content} for role, content in turns]}).encode()


BROKEN_LINES = {
    "broken JSON": [b'{"messages": [', b"{'messages': []}", b'{"a": 1} {"b": 2}', b"\xef\xbb\xbf" + GOOD],
    "blank line": [b"   ", b"\t\r"],
    "not a JSON object": [b"[1, 2]", b'"text"', b"null", b"17"],
    "not UTF-8": [GOOD.replace(b"4", b"\xff"), GOOD.replace(b"4", b"\xed\xa0\x80"), GOOD.decode().encode("utf-16")],
    "lone surrogate": [
        GOOD.replace(b"4", b"\\ud83d"),
        GOOD.replace(b"4", b"\\uDC00 x"),
        b'{"id": "\\ud800", ' + GOOD[1:],
    ],
    "number out of range": [
        b'{"meta": {"a": NaN}, ' + GOOD[1:],
        b'{"meta": {"a": 1e999}, ' + GOOD[1:],
        b'{"meta": {"a": ' + b"9" * 5000 + b"}, " + GOOD[1:],
    ],
    "nested too deeply": [b'{"a":' * 200_000 + b"1" + b"}" * 200_000],
    "missing field": [
        b"{}",
        b'{"message": []}',
        b'{"messages": [{"role": "user"}]}',
        b'{"messages": [{"content": "x"}]}',
    ],
    "no messages": [b'{"messages": []}'],
    "null field": [b'{"messages": null}', said(("user", "a"), ("assistant", None))],
    "wrong type": [
        b'{"messages": "hello"}',
        b'{"messages": ["hello"]}',
        said(("user", 3), ("assistant", "b")),
        b'{"meta": 3, ' + GOOD[1:],
        said(("user", [{"type": "image_url"}]), ("assistant", "b")),
    ],
    "unknown role": [said(("human", "a"), ("gpt", "b"))],
    "tool use": [
        said(("user", "a"), ("tool", "b")),
        b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": null, "tool_calls": [{}]}]}',
    ],
    "wrong role order": [
        said(("assistant", "a")),
        said(("user", "a")),
        said(("user", "a"), ("user", "b"), ("assistant", "c")),
        said(("user", "a"), ("system", "b"), ("assistant", "c")),
        said(("system", "a")),
    ],
}


@pytest.mark.parametrize(
    ("reason", "line"), [(reason, line) for reason, lines in BROKEN_LINES.items() for line in lines]
)
def test_a_broken_line_is_a_ledger_row_with_its_reason_and_the_rows_around_it_are_read(
    reason: str, line: bytes, tmp_path: Path
) -> None:
    path = write(tmp_path, GOOD + b"\n" + line + b"\n" + GOOD + b"\n")
    first, bad, last = rows_of(path)
    file = hash_file(path)
    assert first.record is not None and last.record is not None and bad.record is None
    (entry,) = bad.entries
    assert (entry.action, entry.reason, entry.origin) == ("drop", reason, Origin("s", file, 1))
    assert last.record.parents == (Origin("s", file, 2),)


def test_a_raw_line_break_inside_a_text_makes_two_broken_lines(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace(b"2+2?", b"2+\n2?") + b"\n" + GOOD)
    assert [row.entries[0].reason for row in rows_of(path)[:2]] == ["broken JSON", "broken JSON"]


SECRET = b"SECRET"
QUOTED = re.compile(rb'"[^"\\\\]*"')


def with_secrets(line: bytes) -> list[bytes]:
    """The line with the secret in place of each of its strings and keys in turn, and at places all over its bytes."""
    swapped = [line[: one.start()] + b'"' + SECRET + b'"' + line[one.end() :] for one in QUOTED.finditer(line)]
    step = max(1, len(line) // 150)
    return swapped + [line[:at] + SECRET + line[at:] for at in range(0, len(line) + 1, step)]


@pytest.mark.parametrize("reason", sorted(BROKEN_LINES.keys() - {"nested too deeply"}))
def test_what_is_said_of_a_broken_row_never_quotes_it(reason: str, tmp_path: Path) -> None:
    lines = [line for one in BROKEN_LINES[reason] if len(one) < 10_000 for line in with_secrets(one)]
    path = write(tmp_path, b"\n".join([GOOD, *lines]))
    for format_name, kind in [(name, kind) for name, kinds in KINDS.items() for kind in kinds]:
        rows = rows_of(path, format=format_name, kind=kind)
        said = [f"{entry.reason} {entry.detail}" for row in rows for entry in row.entries]
        assert len(rows) > len(lines) and len(said) > len(lines) / 2
        assert not [one for one in said if "SECRET" in one]


def test_what_is_said_of_a_table_never_quotes_it(tmp_path: Path) -> None:
    """Not its header either: where there is none, the first row stands in its place."""
    refused = left = 0
    for name, content, *_ in (*FILES_WITH_BAD_ROWS.values(), *DAMAGED.values()):
        if not name.endswith(("csv", "tsv")) or len(content) > 10_000:
            continue
        sign = b"\t" if name.endswith("tsv") else b","
        secret = [content.replace(b"question", SECRET), content.replace(b"answer", SECRET + b'"'),
                  re.sub(rb"\b[a-z]\b", SECRET, content), SECRET + sign + SECRET + b"\n" + content,
                  re.sub(rb"^", SECRET + sign, content, flags=re.MULTILINE)]
        for number, data in enumerate([*secret, *with_secrets(content)]):
            path = write(tmp_path, data, f"{number}.{name}")
            for format_name in ("auto", "question_answer"):
                try:
                    entries = [entry for row in rows_of(path, format=format_name) for entry in row.entries]
                except Mistake as mistake:
                    refused += 1
                    assert "SECRET" not in str(mistake)
                else:
                    left += len(entries)
                    assert "SECRET" not in "".join(f"{entry.reason} {entry.detail}" for entry in entries)
    assert refused > 100 and left > 100


def test_a_50_megabyte_line_is_skipped_and_counted(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + b"\n" + GOOD.replace(b"4", b"4" * 50_000_000) + b"\n" + GOOD)
    rows = rows_of(path)
    assert [row.record is None for row in rows] == [False, True, False]
    assert rows[1].entries[0].reason == "line too long" and rows[2].record is not None
    assert rows[2].record.parents[0].row == 2


def test_the_longest_line_allowed_is_read_and_one_byte_more_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw, "MAX_ROW_BYTES", len(GOOD))
    path = write(tmp_path, GOOD + b"\n" + GOOD + b" \n" + GOOD)
    assert [row.record is None for row in rows_of(path)] == [False, True, False]


def test_byte_order_mark_is_removed_and_said_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    rows = rows_of(write(tmp_path, b"\xef\xbb\xbf" + GOOD + b"\r\n" + GOOD + b"\r\n"))
    assert [row.record is not None for row in rows] == [True, True]
    assert [(entry.action, entry.reason) for entry in rows[0].entries] == [("change", "byte order mark removed")]
    assert rows[0].record is not None and rows[0].record.messages[1].content == "4"


def test_row_numbers_are_line_numbers_blank_lines_included(tmp_path: Path) -> None:
    rows = rows_of(write(tmp_path, b"\n" + GOOD + b"\n\n" + GOOD))
    assert [row.record.parents[0].row for row in rows if row.record] == [1, 3]
    assert [row.entries[0].origin.row for row in rows if not row.record] == [0, 2]


def table(*of: dict[str, Any], form: str = "parquet", rows: int | None = None) -> bytes:
    out = io.BytesIO()
    made = pa.Table.from_pylist(list(of)).slice(0, rows)
    if form == "parquet":
        pq.write_table(made, out)
    else:
        with (pa.ipc.new_file if form == "file" else pa.ipc.new_stream)(out, made.schema) as writer:
            writer.write_table(made)
    return out.getvalue()


def zstd(data: bytes) -> bytes:
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as stream:
        stream.write(data)
    return bytes(out.getvalue())


QA = {"question": "2+2?", "answer": "4"}
MANY = [{"question": f"{number}+2?", "answer": f"{number + 2}"} for number in range(500)]
LONG = b"4" * 17_000_000
DEEP = b"[" * 200_000 + b"]" * 200_000
GOOD_QA = json.dumps(QA).encode()

FILES_WITH_BAD_ROWS: dict[str, tuple[str, bytes, int, list[str]]] = {
    # kind: (name, content, rows in, reason of each row that leaves)
    "latin-1": ("a.jsonl", GOOD + b"\n" + "é".join(GOOD.decode().split("4")).encode("latin-1"), 2, ["not UTF-8"]),
    "overlong": ("a.jsonl", GOOD + b"\n" + GOOD.replace(b"4", b"\xc0\x80"), 2, ["not UTF-8"]),
    "a byte order mark in the middle": ("a.jsonl", GOOD + b"\n\xef\xbb\xbf" + GOOD, 2, ["broken JSON"]),
    "two objects on a line": ("a.jsonl", GOOD + b" " + GOOD + b"\n" + GOOD, 2, ["broken JSON"]),
    "blank lines and CRLF": ("a.jsonl", GOOD + b"\r\n\r\n" + GOOD + b"\r\n", 3, ["blank line"]),
    "NUL bytes": ("a.jsonl", GOOD + b"\n" + b"\0" * 100 + b"\n", 2, ["broken JSON"]),
    "cut in its last row": ("a.jsonl", GOOD + b"\n" + GOOD[:40], 2, ["broken JSON"]),
    "one key twice": ("a.jsonl", GOOD + b"\n" + GOOD[:-1] + b', "messages": []}', 2, ["doubled key"]),
    "one key twice, deep": ("a.jsonl", GOOD + b"\n" + GOOD.replace(b'"4"', b'"4", "role": "user"'), 2, ["doubled key"]),
    "array with a bad element": ("a.json", b"[" + GOOD + b', {"a": NaN}, 3, ' + GOOD + b"]", 4,
                                 ["number out of range", "not a JSON object"]),
    "array with a long element": ("a.json", b"[" + GOOD.replace(b"4", LONG) + b"," + GOOD + b"]", 2, ["line too long"]),
    "array with a deep element": ("a.json", b"[" + GOOD + b', {"a": ' + DEEP + b"}]", 2, ["nested too deeply"]),
    "array with a comma too many": ("a.json", b"[" + GOOD + b", ]", 2, ["blank line"]),
    "array with half a surrogate pair": ("a.json", b"[" + GOOD.replace(b"4", b"\\udc00") + b"," + GOOD + b"]", 2,
                                         ["lone surrogate"]),
    "objects, one of them broken": ("a.json", GOOD + b'\n\n{"a": tru}\n' + GOOD, 4, ["blank line", "broken JSON"]),
    "ragged rows": ("a.csv", b"question,answer\na,b\nc\nd,e,f\n", 3, ["ragged row", "ragged row"]),
    "blank lines in a table": ("a.csv", b"question,answer\n\na,b\n\n", 3, ["blank line", "blank line"]),
    "NUL in a cell": ("a.csv", b"question,answer\na,b\nc,\0\n", 2, ["NUL byte"]),
    "latin-1 cell": ("a.tsv", "question\tanswer\na\té\nb\tc\n".encode("latin-1"), 2, ["not UTF-8"]),
    "long cell": ("a.csv", b"question,answer\na," + LONG + b"\nb,c\n", 2, ["line too long"]),
    "long quoted cell of many lines": ("a.csv", b'question,answer\na,"' + b"4\n" * 9_000_000 + b'"\nb,c\n', 2,
                                       ["line too long"]),
    "nulls in a table": ("a.parquet", table(QA, {"question": None, "answer": "4"}), 2, ["null field"]),
    "a nested type for a text": ("a.parquet", table({"question": {"x": [1]}, "answer": "4"}, {"question": None,
                                 "answer": "4"}), 2, ["wrong type", "null field"]),
    "a long cell of a column": ("a.parquet", table(QA, {**QA, "answer": LONG.decode()}), 2, ["line too long"]),
    "other columns in Arrow": ("a.arrow", table(QA, {**QA, "answer": None}, form="stream"), 2, ["null field"]),
    "rows of two schemas": ("a.jsonl", GOOD_QA + b"\n" + GOOD + b"\n", 2, ["missing field"]),
    "packed bad rows": ("a.jsonl.zst", zstd(GOOD + b"\n{\n" + GOOD), 3, ["broken JSON"]),
}


@pytest.mark.parametrize("kind", FILES_WITH_BAD_ROWS)
def test_rows_in_are_rows_kept_and_rows_dropped_with_their_reason(kind: str, tmp_path: Path) -> None:
    name, content, rows_in, reasons = FILES_WITH_BAD_ROWS[kind]
    path = write(tmp_path, content, name)
    qa = GOOD_QA in content or name.endswith(("csv", "tsv", "parquet", "arrow"))
    rows = rows_of(path, format="question_answer" if qa else "messages")
    kept, left = [row for row in rows if row.record], [row for row in rows if not row.record]
    assert len(rows) == rows_in == len(kept) + len(reasons)
    assert [entry.reason for row in left for entry in row.entries] == reasons
    assert all(entry.action == "drop" for row in left for entry in row.entries)
    assert [origin_row(row) for row in rows] == list(range(rows_in))
    chunked = [line for chunk in Inputs([str(path)]).chunks() for line in lines_of(chunk)]
    assert [(line.number, line.value is None) for line in chunked] == [
        (row.number, row.value is None) for row in raw_rows(path)]


def origin_row(row: Handled) -> int:
    return row.record.parents[0].row if row.record else row.entries[0].origin.row


UTF16 = GOOD.decode().encode("utf-16")
DAMAGED: dict[str, tuple[str, bytes, str]] = {
    # kind: (name, content, words of the one line)
    "empty": ("a.jsonl", b"", "file is empty"),
    "empty table": ("a.csv", b"question,answer\n", "file is empty"),
    "empty array": ("a.json", b" [ ]\n", "file is empty"),
    "columns without rows": ("a.parquet", table(QA, rows=0), "file is empty"),
    "packed emptiness": ("a.jsonl.gz", gzip.compress(b""), "file is empty"),
    "packed emptiness, zstd": ("a.jsonl.zst", zstd(b""), "file is empty"),
    "UTF-16 lines": ("a.jsonl", UTF16, "is UTF-16"),
    "UTF-16 array": ("a.json", b"\xfe\xff" + GOOD.decode().encode("utf-16-be"), "is UTF-16"),
    "UTF-16 table": ("a.csv.gz", gzip.compress("question,answer\n".encode("utf-16")), "is UTF-16"),
    "cut gzip": ("a.jsonl.gz", gzip.compress(GOOD * 1000)[:-20], "damaged"),
    "no gzip": ("a.jsonl.gz", b"no gzip", "damaged"),
    "cut zstd": ("a.jsonl.zst", zstd(GOOD * 1000)[:-3], "zstd file is damaged or cut off"),
    "no zstd": ("a.csv.zst", b"no zstd", "zstd file is damaged or cut off"),
    "cut array": ("a.json", json.dumps(MANY).encode()[:-1], "ends in the middle of a row"),
    "array without a quote": ("a.json", json.dumps(MANY).encode().replace(b'"', b"", 1), "ends in the middle of a row"),
    "brackets that do not fit": ("a.json", b"[" + GOOD + b"}", "closes with }"),
    "a text for an array": ("a.json", b'"hello"', "neither an array nor an object"),
    "cut Parquet": ("a.parquet", table(*MANY)[:-50], "cannot be read as Parquet"),
    "no Parquet": ("a.parquet", b"PAR1 nothing", "cannot be read as Parquet"),
    "cut Arrow file": ("a.arrow", table(*MANY, form="file")[:-50], "cannot be read as Arrow"),
    "cut Arrow stream": ("a.arrow", table(*MANY, form="stream")[:-8], "no end mark"),
    "old Feather": ("a.feather", b"FEA1" + bytes(100), "Feather version 1"),
    "packed Parquet, cut": ("a.parquet.gz", gzip.compress(table(*MANY))[:-20], "damaged"),
    "a quote that never ends": ("a.csv", b'question,answer\na,"b\nc,d\n', "quotes or line ends do not fit"),
    "a quote that ends too early": ("a.csv", b'question,answer\na,"b"c\nd,e\n', "quotes or line ends do not fit"),
    "a long quoted cell that never ends": ("a.csv", b'question,answer\na,"' + LONG, "never ends"),
    "no header": ("a.csv", b"x" * 300 + b",y\n", "no header"),
    "a column twice": ("a.csv", b"question,question\na,b\n", "one name over columns 1 and 2"),
    "another kind of file": ("a.txt", b"a,b", "of a kind that is not read"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_file_whose_rows_cannot_be_counted_is_one_clear_line(kind: str, tmp_path: Path) -> None:
    name, content, words = DAMAGED[kind]
    path = write(tmp_path, content, name)
    with pytest.raises(Mistake) as caught:
        list(read(find_files(path), SourceSpec("s", "MIT", format="question_answer")))
    assert words in str(caught.value) and str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_what_is_no_file_is_one_clear_line(tmp_path: Path) -> None:
    pipe, loop, dangling = (tmp_path / name for name in ("pipe.jsonl", "loop.jsonl", "link.jsonl"))
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    dangling.symlink_to(tmp_path / "gone.jsonl")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "s.jsonl"))
    folder = tmp_path / "empty"
    (folder / "below").mkdir(parents=True)
    (folder / ".hidden.jsonl").write_bytes(GOOD)
    write(folder / "below", GOOD)
    for path, words in [
        (pipe, "pipe, socket or device"), (tmp_path / "s.jsonl", "pipe, socket or device"),
        (loop, "leads nowhere"), (dangling, "leads nowhere"), (folder, "folder holds no data file"),
        (tmp_path / "none.jsonl", "no such file"), (tmp_path / "*.csv", "no such file"),
        (Path("/dev/null/x.jsonl"), "no such file")]:
        with pytest.raises(Mistake) as caught:
            find_files(path)
        assert words in str(caught.value) and "\n" not in str(caught.value), path


def test_a_folder_with_a_dangling_link_or_a_pipe_is_not_read_without_it(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "a.jsonl")
    (tmp_path / "b.jsonl").symlink_to(tmp_path / "gone")
    with pytest.raises(Mistake, match=r"b\.jsonl: is a link that leads nowhere"):
        find_files(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read_is_one_clear_line(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    path.chmod(0)
    with pytest.raises(Mistake, match=r"cannot be read \(Permission denied\)"):
        rows_of(path)


def test_the_same_bytes_twice_are_a_mistake(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        write(tmp_path, GOOD, name)
    with pytest.raises(Mistake, match=r"same bytes as a\.jsonl"):
        list(read(find_files(tmp_path), SourceSpec("s", "MIT")))


def test_files_of_two_schemas_are_said_with_both_lines(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "a.jsonl")
    write(tmp_path, b"question,answer\na,b\n", "b.csv")
    with pytest.raises(Mistake, match=r"ambiguous: messages \(.*/a.jsonl:1\), question_answer \(.*/b.csv, row 1\)"):
        list(read(find_files(tmp_path), SourceSpec("s", "MIT")))


CONTAINERS = {
    "a.jsonl": b"".join(json.dumps(row).encode() + b"\n" for row in MANY), "a.json": json.dumps(MANY).encode(),
    "a.csv": b"question,answer\n" + b"".join(f"{row['question']},{row['answer']}\n".encode() for row in MANY),
    "a.parquet": table(*MANY), "a.arrow": table(*MANY, form="stream"), "a.feather": table(*MANY, form="file")}


@pytest.mark.parametrize("packed", ["", ".gz", ".zst"])
@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("change", ["grows", "shrinks", "is replaced"])
def test_a_file_that_changes_while_it_is_read_is_a_failure(name: str, packed: str, change: str, tmp_path: Path) -> None:
    content = {"": bytes, ".gz": gzip.compress, ".zst": zstd}[packed](CONTAINERS[name])
    path = write(tmp_path, content, name + packed)
    rows = read([path], SourceSpec("s", "MIT", format="question_answer"))
    next(rows)
    if change == "is replaced":
        write(tmp_path, content, "other").replace(path)
    else:
        path.write_bytes(content + b"\n" if change == "grows" else content[: len(content) // 2])
    with pytest.raises(Failure, match="changed while it was read"):
        list(rows)


def test_a_change_is_seen_by_a_source_that_takes_only_its_first_rows(tmp_path: Path) -> None:
    path = write(tmp_path, CONTAINERS["a.jsonl"])
    rows = read([path], SourceSpec("s", "MIT", format="question_answer", rows=3))
    assert len([next(rows), next(rows), next(rows)]) == 3
    path.write_bytes(b"")
    with pytest.raises(Failure, match="changed while it was read"):
        next(rows)


def test_a_parquet_text_that_is_not_utf8_breaks_its_own_row_only(tmp_path: Path) -> None:
    good, bad = pa.array(["q0", "q1", "q2"]), pa.array([b"a0", b"\xff\xfe", b"a2"], pa.binary())
    broken_text = pa.Array.from_buffers(pa.string(), 3, bad.buffers())
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"question": good, "answer": broken_text}), path)
    rows = rows_of(path, format="question_answer")
    assert [row.record is None for row in rows] == [False, True, False]
    assert rows[1].entries[0].reason == "not UTF-8" and rows[1].entries[0].origin.row == 1


def test_a_parquet_time_that_no_calendar_has_loses_no_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    when = pa.array([0, 2**62, 1], pa.timestamp("us"))
    pq.write_table(pa.table({"question": ["q"] * 3, "answer": ["a", "b", "c"], "when": when}), path)
    rows = rows_of(path, format="question_answer")
    assert [[entry.reason for entry in row.entries] for row in rows] == [[], [], []]


def test_parquet_nulls_dates_and_bytes_are_broken_rows(tmp_path: Path) -> None:
    import datetime

    path = tmp_path / "rows.parquet"
    table = pa.Table.from_pylist(
        [
            {"question": None, "answer": "a", "meta": None},
            {"question": "q", "answer": "a", "meta": {"when": None}},
            {"question": "q", "answer": "a", "meta": {"when": datetime.date(2020, 1, 1)}},
        ]
    )
    pq.write_table(table, path)
    assert [[entry.reason for entry in row.entries] for row in rows_of(path, format="question_answer")] == [
        ["null field"],
        [],
        ["wrong type"],
    ]
    pq.write_table(pa.table({"question": pa.array([b"q"], pa.binary()), "answer": ["a"]}), path)
    assert [row.entries[0].reason for row in rows_of(path, format="question_answer")] == ["wrong type"]


TEXTS = st.text(max_size=5) | st.sampled_from([
    "user", "assistant", "system", "human", "gpt", "tool", "ifeval", "math", "9" * 400, "nan", "1e999", "[]", "[1, [",
    '["\\ud83d"]', '[{"role": "user", "content": "hello \\ud83d"}, {"role": "assistant", "content": "x"}]', "{[]: 1}",
    "{'instruction_id': ['a'], 'kwargs': [{'x': '\\ud83d'}]}", "[{'instruction_id': ['a'], 'kwargs': [{1, 2}]}]",
    "\n\nHuman: a\n\nAssistant: b", "#### 1", "####", " "])
SCALARS = (st.none() | st.booleans() | st.integers() | st.sampled_from([10**400, -(10**400), 1.7e308]) | TEXTS
           | st.floats(allow_nan=False, allow_infinity=False))
KEYS = TEXTS | st.sampled_from([
    "messages", "role", "content", "type", "text", "from", "value", "weight", "tool_calls", "response", "annotations",
    "Rating", "overall_score", "instruction_id", "instruction_id_list", "kwargs"])
JSON_VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6)


def mostly(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What should be there, and one time in five any value."""
    return st.integers(0, 4).flatmap(lambda drawn: good if drawn else JSON_VALUES)


def objects(**fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with these fields, mostly as they should be."""
    return st.fixed_dictionaries({name: mostly(good) for name, good in fields.items()})


def lists_of(item: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists, as they stand or as a table's cell holds them, in JSON or as Python prints them."""
    whole = st.lists(item, min_size=1, max_size=3)
    return whole | whole.map(json.dumps) | whole.map(repr)


TURNS = lists_of(objects(role=TEXTS, content=TEXTS) | objects(role=TEXTS, weight=SCALARS, content=lists_of(
    objects(type=st.just("text"), text=TEXTS))))
RATED = objects(response=TEXTS, overall_score=SCALARS,
                annotations=st.dictionaries(TEXTS, objects(Rating=SCALARS), max_size=3))
ASKED = objects(instruction_id=st.lists(TEXTS, min_size=1, max_size=1), kwargs=st.lists(JSON_VALUES, max_size=1))
SHAPES: dict[str, st.SearchStrategy[Any]] = {
    "messages": TURNS, "prompt": TURNS | TEXTS, "completion": TURNS | TEXTS, "chosen": TURNS | TEXTS,
    "rejected": TURNS | TEXTS, "conversations": TURNS | lists_of(objects(**{"from": TEXTS, "value": TEXTS})),
    "history": lists_of(st.lists(TEXTS, min_size=2, max_size=2)), "completions": lists_of(RATED),
    "ground_truth": lists_of(ASKED) | TEXTS, "dataset": st.just("ifeval") | st.just(["ifeval"]),
    "instruction_id_list": st.lists(TEXTS, max_size=2), "kwargs": st.lists(JSON_VALUES, max_size=2),
    "label": st.booleans(), "meta": st.dictionaries(TEXTS, SCALARS, max_size=2)}


@st.composite
def rows_in(draw: st.DrawFn, format_name: str) -> dict[str, Any]:
    """A row with the fields that the format looks for, each under one of its names, and others that it knows."""
    needed = [draw(st.sampled_from(names)) for names in NEEDS[format_name]]
    more = draw(st.sets(st.sampled_from((*MAY_HAVE.get(format_name, ()), *sorted(NAMES_A_ROW)))))
    return {name: draw(mostly(SHAPES.get(name, TEXTS))) for name in (*needed, *sorted(more))}


@pytest.mark.parametrize(("format_name", "kind"), [(name, kind) for name, kinds in KINDS.items() for kind in kinds])
@given(st.data())
def test_whatever_the_row_it_is_broken_or_a_record_that_can_be_written(format_name: str, kind: str, data: Any) -> None:
    row = data.draw(rows_in(format_name))
    spec = SourceSpec("s", "MIT", "c", format=format_name, kind=kind, verifier="math")
    handled = handle(RawRow(0, row), Origin("s", "f" * 64, 0), spec)
    if handled.record is None:
        assert handled.entries[0].reason
    else:
        assert table_of(RECORDS[kind], [handled.record]).num_rows == 1


@given(st.binary(max_size=60) | st.binary(max_size=8).map(lambda middle: GOOD[:30] + middle + GOOD[30:]))
def test_whatever_the_bytes_a_line_is_an_object_or_broken(line: bytes) -> None:
    try:
        assert isinstance(parse_line(line), dict)
    except Broken as broken:
        assert broken.reason
