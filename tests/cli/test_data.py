"""`postgrad data`: what it prints of a run whose rows are known, and of files."""

import io
import json
import re
from pathlib import Path

import pytest
from curated_run import UNSEEN_TASK, UNSEEN_TEXT

from postgrad.cli.main import main
from postgrad.cli.show_rows import draw


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["data", *words]) == 0
    return capsys.readouterr().out


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    lines = [{"messages": [{"role": "user", "content": f"Say {n}."}, {"role": "assistant", "content": f"{n}\n!"}]}
             for n in (1, 2, 3, 3)]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + "{broken\n")
    return path


def test_stats_of_files(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "stats", str(rows), "--json"))
    assert (found["rows"], found["repeated"], found["kinds"]) == (4, 1, {"examples": 4})
    assert (found["formats"], found["broken"]) == ({"rows.jsonl": "messages"}, {"broken JSON": 1})
    assert (found["turns"]["total"], found["chars"]["most"], found["words"]["total"]) == (8, 9, 16)
    text = said(capsys, "stats", str(rows))
    assert "4 examples; 1 (25 %) repeat another" in text and "none given: not known here" in text
    assert "broken JSON 1" in text


def test_stats_of_a_run(curated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "stats", str(curated), "--json"))
    assert found["sources"] == {"alpha": 6, "beta": 3}
    assert found["licences"] == {"CC-BY-SA-4.0": 6, "CC-BY-NC-4.0": 3}


def test_look_draws_by_source_text_and_seed(curated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "look", str(curated), "-n", "50", "--json"))
    assert len(found) == 7  # alpha 2, 3, 8, 9 and beta 1, 2, 3: alpha 6 overlaps an unseen task
    assert UNSEEN_TEXT not in str(found)
    beta = json.loads(said(capsys, "look", str(curated), "--source", "beta", "--where", "QUESTION 2", "--json"))
    assert [row["turns"] for row in beta] == [[{"who": "user", "text": "question 2 of beta"},
                                               {"who": "assistant", "text": "answer 2"}]]  # fmt: skip
    assert said(capsys, "look", str(curated), "--where", "nowhere at all") == "no row holds it\n"
    draws = [said(capsys, "look", str(curated), "-n", "2", "--seed", seed) for seed in ("0", "0", "1", "2", "3")]
    assert draws[0] == draws[1] and len(set(draws)) > 1


def test_look_is_plain_text_where_there_is_no_terminal(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "look", str(rows), "-n", "1", "--where", "say 2")
    assert text == "== rows.jsonl · row 1\nuser: Say 2.\nassistant: 2\n    !\n\n"


def test_nothing_in_a_row_moves_the_terminal() -> None:
    from rich.console import Console

    console = Console(width=60, file=io.StringIO(), force_terminal=True, color_system=None)
    draw([("s · row 0", [("user", "\x1b[2Jgone\x07 \u202eback " * 9)])], console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "\x07" not in text and "\u202e" not in text and "\x1b[2J" not in text and "gone" in text
    assert max(map(len, re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines())) <= 60


def test_ledger_of_a_row(curated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "ledger", str(curated), "alpha:8").endswith("Trained on by sft: 2 copies, 3 epochs.\n")
    assert said(capsys, "ledger", str(curated), "alpha.jsonl:4").endswith(
        "A row that stands for it was trained on by sft: one copy, 3 epochs.\n")  # fmt: skip
    assert said(capsys, "ledger", str(curated), "alpha:5").endswith(
        "Not trained on: it left at decontaminate, overlaps a task.\n")  # fmt: skip
    (found,) = json.loads(said(capsys, "ledger", str(curated), "alpha:6", "--json"))
    assert UNSEEN_TASK not in str(found) and found["origin"]["row"] == 6 and found["trained"][0]["copies"] == 1


def test_ledger_by_reason(curated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "ledger", str(curated), "--reason", "near duplicate")
    assert "beta:0" in text and "0.912 of alpha" in text
    found = json.loads(said(capsys, "ledger", str(curated), "--source", "alpha", "--json"))
    assert sum(line["rows"] for line in found["lines"] if line["action"] == "drop") == 5 and found["rows"] == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["lok", "x"], "postgrad data: unknown word lok; did you mean look?"),
        (["stats", "{rows}x"], "no such file, folder or run; did you mean {rows}?"),
        (["look", "{dangling}"], "is a link that leads nowhere"),
        (["look", "{run}", "--source", "bta"], "--source: unknown source bta; did you mean beta?"),
        (["look", "{run}", "-n", "0"], "-n: is 0; give a number from 1 on"),
        (["look", "{run}", "{rows}"], "a run stands alone; name one run, or files"),
        (["ledger", "{run}", "alpha:99"], "no step of the run has seen row 99"),
        (["ledger", "{run}", "alpah:9"], "did you mean alpha?"),
        (["ledger", "{run}", "alpha:9", "--reason", "x"], "a row needs no --source and no --reason"),
        (["ledger", "{rows}"], "is no run folder"),
        (["stats", "{rows}", "--model", "{rows}"], "is no folder; name a folder with tokenizer.json"),
    ],
)
def test_mistakes_are_one_line_with_the_mend(
    curated: Path, rows: Path, words: list[str], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = {"run": str(curated), "rows": str(rows), "dangling": str(tmp_path / "link.jsonl")}
    Path(named["dangling"]).symlink_to(tmp_path / "gone.jsonl")
    assert main(["data", *(word.format(**named) for word in words)]) == 2
    err = capsys.readouterr().err
    assert line.format(**named) in err and err.count("\n") == 1
