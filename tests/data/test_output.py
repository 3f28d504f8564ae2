"""What the three commands on files leave behind, and what they refuse to begin or to end with."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postgrad.cli.main import main
from postgrad.data.chunks import Inputs
from postgrad.data.output import output
from postgrad.records.tables import read_records
from postgrad.records.types import LedgerEntry, Origin
from postgrad.support.errors import Failure, Mistake
from postgrad.support.hashing import hash_file

COMMANDS = ("decontaminate", "deduplicate", "redact")


def jsonl(path: Path, *rows: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return path


def words(command: str, rows: Path, out: Path, *more: str) -> list[str]:
    """A command line on rows of which each has a text under `text`."""
    test = jsonl(rows.parent.parent / "tests" / "test.jsonl", {"question": "how many", "answer": ""})
    read = ["--train", str(rows), "--against", str(test), "--against-field", "question"]
    return [command, *(read if command == "decontaminate" else ["--input", str(rows)]), "--out", str(out), *more]


def copied(rows: Path, out: Path, form: str = "parquet") -> Path:
    """An output that keeps every row; the file with them."""
    inputs = Inputs([str(rows)])
    with output(out, inputs, "copy", "parquet" if form == "parquet" else "jsonl") as made:
        for chunk in inputs.chunks():
            made.keep(chunk, ())
        made.close({})
    return out / f"kept.{form}"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", ["kept.jsonl", "link"])
def test_a_file_that_is_read_is_not_in_the_folder_that_makes_way(
    command: str, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = tmp_path / "work"
    kept = jsonl(work / "kept.jsonl", {"text": "mine"})
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "a.jsonl").symlink_to(kept)
    rows = kept if place == "kept.jsonl" else tmp_path / "links" / "a.jsonl"
    assert main(words(command, rows, work, "--field", "text")) == 2
    assert capsys.readouterr().err == f"--out {work}: {rows} lies in it and is read; name another folder\n"
    assert [path.read_text() for path in work.iterdir()] == ['{"text": "mine"}\n']


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("name", "code", "what"), [
    ("link", 2, "is a link; name the folder itself, or another one"),
    ("loop", 2, "is a link; name the folder itself, or another one"),
    ("n" * 300, 1, "cannot be used (File name too long); name another place")])
def test_a_name_that_cannot_be_used_is_said_in_one_line(
    command: str, name: str, code: int, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, out = jsonl(tmp_path / "in" / "a.jsonl", {"text": "one"}), tmp_path / name
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert main(words(command, rows, out, "--field", "text")) == code
    assert capsys.readouterr().err == f"--out {out}: {what}\n"


def test_a_key_and_a_looping_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, loop = jsonl(tmp_path / "in" / "a.jsonl", {"text": "one"}), tmp_path / "loop"
    loop.symlink_to(loop)
    pseudonyms = ["--kind", "email=pseudonym", "--key", str(tmp_path / "key")]
    assert main(["redact", "--input", str(rows), "--out", str(loop), "--field", "text", *pseudonyms]) == 2
    assert capsys.readouterr().err.startswith(f"--out {loop}: is a link; ")


def test_nor_are_test_files_names_and_a_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, work = jsonl(tmp_path / "in" / "a.jsonl", {"text": "one"}), tmp_path / "work"
    kept = str(jsonl(work / "kept.jsonl", {"text": "mine"}))
    for given_ in (["decontaminate", "--train", str(rows), "--against", kept],
                   ["redact", "--input", str(rows), "--names", kept],
                   ["redact", "--input", str(rows), "--key", kept, "--kind", "email=pseudonym"]):
        assert main([*given_, "--out", str(work)]) == 2
        assert str(work) in capsys.readouterr().err and Path(kept).exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_field_that_no_row_has_is_a_mistake(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = jsonl(tmp_path / "in" / "a.jsonl", "{", {"text": "one", "id": 1}, {"text": "two", "id": 2})
    assert main(words(command, rows, tmp_path / "out", "--field", "txet")) == 2
    assert capsys.readouterr().err == "--field txet: no row has this field; did you mean text?\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_rows_that_are_all_broken_are_a_mistake(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = jsonl(tmp_path / "in" / "a.jsonl", "{", "", "[]", "{")
    assert main(words(command, rows, tmp_path / "out", "--field", "text")) == 2
    said = capsys.readouterr().err
    assert f"{rows}: no row can be used: broken JSON (2 rows), blank line (1 rows), not a JSON object (1 rows)" in said
    assert not (tmp_path / "out").exists()


def test_a_file_of_no_known_format_asks_for_the_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = jsonl(tmp_path / "in" / "odd.jsonl", {"colour": "red"})
    known = jsonl(tmp_path / "in" / "a.jsonl", {"prompt": "Hi", "completion": "Hello"})
    for given_, option in ((["deduplicate", "--input", rows], "--field"),
                           (["decontaminate", "--train", rows, "--against", known], "--field"),
                           (["decontaminate", "--train", known, "--against", rows], "--against-field")):
        assert main([*map(str, given_), "--out", str(tmp_path / "out")]) == 2
        said = capsys.readouterr().err
        assert said.endswith(f"; name the field that holds the text: {option} NAME\n") and "sources." not in said


def test_rows_that_recipes_would_drop_stay(tmp_path: Path) -> None:
    user, odd = {"role": "user", "content": "Hi"}, [
        {"role": "assistant", "content": "a", "weight": 0}, {"role": "tool", "content": "b"}]
    dialogues = jsonl(tmp_path / "in" / "a.jsonl", {"messages": [user, user]}, {"messages": [user, *odd]},
                      {"messages": [user, {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}]},
                      {"messages": [user, {"role": "assistant", "content": None, "tool_calls": [{"id": "2"}]}]})
    pairs = jsonl(tmp_path / "in" / "b.jsonl", {"prompt": "a", "chosen": "b", "rejected": "b"},
                  {"prompt": "a", "chosen": "b", "rejected": ""})
    questions = jsonl(tmp_path / "in" / "c.jsonl", {"question": "q", "answer": ""}, {"question": "r", "answer": 3})
    withheld = jsonl(tmp_path / "in" / "d.jsonl", {"question": "q", "answer": None}, {"question": "r", "answer": None})
    for rows in (dialogues, pairs, questions, withheld):
        for command in COMMANDS:
            assert main(words(command, rows, tmp_path / "out")) == 0
            assert (tmp_path / "out" / "kept.jsonl").read_bytes() == rows.read_bytes()


def test_answers_of_a_test_set_may_be_withheld(tmp_path: Path) -> None:
    item = "how many apples are left when Tom eats three of the twelve apples that he has"
    rows = jsonl(tmp_path / "a.jsonl", {"prompt": f"Say: {item}?", "completion": "9"},
                 {"prompt": "Hi", "completion": ""})
    test = jsonl(tmp_path / "b.jsonl", {"question": item, "answer": ""}, {"question": "why", "answer": ""})
    out = tmp_path / "out"
    assert main(["decontaminate", "--train", str(rows), "--against", str(test), "--out", str(out)]) == 0
    assert [json.loads(line)["prompt"] for line in (out / "kept.jsonl").open()] == ["Hi"]


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6)


def same(told: Any, read: Any) -> bool:
    """Whether a table says what JSON said: fields that are null, and objects of these alone, may be there or not."""
    if isinstance(told, dict) or isinstance(read, dict):
        one, other = told or {}, read or {}
        return (isinstance(one, dict) and isinstance(other, dict)
                and all(same(one.get(name), other.get(name)) for name in one.keys() | other.keys()))
    if isinstance(told, list) and isinstance(read, list):
        return len(told) == len(read) and all(map(same, told, read))
    return bool(told == read) and (type(told) is type(read) or (type(told), type(read)) == (int, float))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.sampled_from("xyz"), VALUES, min_size=1), min_size=1, max_size=6))
def test_a_table_holds_all_that_the_rows_say_or_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[dict[str, Any]]
) -> None:
    monkeypatch.setattr("postgrad.data.chunks.PIECE_BYTES", 30)  # a row or two a chunk
    try:
        kept = copied(jsonl(tmp_path / "a.jsonl", *rows), tmp_path / "out")
    except Mistake as error:
        assert "--format jsonl" in str(error)
    else:
        assert all(map(same, rows, pq.read_table(kept).to_pylist())), rows


@pytest.mark.parametrize(("rows", "said"), [
    ([{"m": {"a": 1}}, {"m": {"a": 1, "b": 2}}, {"n": 2.5}, {"n": 1}, {"m": None, "l": []}, {"l": [{"x": "y"}]}], ""),
    ([{"m": {}}, {"m": {}}], "objects that are empty in every row have no place in it"),
    ([{"m": 1}, {"m": "geheim"}], "m has values that no one column holds"),
    ([{"m": [1, "geheim"]}], "m has values that no one column holds"),
    ([{"m": 2.5}, {"m": (1 << 60) + 1}], "m has values that no one column holds"),
    ([{"m": 1 << 80}], "m has values that no one column holds"),
    ([{}, {}], "rows without a field have no place in it"),
])
def test_what_a_table_cannot_hold_is_said_and_not_left_out(
    rows: list[dict[str, Any]], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postgrad.data.chunks.PIECE_BYTES", 1)  # each row in a chunk of its own
    file = jsonl(tmp_path / "a.jsonl", *rows)
    if said:
        with pytest.raises(Mistake, match=said) as caught:
            copied(file, tmp_path / "out")
        assert "geheim" not in str(caught.value) and [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]
    else:
        read = pq.read_table(copied(file, tmp_path / "out")).to_pylist()
        assert all(map(same, rows, read)) and list(read[0]) == ["m", "n", "l"]


def test_types_of_a_table_stay(tmp_path: Path) -> None:
    import datetime

    table = pa.table({"when": [datetime.date(2024, 2, 29), None], "raw": [b"\xff", b"a"], "n": [1, 2]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert pq.read_table(copied(tmp_path / "a.parquet", tmp_path / "out")).equals(table)


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_rows_that_were_not_written_are_found_out(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(chunk: Any, dropped: Sequence[int], changed: Any = None) -> Any:
        return original(chunk, {*dropped, 1}, *([] if form == "parquet" else [changed]))

    from postgrad.data import output as module

    rows = jsonl(tmp_path / "a.jsonl", {"a": 1}, {"a": 2}, {"a": 3})
    if form == "jsonl":
        original: Any = module.kept_bytes
        monkeypatch.setattr(module, "kept_bytes", forgetful)
    else:
        every = module.lines_of
        monkeypatch.setattr(module, "lines_of", lambda chunk: [line for line in every(chunk) if line.number != 1])
    with pytest.raises(Failure, match="rows went missing: 3 in"):
        copied(rows, tmp_path / "out", form)


def test_the_ledger_names_each_files_hash(tmp_path: Path) -> None:
    files = [jsonl(tmp_path / f"{name}.jsonl", {"a": 1}, {"a": name}, "{") for name in "bac"]
    inputs = Inputs(map(str, files))
    with output(tmp_path / "out", inputs, "step") as made:
        for chunk in inputs.chunks():
            made.note(chunk, 0, "keep", "seen", chunk.path.name)
            made.note(chunk, 2, "drop", "broken")
            made.keep(chunk, {2})
        report = made.close({})
    entries = list(read_records(tmp_path / "out" / "ledger.parquet", LedgerEntry))
    assert [entry.origin for entry in entries] == [
        Origin(str(file), hash_file(file), row) for file in files for row in (0, 2)]
    assert (report["rows_in"], report["rows_kept"], report["rows_dropped"]) == (9, 6, 3)
