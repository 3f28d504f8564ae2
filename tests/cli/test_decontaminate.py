"""`postgrad decontaminate` as a user of another trainer would call it."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from postgrad.cli.main import main

ITEM = "how many apples are left when Tom eats three of the twelve apples that he has"


def jsonl(path: Path, *rows: object) -> str:
    path.write_text("".join(json.dumps(row) + "\n" if not isinstance(row, str) else row + "\n" for row in rows))
    return str(path)


def chat(user: str) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": user}, {"role": "assistant", "content": "Yes."}], "id": 7}


def test_it_drops_overlapping_and_broken_rows_and_says_where_each_went(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = jsonl(tmp_path / "train.jsonl", chat("hello"), chat(f"Please: {ITEM}?"), "{broken", chat("good night"))
    test = jsonl(tmp_path / "test.jsonl", {"question": "what is it", "answer": "1"}, {"question": ITEM, "answer": "9"})
    out = tmp_path / "out"
    assert main(["decontaminate", "--train", train, "--against", test, "--out", str(out)]) == 0
    before = (tmp_path / "train.jsonl").read_bytes().splitlines(keepends=True)
    assert (out / "kept.jsonl").read_bytes() == before[0] + before[3]
    report = json.loads((out / "report.json").read_text())
    assert [report[key] for key in ("rows_in", "rows_kept", "rows_dropped")] == [4, 2, 2]
    assert report["by_reason"] == {"overlaps a task": 1, "broken JSON": 1}
    (item,) = report["items"]
    said = [item[key] for key in ("against", "item", "train", "train_row", "overlap")]
    assert said == [test, 1, train, 1, 1.0]
    assert item["spans"] == [[0, 16]]
    entries = pq.read_table(out / "ledger.parquet").to_pylist()
    origins = [entry["origin"] for entry in entries]
    assert [(origin["source"], origin["row"]) for origin in origins] == [(train, 2), (train, 1)]
    assert [(entry["action"], entry["reason"]) for entry in entries] == [
        ("drop", "broken JSON"), ("drop", "overlaps a task")]
    assert "4 rows in, 2 kept, 2 dropped" in capsys.readouterr().out


def test_workers_change_nothing(tmp_path: Path) -> None:
    train = jsonl(tmp_path / "train.jsonl", *(chat(f"{ITEM} {i}" if i % 3 == 0 else f"row {i}") for i in range(300)))
    test = jsonl(tmp_path / "test.jsonl", {"question": ITEM, "answer": "9"})
    made = []
    for workers in ("1", "2"):
        out = tmp_path / workers
        words = ["decontaminate", "--train", train, "--against", test, "--out", str(out), "--workers", workers]
        assert main(words) == 0
        made.append([(out / name).read_bytes() for name in ("kept.jsonl", "ledger.parquet", "report.json")])
    assert made[0] == made[1]


def test_parquet_in_and_out_and_a_field_by_name(tmp_path: Path) -> None:
    import pyarrow as pa

    pq.write_table(pa.table({"text": ["hello", ITEM, "good night"], "n": [1, 2, 3]}), tmp_path / "rows.parquet")
    test = jsonl(tmp_path / "test.jsonl", {"q": ITEM})
    words = ["decontaminate", "--train", str(tmp_path / "rows.parquet"), "--against", test, "--field", "text",
             "--against-field", "q", "--format", "parquet", "--out", str(tmp_path / "out")]
    assert main(words) == 0
    kept = pq.read_table(tmp_path / "out" / "kept.parquet")
    assert kept.to_pydict() == {"text": ["hello", "good night"], "n": [1, 3]}


def test_an_earlier_output_makes_way_and_nothing_else_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = jsonl(tmp_path / "a.jsonl", chat("hello"))
    test = jsonl(tmp_path / "b.jsonl", {"question": "x", "answer": "1"})
    words = ["decontaminate", "--train", train, "--against", test, "--out", str(tmp_path / "out")]
    assert main(words) == main(words) == 0
    (tmp_path / "out" / "mine.txt").write_text("keep me")
    assert main(words) == 2
    assert "holds other things" in capsys.readouterr().err and (tmp_path / "out" / "mine.txt").is_file()


@pytest.mark.parametrize(("change", "said"), [
    ({"--train": "none.jsonl"}, "no such file"),
    ({"--against": "strange.jsonl"}, "strange.jsonl"),
    ({"--against": "torn.jsonl"}, "torn.jsonl:2"),
    ({"--ngram": "0"}, "ngram is at least 1"),
    ({"--overlap": "1"}, "below 1"),
    ({"--source-limit": "7"}, "--source-limit"),
])
def test_a_mistake_is_one_line_and_leaves_nothing(
    change: dict[str, str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jsonl(tmp_path / "strange.jsonl", {"colour": "red"})
    jsonl(tmp_path / "torn.jsonl", {"question": "x", "answer": "1"}, "{")
    given = {"--train": jsonl(tmp_path / "a.jsonl", chat("hello")),
             "--against": jsonl(tmp_path / "b.jsonl", {"question": "x", "answer": "1"}), "--out": str(tmp_path / "out")}
    given |= {key: str(tmp_path / value) if value.endswith("jsonl") else value for key, value in change.items()}
    assert main(["decontaminate", *(word for pair in given.items() for word in pair)]) == 2
    error = capsys.readouterr().err.strip()
    assert said in error and len(error.splitlines()) == 1
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".out*"))
