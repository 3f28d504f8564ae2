"""`postgrad data erase` on a real run: named, removed, and made anew without the row."""

import io
import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from postgrad.cli.main import main

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
