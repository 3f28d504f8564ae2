"""Every container gives the rows that went into it: written by other libraries, compressed or not, cut anywhere."""

import csv
import datetime
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgrad.data import files
from postgrad.data.containers import columnar, delimited, documents
from postgrad.data.files import count_rows, find_files, line_of, raw_rows
from postgrad.support.errors import Mistake

ROWS = [{"question": f'q{number} "x", [{{]}}\\ ,;\t\n é', "answer": f"a{number}\r\n"} for number in range(2500)]


def table(delimiter: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ["question", "answer"], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(ROWS)
    return text.getvalue().encode()


def columns(write: Callable[[pa.Table, io.BytesIO], None]) -> bytes:
    out = io.BytesIO()
    write(pa.Table.from_pylist(ROWS), out)
    return out.getvalue()


def ipc(table: pa.Table, out: io.BytesIO, form: Any) -> None:
    with form(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=300)


IPC_FILE = columns(lambda table, out: ipc(table, out, pa.ipc.new_file))
FILES = {
    "rows.jsonl": b"".join(json.dumps(row).encode() + b"\n" for row in ROWS),
    "rows.ndjson": b"\n".join(json.dumps(row, ensure_ascii=False).encode() for row in ROWS),
    "array.json": json.dumps(ROWS).encode(),
    "indented.json": json.dumps(ROWS, indent=2).encode(),
    "bom.json": b"\xef\xbb\xbf" + json.dumps(ROWS).encode(),
    "objects.json": b"\n".join(json.dumps(row, indent=1).encode() for row in ROWS),
    "lines.json": b"".join(json.dumps(row).encode() + b"\n" for row in ROWS),
    "wrapped.json": json.dumps({"version": "1 [{", "data": ROWS, "more": [1, {"a": "]"}]}).encode(),
    "columns.json": json.dumps({name: [row[name] for row in ROWS] for name in ROWS[0]}).encode(),
    "pandas.json": json.dumps({name: {str(at): row[name] for at, row in enumerate(ROWS)} for name in ROWS[0]}).encode(),
    "rows.csv": table(","),
    "excel.csv": b"\xef\xbb\xbf" + table(","),
    "semicolons.csv": table(";"),
    "rows.tsv": table("\t"),
    "UPPER.CSV": table(","),
    "rows.parquet": columns(lambda table, out: pq.write_table(table, out, row_group_size=700)),
    "file.arrow": IPC_FILE,
    "rows.feather": IPC_FILE,
    "stream.arrow": columns(lambda table, out: ipc(table, out, pa.ipc.new_stream)),
}


def zstd(data: bytes) -> bytes:
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as stream:
        stream.write(data)
    return bytes(out.getvalue())


PACKED: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".zst": zstd}


@pytest.mark.parametrize("suffix", PACKED)
@pytest.mark.parametrize("name", FILES)
def test_every_row_comes_back_with_its_number(name: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / (name + suffix)
    path.write_bytes(PACKED[suffix](FILES[name]))
    found = list(raw_rows(path))
    assert [row.value for row in found] == ROWS and [row.number for row in found] == list(range(len(ROWS)))
    assert count_rows(path) == pytest.approx(len(ROWS), rel=0.01) and find_files(path) == [path]


@pytest.mark.parametrize("suffix", PACKED)
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_cut_off_is_a_mistake_or_breaks_its_last_row(name: str, suffix: str, tmp_path: Path) -> None:
    whole, path = PACKED[suffix](FILES[name]), tmp_path / (name + suffix)
    for cut in (2, 9, len(whole) // 2):
        path.write_bytes(whole[:-cut])
        try:
            found = list(raw_rows(path))
        except Mistake as mistake:
            assert str(path) in str(mistake) and "\n" not in str(mistake)
        else:
            text_alone = not suffix and name.lower().endswith(("jsonl", "ndjson", "lines.json", "sv"))
            assert text_alone, f"{len(found)} of {len(ROWS)} rows of a {name}{suffix} without its last {cut} bytes"
            assert all(row.value == kept for row, kept in zip(found[:-1], ROWS, strict=False))


def test_two_streams_one_after_the_other_are_one_file(tmp_path: Path) -> None:
    half = len(FILES["rows.jsonl"]) // 2
    for suffix in (".gz", ".zst"):
        path = tmp_path / f"rows.jsonl{suffix}"
        path.write_bytes(b"".join(PACKED[suffix](part) for part in (FILES["rows.jsonl"][:half], b"",
                                                                   FILES["rows.jsonl"][half:])))
        assert [row.value for row in raw_rows(path)] == ROWS


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=6)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=4), JSON_VALUES, max_size=3), min_size=1, max_size=6)


