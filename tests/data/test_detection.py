"""Which format a source's files have: found in every file, and said where two differ."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from postgrad.data import detection
from postgrad.data.detection import LOOKED_AT, LOOKED_AT_IN_ALL, detect
from postgrad.data.file_rows import FileRows
from postgrad.data.files import find_files, raw_rows
from postgrad.data.raw import RawRow
from postgrad.data.sources import SourceSpec, resolve
from postgrad.support.errors import Mistake

QA = {"question": "q", "answer": "a"}
CHAT = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
SHAREGPT = {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}
COMPLETION = {"prompt": "Say hi", "completion": "hi"}
ROWS: dict[str, dict[str, Any]] = {
    "question_answer": QA, "messages": CHAT, "sharegpt": SHAREGPT, "prompt_completion": COMPLETION,
    "ifeval": {"prompt": "p", "instruction_id_list": ["i"], "kwargs": [{}]},
    "problems": {"messages": CHAT["messages"][:1], "ground_truth": "3", "verifier": "math"}}


def jsonl(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("name", ROWS)
def test_the_format_is_found_by_itself(name: str, tmp_path: Path) -> None:
    assert detect([jsonl(tmp_path / "a.jsonl", "junk", {"other": 1}, ROWS[name])], "s") == name


def test_the_format_is_found_in_parquet_where_other_columns_are_null(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist([{**QA, "prompt": None, "completion": None}]), path)
    assert detect([path], "s") == "question_answer"


@pytest.mark.parametrize(("rows", "words"), [
    ([{**QA, **COMPLETION}], "a.jsonl:1: format is ambiguous: it fits question_answer and prompt_completion"),
    ([QA, COMPLETION], "ambiguous: question_answer ({}/a.jsonl:1), prompt_completion ({}/a.jsonl:2)"),
    ([{"text": "x", "id": 1}], "a.jsonl:1: format is unknown: the fields are id, text"),
    (["junk", 3], "no row that can be read"),
])
def test_an_ambiguous_or_unknown_format_is_one_clear_line(rows: list[Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(Mistake) as caught:
        detect([jsonl(tmp_path / "a.jsonl", *rows)], "s")
    assert words.format(tmp_path, tmp_path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(("second", "said"), [(SHAREGPT, "sharegpt"), ({"text": "x"}, "unknown")])
def test_a_later_file_of_another_format_is_a_mistake_that_names_both(
    second: dict[str, Any], said: str, tmp_path: Path
) -> None:
    jsonl(tmp_path / "a.jsonl", *[CHAT] * 1000)
    jsonl(tmp_path / "b.jsonl", *[second] * 1000)
    with pytest.raises(Mistake) as caught:
        detect(find_files(tmp_path), "s")
    assert f"messages ({tmp_path}/a.jsonl:1), {said} ({tmp_path}/b.jsonl:1)" in str(caught.value)


def test_a_file_that_begins_with_rows_of_no_format_is_read_on(tmp_path: Path) -> None:
    files = [jsonl(tmp_path / f"{number}.jsonl", {"text": number}, QA) for number in range(LOOKED_AT_IN_ALL // 2)]
    assert detect(files, "s") == "question_answer"


@pytest.mark.parametrize("count", [1, 7, 40, LOOKED_AT_IN_ALL, 3 * LOOKED_AT_IN_ALL])
def test_few_rows_are_read_however_many_files_there_are(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: dict[Path, int] = {}

    def counted(path: Path) -> Iterator[RawRow]:
        for row in raw_rows(real):
            read[path] = read.get(path, 0) + 1
            yield row

    real = jsonl(tmp_path / "a.jsonl", *[QA] * 200)
    monkeypatch.setattr(detection, "raw_rows", counted)
    files = [tmp_path / f"{number:04}.jsonl" for number in range(count)]
    assert detect(files, "s") == "question_answer"
    assert sum(read.values()) <= LOOKED_AT_IN_ALL and max(read.values()) <= LOOKED_AT
    assert len(read) == min(count, LOOKED_AT_IN_ALL) and min(read.values()) == max(read.values())


def test_a_table_without_a_header_is_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Anna Example,born 1950,answer\nx,y,z\n")
    with pytest.raises(Mistake) as caught:
        detect([path], "s")
    assert "of 3 columns the header calls answer by a known name" in str(caught.value)
    assert "Anna" not in str(caught.value) and "1950" not in str(caught.value)


@pytest.mark.parametrize(("header", "spec", "said"), [
    ("question,answer,id", {"columns": {"question": "questions", "answer": "answer"}},
     "a.csv: no column `questions`; the header has 3 columns; did you mean question?"),
    ("frage,Antwort", {"columns": {"question": "frage", "answer": "antwort"}},
     "a.csv: no column `antwort`; the header has 2 columns; correct `columns:` under sources.s, or give"),
    ("Anna Example,born 1950", {"columns": {"question": "born", "answer": "answer"}},
     "a.csv: no column `born`; the header has 2 columns; correct `columns:` under sources.s, or give the file a"),
    ("Anna Example,born 1950", {"format": "question_answer"},
     "a.csv: of 2 columns the header calls none by a known name; give it a header, or say which is which: `columns:"),
])
def test_a_header_without_the_columns_wanted_is_one_line_that_quotes_no_other(
    header: str, spec: dict[str, Any], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\n{','.join('x' * (header.count(',') + 1))}\n")
    with pytest.raises(Mistake) as caught:
        resolve([path], SourceSpec("s", "MIT", **spec))
    assert said in str(caught.value)


def test_a_header_with_the_columns_wanted_is_none_of_its_business(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("frage,a.b,other\nx,y,z\n")
    spec = SourceSpec("s", "MIT", columns={"question": "frage", "answer": "a.b"})
    assert resolve([path], spec).format == "question_answer"


def test_without_a_recipe_no_mend_speaks_of_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("frage,antwort\nx,y\n")
    with pytest.raises(Mistake) as caught:
        next(FileRows([str(path)]).batches())
    assert "sources." not in str(caught.value) and "docs/data.md" in str(caught.value)
    with pytest.raises(Mistake) as caught:
        find_files(tmp_path / "missing.jsonl")
    assert "recipe" not in caught.value.mend
