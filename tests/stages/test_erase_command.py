"""`postgrad data erase` on a real run: named, removed, and made anew without the row."""

import io
import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from postgrad.cli.main import main
from postgrad.pipeline import verify

from .making import RECIPE, Place, sums, write_jsonl, write_place

ROW = 5
SHORT = RECIPE.partition("  - {name: pairs")[0] + "evaluate: {limit: 4, max_tokens: 8}\n"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, base: Path, one_thread: None) -> Place:
    place = write_place(tmp_path_factory.mktemp("erase") / "place", base, SHORT)
    place.run()
    return place


def text_of(number: int) -> str:
    """What only that row says."""
    return str(sums(24)[number]["question"]).partition(":")[0]


def holding(root: Path, text: str) -> set[Path]:
    """Files that hold a text, as bytes or in a table; what a page says is searched too."""
    found = set()
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            said = str(pq.read_table(path).to_pylist()) if path.suffix == ".parquet" else ""
            if text.encode() in path.read_bytes() or text in said:
                found.add(path)
    return found


def erase(place: Place, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, list[dict[str, str]]]:
    assert main(["data", "erase", str(place.out), *words, "--json"]) == 0
    said: dict[str, list[dict[str, str]]] = json.loads(capsys.readouterr().out)
    return said


def test_it_names_what_came_of_the_row_and_removes_nothing(trained: Place, capsys: pytest.CaptureFixture[str]) -> None:
    before = trained.hashes()
    said = erase(trained, capsys, f"sums:{ROW}")
    steps = {one["step"] for one in said["artifacts"]}
    assert {"read.sums", "deduplicate", "decontaminate", "mixture", "sft", "evaluate.sft"} <= steps
    assert not steps & {"base", "read.shapes", "task.sums_dev", "hash.sums_dev", "evaluate.base"}
    assert [one["step"] for one in said["artifacts"] if one["weights"]] == ["sft"]
    assert said["source_lines"][0]["path"] == str(trained.folder / "sums.jsonl")
    assert {Path(copy["path"]).name for copy in said["copies"]} >= {"model", "report.html", "scores.json"}
    assert trained.hashes() == before and trained.artifacts()


def test_the_words_for_people_name_the_line_and_the_way(trained: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "erase", str(trained.out), f"sums:{ROW}"]) == 0
    said = capsys.readouterr().out
    assert f"sums.jsonl:{ROW + 1}" in said and "a model" in said and "--delete --yes" in said
    assert text_of(ROW) not in said


def test_rows_are_found_by_what_they_hold(
    trained: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"  {text_of(ROW).upper()}\n"))
    said = erase(trained, capsys, "--containing", "-")
    assert [origin["row"] for origin in said["origins"]] == [ROW]
    everybody = erase(trained, capsys, "--containing", "tam buys")
    assert Counter(origin["source"] for origin in everybody["origins"]) == {"sums": 24, "sums_dev": 10}


@pytest.mark.parametrize(("words", "what"), [
    ((), "wants a row"), (("sums:5", "--yes"), "--yes goes with --delete"), (("nobody:5",), "no table has rows"),
    (("sums:24",), "has row 24 of sums"), ((f"sums:{2**70}",), "is no origin"), (("sums:²",), "is no origin"),
    (("--containing", " "), "is empty"), (("--containing", "Zaphod"), "no row of the sources holds it")])
def test_mistakes(trained: Place, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], what: str) -> None:
    assert main(["data", "erase", str(trained.out), *words]) == 2
    assert what in capsys.readouterr().err


def test_nothing_is_left_and_a_run_without_the_row_works(
    trained: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = trained.copy(tmp_path / "place")
    text = text_of(ROW)
    assert main(["data", "erase", str(place.out), f"sums:{ROW}", "--delete"]) == 0       # without --yes: only said
    assert holding(place.store, text)
    capsys.readouterr()
    said = erase(place, capsys, f"sums:{ROW}", "--delete", "--yes")
    assert said["removed"]
    assert not holding(place.store, text) and not holding(place.out, text)
    assert holding(place.store, text_of(ROW + 1)) == set()         # rows beside it were in the same artifacts
    write_jsonl(place.folder / "sums.jsonl", [row for number, row in enumerate(sums(24)) if number != ROW])
    _, done = place.run()
    assert "sft" in done and "read.shapes" not in done             # what has nothing to do with the row is still there
    assert not holding(place.store, text) and holding(place.store, text_of(ROW + 1))
    assert (place.out / "model").is_dir() and (place.out / "report.html").is_file()


LETTER = "Dear {}, your tests of last week came back and all values are as they should be, so there is nothing to do."
OVERLAPPING, TWICE, FIRST_LETTER = 0, 1, 2
MIXED = (SHORT.replace("sources: [sums]", "sources: [sums, more]")
         .replace("sources:\n", "sources:\n  more: {path: more.jsonl, format: question_answer, licence: MIT}\n")
         .replace("curate:\n", "curate:\n  deduplicate: {near: 0.6}\n  decontaminate: {above_limit: drop_rows}\n"))


def said_by(place: Place, source: str, row: int) -> str:
    """What a row, and what only rows that say the same, hold."""
    question = json.loads((place.folder / f"{source}.jsonl").read_text().splitlines()[row])["question"]
    return str(question).partition(":")[0].partition(", your tests")[0]


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory, base: Path, one_thread: None) -> Place:
    """A run in the folder of its own sources, store and all. In `more`: a row that a task has, one that the other
    source has, and a letter that the other source has to another person.
    """
    place = write_place(tmp_path_factory.mktemp("crowded") / "place", base, MIXED)
    shared = {"question": "Which of the ninety birds of the marsh did Orla count twice?", "answer": "1 + 1 = 2\n#### 2"}
    letters = [{"question": LETTER.format(name), "answer": "#### 0"} for name in ("Mrs Quillfeather", "Mr Dunnock")]
    task = json.loads((place.folder / "sums_dev.jsonl").read_text().splitlines()[0])
    write_jsonl(place.folder / "sums.jsonl", [*sums(24), shared, letters[1]])
    write_jsonl(place.folder / "more.jsonl", [task, shared, letters[0], *sums(4, 50)])
    place.name = "."
    place.run()
    return place


