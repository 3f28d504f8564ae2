"""Every kind of bad input: a ledger row with its reason, or one clear line; never a traceback, never silence."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgrad.data import raw
from postgrad.data.files import find_files
from postgrad.data.raw import Broken, parse_line
from postgrad.data.formats import FORMATS, parse
from postgrad.data.rows import Handled
from postgrad.data.sources import SourceSpec, read
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


def test_the_detail_of_a_broken_row_never_quotes_the_row(tmp_path: Path) -> None:
    secret = b"SECRET"
    for lines in BROKEN_LINES.values():
        for line in lines:
            if len(line) > 10_000:
                continue
            path = write(tmp_path, GOOD + b"\n" + line.replace(b"hello", secret).replace(b"human", secret))
            assert "SECRET" not in "".join(
                entry.detail + entry.reason for row in rows_of(path) for entry in row.entries
            )


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


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.jsonl", b"", "file is empty"),
        ("a.jsonl.gz", gzip.compress(b""), "file is empty"),
        ("a.jsonl.gz", gzip.compress(GOOD * 1000)[:-20], "damaged"),
        ("a.jsonl.gz", b"no gzip", "damaged"),
        ("a.parquet", b"PAR1 nothing", "cannot be read as Parquet"),
        ("a.txt", b"a,b", "of a kind that is not read"),
    ],
)
def test_a_file_that_cannot_be_counted_is_one_clear_line(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    path = write(tmp_path, content, name)
    with pytest.raises(Mistake) as caught:
        list(read(find_files(path), SourceSpec("s", "MIT", format="messages")))
    assert words in str(caught.value) and str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_missing_files_folders_without_data_and_doubled_files_are_mistakes(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jsonl", tmp_path / "*.jsonl", tmp_path):
        with pytest.raises(Mistake):
            find_files(path)
    for name in ("a.jsonl", "b.jsonl"):
        write(tmp_path, GOOD, name)
    with pytest.raises(Mistake, match=r"same bytes as a\.jsonl"):
        list(read(find_files(tmp_path), SourceSpec("s", "MIT")))


def test_a_file_that_changes_while_it_is_read_is_a_failure(tmp_path: Path) -> None:
    path = write(tmp_path, (GOOD + b"\n") * 10_000)
    rows = read([path], SourceSpec("s", "MIT", format="messages"))
    next(rows)
    with path.open("ab") as file:
        file.write(GOOD)
    with pytest.raises(Failure, match="changed while it was read"):
        list(rows)


def test_a_parquet_text_that_is_not_utf8_breaks_its_own_row_only(tmp_path: Path) -> None:
    good, bad = pa.array(["q0", "q1", "q2"]), pa.array([b"a0", b"\xff\xfe", b"a2"], pa.binary())
    broken_text = pa.Array.from_buffers(pa.string(), 3, bad.buffers())
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"question": good, "answer": broken_text}), path)
    rows = rows_of(path, format="question_answer")
    assert [row.record is None for row in rows] == [False, True, False]
    assert rows[1].entries[0].reason == "not UTF-8" and rows[1].entries[0].origin.row == 1


def test_a_parquet_time_that_no_calendar_has_breaks_its_own_row_only(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    when = pa.array([0, 2**62, 1], pa.timestamp("us"))
    pq.write_table(pa.table({"question": ["q"] * 3, "answer": ["a", "b", "c"], "when": when}), path)
    rows = rows_of(path, format="question_answer")
    assert [[entry.reason for entry in row.entries] for row in rows] == [[], ["value out of range"], []]


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


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "messages",
        "prompt",
        "completion",
        "question",
        "answer",
        "ground_truth",
        "verifier",
        "plain",
        "instruction_id_list",
        "kwargs",
        "role",
        "content",
        "meta",
        "id",
        "key",
        "split",
    ]
)


@given(
    st.dictionaries(
        NAMES, JSON_VALUES | st.lists(st.dictionaries(NAMES, JSON_VALUES, max_size=3), max_size=2), max_size=5
    ),
    st.sampled_from(FORMATS),
    st.sampled_from(["examples", "problems"]),
)
def test_whatever_the_row_it_is_parsed_or_broken(row: dict[str, Any], format_name: str, kind: Any) -> None:
    try:
        parsed = parse(row, format_name, kind)
    except Broken as broken:
        assert broken.reason
    else:
        assert parsed.messages


@given(st.binary(max_size=60) | st.binary(max_size=8).map(lambda middle: GOOD[:30] + middle + GOOD[30:]))
def test_whatever_the_bytes_a_line_is_an_object_or_broken(line: bytes) -> None:
    try:
        assert isinstance(parse_line(line), dict)
    except Broken as broken:
        assert broken.reason