@given(OBJECTS, st.sampled_from([None, 1, "\t"]), st.booleans(), st.integers(1, 40))
def test_an_array_is_cut_where_json_says(rows: list[Any], indent: Any, ascii_only: bool, piece: int) -> None:
    data = json.dumps(rows, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "replace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "PIECE_BYTES", piece)
        patch.setattr(documents, "HEAD_BYTES", piece + 1)
        found = list(documents.rows(io.BytesIO(data)))
    assert [row.value for row in found] == json.loads(data)


@given(OBJECTS.filter(lambda rows: len(rows) > 1), st.sampled_from([1, "\t"]), st.integers(1, 40))
def test_objects_that_follow_one_another_are_cut_where_json_says(rows: list[Any], indent: Any, piece: int) -> None:
    data = " \n".join(json.dumps(row, indent=indent) for row in rows).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "PIECE_BYTES", piece)
        found = list(documents.rows(io.BytesIO(data)))
    assert [row.value for row in found] == rows


FOLLOWING: dict[bytes, list[Any] | str] = {
    # what is in the file: its rows, or words of why it is torn
    b'[{"a":1}]\n[{"a":2},{"a":3}]': "goes on after its last bracket",
    b'[{"a":1}] x': "goes on after its last bracket",
    b'[{"a":1}] \t\r\n': [{"a": 1}],
    b'{"data":[{"a":1}]}\n{"data":[{"a":2}]}': [{"data": [{"a": 1}]}, {"data": [{"a": 2}]}],
    b'{\n"data":[{"a":1}]}\n{\n"data":[{"a":2}]}': [{"data": [{"a": 1}]}, {"data": [{"a": 2}]}],
    b'{"data":[{"a":1}]} {"data":[{"a":2}]}': [{"data": [{"a": 1}]}, {"data": [{"a": 2}]}],
    json.dumps({"data": [{"a": "x" * 70_000}]}).encode() + b'\n{"data":[{"a":2}]}': "goes on after its last bracket",
    b'{"data":[{"a":1}], "v": "' + b"}" * 70_000 + b'"}': [{"a": 1}],
    b'{"p":"p","items":[{"x":1}]}\n{"p":"q","items":[]}\n': [{"p": "p", "items": [{"x": 1}]}, {"p": "q", "items": []}],
    b'{"v":1,"data":[{"a":1}]} x': "goes on after its last bracket",
    b'{"a":1,"b":2} x': "goes on after its last bracket",
    b'{"data":[{"a":1}],"data":[]}': "one of its keys twice",
    b'{"data":[{"a":1}],"v":1,"\\u0076":[2]}': "one of its keys twice",
    b'{"v":{"data":1},"v":2,"data":[{"a":1}]}': "one of its keys twice",
    b'{"v":{"data":1},"w":["v","w"],"data":[{"a":1}] , "x":{"v":"w"}}': [{"a": 1}],
    b'{"a":1}{"a":2} {"a":3}\n{"a":4}': [{"a": 1}, {"a": 2}, {"a": 3}, {"a": 4}],
}


@pytest.mark.parametrize("data", FOLLOWING, ids=range(len(FOLLOWING)))
def test_what_follows_the_first_container_is_rows_too_or_the_file_is_torn(data: bytes) -> None:
    wanted = FOLLOWING[data]
    if isinstance(wanted, str):
        with pytest.raises(documents.Torn, match=wanted):
            list(documents.rows(io.BytesIO(data)))
    else:
        assert [row.value for row in documents.rows(io.BytesIO(data))] == wanted


@given(st.lists(st.tuples(st.sampled_from(["row", "array", "wrapped"]), st.integers(1, 3), st.sampled_from([None, 1])),
                min_size=1, max_size=4), st.sampled_from(["\n", " ", ""]), st.integers(1, 40))
def test_no_row_of_a_document_vanishes(parts: list[tuple[str, int, int | None]], between: str, piece: int) -> None:
    """Every row carries a mark of its own; it is found again, or the file is torn, or a row is said to be broken."""
    said, marks = [], 0
    for form, count, indent in parts:
        made = [{"mark": f"<{marks + number}>"} for number in range(count if form != "row" else 1)]
        marks += len(made)
        value = {"row": made[0], "array": made, "wrapped": {"v": 1, "rows": made, "w": [2]}}[form]
        said.append(json.dumps(value, indent=indent))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "PIECE_BYTES", piece)
        try:
            found = list(documents.rows(io.BytesIO(between.join(said).encode())))
        except documents.Torn:
            assert len(parts) > 1
            return
    if all(row.broken is None for row in found):
        text = json.dumps([row.value for row in found])
        assert all(f"<{mark}>" in text for mark in range(marks))


@given(st.binary(max_size=80) | st.text("[]{},:\"\\ a1\n", max_size=60).map(str.encode))
def test_whatever_the_bytes_a_document_gives_rows_or_is_torn(data: bytes) -> None:
    try:
        found = list(documents.rows(io.BytesIO(data)))
    except documents.Torn as torn:
        assert str(torn)
    else:
        assert [row.number for row in found] == list(range(len(found)))


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8) | st.just("a\r\nb")
"""The csv module writes a lone carriage return without quotes, which no reader can tell from a line's end."""