@pytest.fixture
def taken(crowded: Place, tmp_path: Path) -> Place:
    """The same, to erase from."""
    return crowded.copy(tmp_path / "place")


def test_a_row_that_decontamination_dropped_and_shows(taken: Place, capsys: pytest.CaptureFixture[str]) -> None:
    text = said_by(taken, "more", OVERLAPPING)
    before = {path for path in holding(taken.store, text) if taken.artifacts()["decontaminate"] in path.parents}
    assert {path.name for path in before} == {"findings.json"}
    said = erase(taken, capsys, f"more:{OVERLAPPING}", "--delete", "--yes")
    hows = {one["step"]: one["how"] for one in said["artifacts"]}
    assert hows["decontaminate"] == "holds" and not hows.keys() & {"mixture", "sft"}
    assert {path.parent.name for path in holding(taken.store, text)} == {taken.hashes()["task.sums_dev"][0]}


def test_a_row_that_two_sources_have(taken: Place, capsys: pytest.CaptureFixture[str]) -> None:
    text = said_by(taken, "more", TWICE)
    found = holding(taken.store, text)
    assert {path.parent for path in found} >= {taken.artifacts()["read.more"], taken.artifacts()["read.sums"]}
    said = erase(taken, capsys, f"more:{TWICE}", "--delete", "--yes")
    assert {(one["source"], one["row"]) for one in said["same_text"]} == {("sums", 24)}
    assert {"read.sums", "read.more", "mixture", "sft"} <= {one["step"] for one in said["artifacts"]}
    assert not holding(taken.store, text)


def test_a_letter_to_another_person(taken: Place, capsys: pytest.CaptureFixture[str]) -> None:
    mine, other = said_by(taken, "more", FIRST_LETTER), said_by(taken, "sums", 25)
    assert main(["data", "erase", str(taken.out), f"more:{FIRST_LETTER}"]) == 0
    mine_to_take, _, to_look_at = capsys.readouterr().out.partition("Near duplicates")
    assert "more.jsonl:3" in mine_to_take and "sums.jsonl" not in mine_to_take and "sums.jsonl:26" in to_look_at
    said = erase(taken, capsys, f"more:{FIRST_LETTER}", "--delete", "--yes")
    assert not said["same_text"] and [(one["source"], one["row"]) for one in said["near_text"]] == [("sums", 25)]
    assert not holding(taken.store, mine)
    assert {path.parent.name for path in holding(taken.store, other)} == {taken.hashes()["read.sums"][0]}


def test_a_mixture_that_broke(taken: Place, capsys: pytest.CaptureFixture[str]) -> None:
    table = taken.artifacts()["mixture"] / "examples.parquet"
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 1
    table.write_bytes(content)
    assert [finding.step for finding in verify(taken.opened())] == ["mixture"]
    said = erase(taken, capsys, "sums:3")
    hows = {one["step"]: one["how"] for one in said["artifacts"]}
    assert hows["sft"] == hows["evaluate.sft"] == hows["scores"] == "may hold" and "evaluate.base" not in hows
    assert {"model", "report.html"} <= {Path(one["path"]).name for one in said["copies"]}


def test_what_lies_beside_the_run_stays(taken: Place, capsys: pytest.CaptureFixture[str]) -> None:
    (taken.folder / ".git").mkdir()
    (taken.folder / ".git" / "config").write_text("[core]")
    before = {path.name for path in taken.folder.iterdir()}
    said = erase(taken, capsys, "sums:3", "--delete", "--yes")
    gone = before - {path.name for path in taken.folder.iterdir()}
    assert gone == {"cards", "model", "report.html", "scores.json", "stages"}
    assert gone == {Path(one["path"]).name for one in said["copies"]}
    assert said_by(taken, "sums", 3) in (taken.folder / "sums.jsonl").read_text()
