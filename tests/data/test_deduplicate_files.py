"""Deduplication of files: the same rows as of records, lines as they stood, every other row in the ledger."""

import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.making import deduplicated
from postgrad.cli.main import main
from postgrad.data.deduplicate import Rule
from postgrad.data.deduplicate_files import deduplicate_files
from postgrad.data.sources import SourceSpec, read
from postgrad.records.tables import read_records
from postgrad.records.types import LedgerEntry
from postgrad.support.errors import Failure

BOTH = Rule(near=0.8)


def dialogues(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Short dialogues; a fifth are edits of earlier ones, a tenth say the same with other blanks."""
    draw = random.Random(seed)
    words = [f"{first}{second}" for first in "bcdfghjklmnp" for second in ("ab", "od", "un", "ist")]
    rows: list[list[str]] = []
    for _ in range(count):
        part = draw.random()
        said = draw.choices(words, k=draw.randint(20, 60)) if part > 0.3 or not rows else list(draw.choice(rows))
        if part < 0.2:
            said[draw.randrange(len(said))] = draw.choice(words)
        elif part < 0.3:
            said[3] += " "
        rows.append(said)
    return [{"id": number, "messages": [{"role": "user", "content": " ".join(said[:15])},
                                        {"role": "assistant", "content": " ".join(said[15:])}]}
            for number, said in enumerate(rows)]


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_files_and_records_keep_the_same_rows(tmp_path: Path) -> None:
    rows = dialogues(1_500)
    first, second = write(tmp_path / "a.jsonl", rows[:900]), write(tmp_path / "b.jsonl", rows[900:])
    report = deduplicate_files([first, second], tmp_path / "out", BOTH, workers=1)
    records = [row.record for name in (first, second) for row in read([Path(name)], SourceSpec(name, "MIT"))]
    usable = [record for record in records if record is not None]
    handled = deduplicated(usable, {}, BOTH)
    stays = [record.parents[0].row + 900 * (record.source == second) for row in handled if (record := row.record)]
    lines = (tmp_path / "out" / "kept.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == stays
    assert lines == [json.dumps(rows[number]) for number in stays]
    entries = list(read_records(tmp_path / "out" / "ledger.parquet", LedgerEntry))
    expected = [(e.origin, e.action, e.reason) for row in handled for e in row.entries]
    assert [(e.origin, e.action, e.reason) for e in entries] == expected
    assert report["rows_in"] == 1_500 == report["rows_kept"] + report["rows_dropped"]
    assert report["rows_kept"] == len(stays) and set(report["by_reason"]) == {"duplicate", "near duplicate"}


def test_two_processes_and_other_containers_give_the_same_rows(tmp_path: Path) -> None:
    rows = dialogues(400)
    name = write(tmp_path / "a.jsonl", rows)
    table = str(tmp_path / "a.parquet")
    pq.write_table(pa.Table.from_pylist(rows), table)
    kept = []
    for place, (file, workers) in enumerate(((name, 1), (name, 2), (table, 1))):
        deduplicate_files([file], tmp_path / f"out{place}", BOTH, workers=workers)
        kept.append([json.loads(line)["id"] for line in (tmp_path / f"out{place}" / "kept.jsonl").open()])
    assert kept[0] == kept[1] == kept[2]
    deduplicate_files([table], tmp_path / "table", BOTH, form="parquet", workers=1)
    assert pq.read_table(tmp_path / "table" / "kept.parquet")["id"].to_pylist() == kept[0]


def test_a_prompt_is_no_duplicate_of_a_dialogue(tmp_path: Path) -> None:
    said = {"messages": [{"role": "user", "content": "tell me about the red fox and the dog it jumped over"}]}
    dialogue = {"messages": [*said["messages"], {"role": "assistant", "content": ""}]}
    problem = said | {"ground_truth": "42", "dataset": "math"}
    pair = [write(tmp_path / "a.jsonl", [dialogue]), write(tmp_path / "b.jsonl", [problem, problem])]
    report = deduplicate_files(pair, tmp_path / "out", Rule(near=0.5), workers=1)
    assert (report["rows_kept"], report["by_reason"]) == (2, {"duplicate": 1})


def test_broken_rows_leave_with_their_reason_and_do_not_shift_the_others(tmp_path: Path) -> None:
    good = [json.dumps(row) for row in dialogues(3, seed=4)]
    lines = [good[0], "{", "", good[1], "[1]", good[0], good[2]]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    report = deduplicate_files([str(tmp_path / "a.jsonl")], tmp_path / "out", Rule())
    assert (tmp_path / "out" / "kept.jsonl").read_text().splitlines() == [good[0], good[1], good[2]]
    entries = list(read_records(tmp_path / "out" / "ledger.parquet", LedgerEntry))
    dropped = {e.origin.row: (e.reason, e.detail) for e in entries if e.action == "drop"}
    assert set(dropped) == {1, 2, 4, 5}
    assert dropped[5] == ("duplicate", f"of {tmp_path / 'a.jsonl'}, row 0")
    assert report["rows_in"] == 7 and report["rows_dropped"] == 4


def test_a_field_alone_and_the_user_turns_alone(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"text": "a b c", "other": 1}, {"text": "a  b c", "other": 2}, {"text": None}, {"text": "a b c d"}]
    report = deduplicate_files([write(tmp_path / "t.jsonl", rows)], tmp_path / "t", Rule(), field="text")
    assert report["by_reason"] == {"duplicate": 1, "null field": 1}
    asked = [{"messages": [{"role": "user", "content": "why?"}, {"role": "assistant", "content": answer}]}
             for answer in ("so", "because")]
    name = write(tmp_path / "u.jsonl", asked)
    assert deduplicate_files([name], tmp_path / "u", Rule())["rows_dropped"] == 0
    deduplicate_files([name], tmp_path / "v", Rule(turns="user"))
    assert [json.loads(line) for line in (tmp_path / "v" / "kept.jsonl").open()] == [asked[1]]  # the longer row


ASKED = " ".join(f"{first}{second}" for first in "abcdefgh" for second in "abcdefgh")


@pytest.mark.parametrize(("rows", "kept"), [
    ([{"prompt": ASKED, "completion": "yes it is", "label": label} for label in (True, False, True, 0, 1)], [0, 1]),
    ([{"prompt": ASKED, "chosen": one, "rejected": two} for one, two in (("yes", "no"), ("no", "yes"), ("Yes", "NO"))],
     [0, 1]),
    ([{"instruction": f"{ASKED} {end}", "completions": [
        {"response": f"{ASKED} {number}", "overall_score": number} for number in (1, 2)]} for end in ("a", "b")], [0]),
])
def test_preferences_of_files_are_compared_part_by_part(
    rows: list[dict[str, Any]], kept: list[int], tmp_path: Path
) -> None:
    deduplicate_files([write(tmp_path / "a.jsonl", rows)], tmp_path / "out", BOTH, workers=1)
    assert [json.loads(line) for line in (tmp_path / "out" / "kept.jsonl").open()] == [rows[number] for number in kept]


def test_dialogues_that_end_with_the_user_are_compared_too(tmp_path: Path) -> None:
    rows = [{"messages": [{"role": "user", "content": text}]} for text in ("a", "a ", "b")]
    assert deduplicate_files([write(tmp_path / "a.jsonl", rows)], tmp_path / "out", Rule())["rows_dropped"] == 1


def test_a_file_that_changes_between_the_two_passes_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = write(tmp_path / "a.jsonl", dialogues(20))
    from postgrad.data import deduplicate_files as module

    def changing(*given: Any) -> None:
        Path(name).write_text(Path(name).read_text().replace("bab", "xyz"))
        original(*given)

    original = module._write
    monkeypatch.setattr(module, "_write", changing)
    with pytest.raises(Failure, match="changed while it was read"):
        deduplicate_files([name], tmp_path / "out", Rule())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl"]


@pytest.mark.parametrize(("words", "code", "dropped"), [
    (["--exact"], 0, {"duplicate": 2}),
    ([], 0, {"duplicate": 1, "near duplicate": 2}),
    (["--near", "0.8"], 0, {"near duplicate": 3}),
    (["--near", "0.99", "--exact"], 0, {"duplicate": 2}),
    (["--near", "0.2"], 2, {}),
])
def test_which_duplicates_the_command_drops(
    words: list[str], code: int, dropped: dict[str, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = " ".join(f"{first}{second}" for first in "abcdefgh" for second in "abcdefgh")
    texts = [text, f"{text} ", f"{text} more", "a b c d", "a  b c d"]
    name = write(tmp_path / "a.jsonl", [{"text": text} for text in texts])
    arguments = ["deduplicate", "--input", name, "--field", "text", "--out", str(tmp_path / "out"), "--json", *words]
    assert main(arguments) == code
    said = capsys.readouterr()
    if code:
        assert said.err == "deduplicate: near is 0.2; give a likeness from 0.5 to 1\n"
        assert not (tmp_path / "out").exists()
    else:
        assert json.loads(said.out)["by_reason"] == dropped


def test_a_missing_file_is_a_mistake_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["deduplicate", "--input", str(tmp_path / "none.jsonl"), "--out", str(tmp_path / "out")]
    assert main(arguments) == 2
    assert "no such file" in capsys.readouterr().err and not (tmp_path / "out").exists()
