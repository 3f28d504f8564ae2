"""Formats, detection, files: what good rows become."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from postgrad.data.files import find_files
from postgrad.data.sources import SourceSpec, read
from postgrad.records.types import Example, Message, Problem
from postgrad.support.errors import Mistake

GSM8K = {"question": "Natalia sold clips to 48 friends …", "answer": "She sold 48/2 = <<48/2=24>>24 clips.\n#### 1,024"}
IFEVAL = {
    "key": 1000,
    "prompt": "Write. No commas.",
    "instruction_id_list": ["punctuation:no_comma", "length:words"],
    "kwargs": [{"num_words": None, "relation": None}, {"relation": "at least", "num_words": 300}],
}
CHAT = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Bye"},
        {"role": "assistant", "content": "Bye"},
    ]
}
PROBLEM = {
    "messages": [{"role": "user", "content": "1+2?"}],
    "ground_truth": "3",
    "verifier": "math",
    "plain": "1+2=",
    "split": "train",
    "id": "p1",
    "meta": {"level": 2},
}


def jsonl(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def records(path: Path, **spec: Any) -> list[Any]:
    rows = read(find_files(path), SourceSpec(**{"name": "s", "licence": "MIT", "capability": "c", **spec}))
    return [row.record for row in rows]


def test_gsm8k_as_examples_loses_its_calculator_and_says_so(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", GSM8K, {"question": "q", "answer": "no sums\n#### 3"})
    spec = SourceSpec("s", "MIT", "math")
    first, second = read([path], spec)
    assert isinstance(first.record, Example)
    assert first.record.messages[1] == Message("assistant", "She sold 48/2 = 24 clips.\n#### 1,024")
    assert [(entry.action, entry.reason) for entry in first.entries] == [("change", "calculator annotations removed")]
    assert second.entries == ()


def test_gsm8k_as_problems_has_the_final_number_as_ground_truth(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", GSM8K)
    (problem,) = records(path, kind="problems")
    assert isinstance(problem, Problem)
    assert (problem.ground_truth, problem.verifier, problem.split) == ({"answer": "1024"}, "math", "train")
    assert problem.messages == (Message("user", GSM8K["question"]),) and problem.plain == GSM8K["question"]


def test_questions_without_a_final_number_need_a_verifier(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", {"question": "Capital of France?", "answer": "Paris"})
    (row,) = read([path], SourceSpec("s", "MIT", kind="problems"))
    assert row.record is None and row.entries[0].reason == "no verifier"
    (problem,) = records(path, kind="problems", verifier="match")
    assert (problem.ground_truth, problem.verifier) == ({"answers": ["Paris"]}, "match")


def test_ifeval_keeps_the_arguments_that_are_meant(tmp_path: Path) -> None:
    (problem,) = records(jsonl(tmp_path / "a.jsonl", IFEVAL))
    assert problem.verifier == "ifeval" and problem.meta == {"key": 1000}
    assert problem.ground_truth == {
        "instruction_id_list": IFEVAL["instruction_id_list"],
        "kwargs": [{}, {"relation": "at least", "num_words": 300}],
    }


def test_problems_and_messages_are_read_whole(tmp_path: Path) -> None:
    (problem,) = records(jsonl(tmp_path / "p.jsonl", PROBLEM))
    assert (problem.ground_truth, problem.plain, problem.meta) == ({"answer": "3"}, "1+2=", {"level": 2, "id": "p1"})
    (example,) = records(jsonl(tmp_path / "c.jsonl", CHAT))
    assert [message.role for message in example.messages] == ["system", "user", "assistant", "user", "assistant"]
    (prompt,) = records(tmp_path / "c.jsonl", kind="problems")
    assert len(prompt.messages) == 4 and prompt.ground_truth is None and prompt.verifier == ""


def test_parts_of_text_are_joined(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    row = {"messages": [{"role": "user", "content": parts}, {"role": "assistant", "content": "c", "name": None}]}
    assert records(jsonl(tmp_path / "a.jsonl", row))[0].messages[0].content == "ab"


def test_a_format_without_answers_cannot_be_examples() -> None:
    for wrong in ({"format": "ifeval", "kind": "examples"}, {"format": "csv"},
                  {"format": "messages", "kind": "preferences"}, {"columns": {"promt": "x"}}):
        with pytest.raises(Mistake):
            SourceSpec("s", "MIT", **wrong)


def test_jsonl_gzip_and_parquet_hold_the_same_rows_and_folders_and_globs_go_by_name(tmp_path: Path) -> None:
    rows = [{"question": f"q{number}", "answer": f"a{number}"} for number in range(5000)]
    plain = jsonl(tmp_path / "a.jsonl", *rows)
    zipped = tmp_path / "b.jsonl.gz"
    zipped.write_bytes(gzip.compress(plain.read_bytes()))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "c.parquet", row_group_size=700)
    (tmp_path / "manifest.json").write_text("{}")
    said = [
        [(record.content_id, record.parents[0].row) for record in records(path)]
        for path in (plain, zipped, tmp_path / "c.parquet")
    ]
    assert said[0] == said[1] == said[2] and [row for _, row in said[0]] == list(range(5000))
    assert find_files(tmp_path) == [plain, zipped, tmp_path / "c.parquet"]
    assert find_files(tmp_path / "*.jsonl*") == [plain, zipped]
    assert len({record.parents for record in records(tmp_path)}) == 15_000
    assert len(records(tmp_path, rows=7)) == 7