@given(st.lists(st.tuples(CELLS, CELLS), max_size=6), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
       st.sampled_from(["\n", "\r\n"]))
def test_what_the_csv_module_writes_is_read_back(rows: list[Any], quoting: Any, end: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting, lineterminator=end).writerows([("a", "b"), *rows])
    found = list(delimited.rows(io.BytesIO(text.getvalue().encode()), ","))
    assert [(row.value or {}).get("a") for row in found] == [one for one, _ in rows]
    assert [(row.value or {}).get("b") for row in found] == [other for _, other in rows]


@given(st.text('ab",\n\r', max_size=40))
def test_whatever_the_text_a_table_loses_no_row(text: str) -> None:
    """Against the csv module's own reader over the same lines."""
    data = f"x,y\n{text}"
    try:
        found = list(delimited.rows(io.BytesIO(data.encode()), ","))
    except delimited.Unsound:
        with pytest.raises(csv.Error):
            list(csv.reader(data.splitlines(keepends=True) if "\r" not in data else [data], strict=True))
    else:
        assert len(found) == len(list(csv.reader(io.StringIO(data, newline="\n"), strict=True))) - 1


def test_names_without_a_title_are_left_out_and_rows_are_counted_as_people_do(tmp_path: Path) -> None:
    path = tmp_path / "pandas.csv"
    path.write_text(",question,answer\n0,q,a\n")
    assert [row.value for row in raw_rows(path)] == [{"question": "q", "answer": "a"}]
    assert line_of(path, 0) == f"{path}, row 1" and line_of(Path("a.jsonl.gz"), 0) == "a.jsonl.gz:1"


def test_a_batch_is_small_where_rows_are_large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(columnar, "BATCH_BYTES", 10_000)
    sizes: list[int] = []
    values = columnar._values
    monkeypatch.setattr(columnar, "_values", lambda batch: sizes.append(batch.num_rows) or values(batch))
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"text": ["x" * 4_000] * 100}), path)
    assert len(list(raw_rows(path))) == 100 and max(sizes) <= 2


def test_long_files_are_counted_by_their_beginning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(files, "COUNTED_BYTES", 40_000)
    for name in ("array.json", "rows.csv", "rows.jsonl"):
        path = tmp_path / name
        path.write_bytes(FILES[name])
        assert count_rows(path) == pytest.approx(len(ROWS), rel=0.05)


def test_maps_nested_types_and_categories_are_read_as_json_says(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({
        "map": pa.array([[("a", 1), ("b", 2)], [("a", 1), ("a", 2)]], pa.map_(pa.string(), pa.int64())),
        "deep": [[{"x": [[1], []]}], None],
        "kind": pa.array(["u", "v"]).dictionary_encode()}), path)
    first, second = raw_rows(path)
    assert first.value == {"map": {"a": 1, "b": 2}, "deep": [{"x": [[1], []]}], "kind": "u"}
    assert second.broken is not None and second.broken.reason == "doubled key"


def both_forms(folder: Path, table: pa.Table) -> list[Path]:
    """The table as Parquet, and as an Arrow file and stream."""
    pq.write_table(table, folder / "a.parquet")
    for name, form in (("file.arrow", pa.ipc.new_file), ("stream.arrow", pa.ipc.new_stream)):
        with (folder / name).open("wb") as out, form(out, table.schema) as writer:
            writer.write_table(table)
    return sorted(folder.iterdir())


TWO = pa.struct([pa.field("x", pa.int64()), pa.field("x", pa.int64())])


@pytest.mark.parametrize("column", [
    pa.array([1]), pa.array([None], TWO), pa.array([None], pa.list_(TWO)), pa.array([None], pa.map_(pa.string(), TWO))])
def test_a_schema_that_says_a_name_twice_is_a_mistake(column: pa.Array, tmp_path: Path) -> None:
    names = ["x", "x" if column.type == pa.int64() else "y"]
    for path in both_forms(tmp_path, pa.table([pa.array([1]), column], names=names)):
        with pytest.raises(Mistake, match="schema names 'x' twice"):
            list(raw_rows(path))


def test_numbers_that_json_cannot_say_become_null_and_are_noted(tmp_path: Path) -> None:
    nan, far = float("nan"), float("inf")
    table = pa.table({
        "a": pa.array([1.5, nan, -far, 2.0], pa.float64()), "b": pa.array([1.0, 1.0, nan, 2.0], pa.float16()),
        "c": [[{"x": [1.0]}], [], None, [{"x": [far]}]], "d": ["t"] * 4})
    for path in both_forms(tmp_path, table):
        found = list(raw_rows(path))
        assert [row.value for row in found] == [
            {"a": 1.5, "b": 1.0, "c": [{"x": [1.0]}], "d": "t"}, {"a": None, "b": 1.0, "c": [], "d": "t"},
            {"a": None, "b": None, "c": None, "d": "t"}, {"a": 2.0, "b": 2.0, "c": [{"x": [None]}], "d": "t"}]
        assert [bool(row.note) for row in found] == [False, True, True, True]


def test_keys_of_maps_are_texts(tmp_path: Path) -> None:
    maps = pa.array([[(datetime.date(2020, 1, 2), [(7, 1)])]], pa.map_(pa.date32(), pa.map_(pa.int8(), pa.int8())))
    for path in both_forms(tmp_path, pa.table({"m": maps})):
        assert [row.value for row in raw_rows(path)] == [{"m": {"2020-01-02": {"7": 1}}}]


def test_nanoseconds_and_years_beyond_the_calendar_are_kept(tmp_path: Path) -> None:
    moment, text = 1_234_567_890_123_456_789, "2009-02-13 23:31:30.123456789"
    ns = pa.array([moment, None], pa.int64()).cast(pa.timestamp("ns"))
    table = pa.table({
        "t": ns, "zone": ns.view(pa.timestamp("ns", "Nowhere/Known")),
        "day": pa.array([3_600_000_000_001, None], pa.int64()).view(pa.time64("ns")),
        "long": pa.array([moment, None], pa.int64()).view(pa.duration("ns")),
        "deep": pa.StructArray.from_arrays([pa.ListArray.from_arrays([0, 1, 2], ns)], ["in"]),
        "map": pa.MapArray.from_arrays([0, 1, 2], pa.array(["a", "b"]), ns),
        "date": [datetime.date(2020, 1, 2), None]})
    for path in both_forms(tmp_path, table):
        first, second = raw_rows(path)
        assert first.value == {"t": text, "zone": text, "day": "01:00:00.000000001", "long": moment,
                               "deep": {"in": [text]}, "map": {"a": text}, "date": datetime.date(2020, 1, 2)}
        assert second.value == {"t": None, "zone": None, "day": None, "long": None, "deep": {"in": [None]},
                                "map": {"b": None}, "date": None}
    far = pa.table({"t": pa.array([0, 2**62], pa.int64()).cast(pa.timestamp("us")), "x": ["a", "b"]})
    for path in both_forms(tmp_path, far):
        assert [row.value and row.value["x"] for row in raw_rows(path)] == ["a", "b"]


def texts_at(offsets: list[int], data: bytes) -> pa.Array:
    buffers = [None, pa.array(offsets, pa.int32()).buffers()[1], pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.string(), len(offsets) - 1, buffers)


@pytest.mark.parametrize("wrap", [
    lambda texts: texts, lambda texts: pa.ListArray.from_arrays([0, 1, 2], texts),
    lambda texts: pa.StructArray.from_arrays([texts, pa.array([1, 2])], ["a", "b"]),
    lambda texts: pa.MapArray.from_arrays([0, 1, 2], pa.array(["k", "l"]), texts),
    lambda texts: pa.DictionaryArray.from_arrays(pa.array([0, 1]), texts)])
def test_an_arrow_file_that_points_outside_itself_is_a_mistake(wrap: Any, tmp_path: Path) -> None:
    for number, texts in enumerate((texts_at([0, 2**31 - 1, 2], b"ba"), texts_at([0, -7, 2], b"ba"))):
        for name, form in (("file.arrow", pa.ipc.new_file), ("stream.arrow", pa.ipc.new_stream)):
            table = pa.table({"question": wrap(texts), "answer": ["x", "y"]})
            with (tmp_path / f"{number}-{name}").open("wb") as out, form(out, table.schema) as writer:
                writer.write_table(table)
    for path in tmp_path.iterdir():
        with pytest.raises(Mistake, match="cannot be read as Arrow"):
            list(raw_rows(path))


def test_bytes_of_an_arrow_file_that_are_no_utf8_break_their_row_alone(tmp_path: Path) -> None:
    texts = texts_at([0, 1, 2, 3], b"a\xffb")
    for path in both_forms(tmp_path, pa.table({"t": texts, "l": pa.ListArray.from_arrays([0, 1, 2, 3], texts)})):
        assert [row.broken and row.broken.reason for row in raw_rows(path)] == [None, "not UTF-8", None]


@pytest.mark.parametrize(("head", "words"), [
    (b"question,caf\xe9", "header is not UTF-8"), (b"a,,b,,a", "one name over columns 1 and 5")])
def test_a_header_that_cannot_name_its_columns_is_a_mistake(head: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(head + b"\nx,y\n")
    with pytest.raises(Mistake, match=words):
        list(raw_rows(path))
