"""What is wrong with the input is said in one line, and nothing that was finished is lost."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from postgrad.cli.main import main
from postgrad.pipeline import Event, verify
from postgrad.records.tables import read_records
from postgrad.records.types import Example, LedgerEntry
from postgrad.support.errors import Failure, Mistake

from .making import Place, shapes, write_jsonl

pytestmark = pytest.mark.usefixtures("no_report")


def one_line(capsys: pytest.CaptureFixture[str], place: Place, code: int, *more: str) -> str:
    """The last line that `postgrad run` says, which is no traceback, and its exit code."""
    capsys.readouterr()
    assert main(place.command(*more)) == code
    shown = capsys.readouterr().err
    assert "Traceback" not in shown
    return shown.splitlines()[-1]


def whole(place: Place) -> None:
    """Every artifact in the store is whole, and none is half-made."""
    store = place.opened()
    assert verify(store, mend=False) == [] and list((store.root / "temporary").iterdir()) == []


def test_broken_rows_are_in_the_ledger_and_the_run_goes_on(place: Place) -> None:
    with (place.folder / "sums.jsonl").open("ab") as file:
        file.write(b'{"question": "cut o\n{"question": "no answer?"}\n{"question": "\xff?", "answer": "#### 1"}\n')
    place.run(until="sft")
    folder = place.artifacts()["read.sums"]
    said = json.loads((folder / "counts.json").read_text())
    assert (said["rows_in"], said["rows_kept"], said["rows_dropped"]) == (27, 24, 3)
    dropped = [row for row in read_records(folder / "ledger.parquet", LedgerEntry) if row.action == "drop"]
    assert [row.origin.row for row in dropped] == [24, 25, 26] and len({row.reason for row in dropped}) == 3


def test_dropped_rows_are_said_on_the_terminal(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    with (place.folder / "sums.jsonl").open("ab") as file:
        file.write(b'{"question": "cut o\n{"question": "no answer?"}\n{"question": "again no answer?"}\n')
    assert main(place.command("--until", "sft")) == 0
    told = capsys.readouterr().err
    assert "read.sums: 3 of 27 rows dropped (missing field 2, broken JSON 1)\n" in told
    assert "read.shapes: " not in told


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("curate.mixture.tokens=1", "mixture of examples: takes none of the 24 rows that curation left; "),
        ("curate.filter.min_chars=10000", "mixture of examples: takes none of the 0 rows that curation left; "),
        ("sources.sums={path: shapes.jsonl, format: problems, licence: MIT}", "stage sft: no capability "),
    ],
)
def test_nothing_to_train_on_is_said_before_anything_is_scored(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, change: str, words: str
) -> None:
    monkeypatch.chdir(place.folder)
    assert one_line(capsys, place, 2, "--set", change).startswith(words)
    assert not place.store.exists() or "evaluate.base" not in {made.manifest["step"] for made in place.made()}


@pytest.mark.parametrize("file", ["sums.jsonl", "sums_dev.jsonl"])
def test_an_empty_file(place: Place, capsys: pytest.CaptureFixture[str], file: str) -> None:
    (place.folder / file).write_bytes(b"")
    line = one_line(capsys, place, 2)
    assert file in line and "empty" in line
    whole(place)


def test_a_missing_file(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    (place.folder / "sums.jsonl").unlink()
    line = one_line(capsys, place, 2)
    assert "recipe.yaml:" in line and "sums.jsonl" in line
    assert not place.store.exists() and not place.out.exists()


def test_a_base_model_that_is_not_here_stops_a_run_before_its_first_step(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    line = one_line(capsys, place, 2, "--set", "base_model=models/none")
    assert line.startswith("base_model: models/none is neither a file or folder nor in the local Hugging Face cache; ")
    assert not place.store.exists() and not place.out.exists()


def test_a_broken_row_in_a_task_stops_the_run_early(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    with (place.folder / "shapes_dev.jsonl").open("a") as file:
        file.write("{}\n")
    line = one_line(capsys, place, 2)
    assert "tasks.shapes_dev" in line and "shapes_dev.jsonl:11: missing field (ground_truth); " in line
    assert "sft" not in place.json("run.json")["stages"]
    whole(place)


def test_a_source_that_changes_during_the_run(place: Place) -> None:
    def scribble(event: Event) -> None:
        if (event.kind, event.step.name) == ("start", "read.shapes"):
            with (place.folder / "shapes.jsonl").open("a") as file:
                file.write("{}\n")

    with pytest.raises(Failure, match=r"shapes\.jsonl: changed"):
        place.run(watch=scribble)
    assert {"base", "read.sums", "mixture"} <= set(place.hashes()) and "read.shapes" not in place.hashes()
    whole(place)
    _, done = place.run(until="sft")
    assert "read.sums" not in done and "sft" in done


def test_a_full_disk(place: Place, mount: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    disk = mount("size=300k")
    line = one_line(capsys, place, 1, "--store", str(disk / "store"), "--until", "sft")
    assert "the disk is full" in line and "--store" in line
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    assert main(place.command("--store", str(disk / "store"), "--until", "sft")) == 0


def test_a_run_folder_that_cannot_be_written(
    place: Place, mount: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    line = one_line(capsys, Place(place.folder, place.recipe, str(mount("ro"))), 1)
    assert "--out" in line and "Read-only file system" in line
    assert not place.store.exists()  # said before anything was paid for


def test_a_truncated_artifact_is_named_and_made_again(finished: Place, tmp_path: Path) -> None:
    place = finished.copy(tmp_path / "copy")
    weights = place.artifacts()["sft"] / "model" / "model.safetensors"
    weights.chmod(0o600)
    os.truncate(weights, 1000)
    (finding,) = verify(place.opened(), mend=False)
    assert finding.key == place.hashes()["sft"][0] and "model.safetensors" in str(finding.what)
    _, done = place.run()
    assert done == ["sft"] and place.hashes() == finished.hashes()
    whole(place)


def test_a_loss_that_is_not_finite(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    line = one_line(capsys, place, 1, "--set", "sft.learning_rate=1.0e30")
    assert line.startswith("stage sft: optimiser step 2, ")
    known = {row.content_id[:12] for row in read_records(place.artifacts()["mixture"] / "examples.parquet", Example)}
    named = re.findall(r"\b[0-9a-f]{12}\b", line)
    assert len(named) == 8 and set(named) <= known and ("nan" in line or "inf" in line)
    assert "sft" not in place.hashes() and {"mixture", "evaluate.base"} <= set(place.hashes())
    whole(place)


def test_rlvr_refuses_prompts_with_nothing_to_check_against(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    talk = ({"messages": [{"role": "user", "content": f"Say {number} of something."},
                          {"role": "assistant", "content": f"{number}"}]} for number in range(12))
    write_jsonl(place.folder / "talk.jsonl", talk)
    line = one_line(capsys, place, 2, "--set", "sources.shapes={path: talk.jsonl, format: auto, verifier: null}")
    assert line.startswith("sources.shapes: holds prompts that nothing says how to check; ")
    assert "sft" not in place.hashes()


def test_rlvr_refuses_a_truth_that_its_verifier_cannot_read(place: Place) -> None:
    unreadable = {"constraints": [{"kind": "handsome"}]}
    write_jsonl(place.folder / "shapes.jsonl", (row | {"ground_truth": unreadable} for row in shapes(12)))
    with pytest.raises(Mistake, match=r"problem \w+ \(shapes\): .*handsome"):
        place.run()
    assert "sft" not in place.hashes()  # before anything was trained


def test_a_run_folder_within_what_another_run_or_a_store_holds(
    finished: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = finished.copy(tmp_path / "copy")
    held = sorted(path.relative_to(place.folder) for path in place.folder.rglob("*"))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    elsewhere = tmp_path / "elsewhere"
    for out, store, what in (
            (place.store, place.store, "lies in the store"), (place.store / "artifacts" / "x", elsewhere, "the store"),
            (place.out / "model", place.store, "lies in what the run"), (elsewhere, elsewhere, "lies in the store"),
            (tmp_path / "loop", place.store, "is a link that leads nowhere"), (Path("/dev/null"), elsewhere, "device"),
            (place.out / "stages" / "sft" / "x", elsewhere, "the store")):
        assert what in one_line(capsys, Place(place.folder, place.recipe, str(out)), 2, "--store", str(store))
    long = tmp_path / ("n" * 300)
    assert "File name too long" in one_line(capsys, Place(place.folder, place.recipe, str(long)), 1)
    assert sorted(path.relative_to(place.folder) for path in place.folder.rglob("*")) == held
    assert not elsewhere.exists()


def test_a_folder_in_the_place_of_a_file_is_named(
    finished: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = finished.copy(tmp_path / "copy")
    card = place.out / "model" / "README.md"
    card.unlink()
    card.mkdir()
    line = one_line(capsys, place, 1)
    assert str(card) in line and "move it away" in line


def test_the_disk_that_is_full_is_named(
    place: Place, mount: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    out = mount("size=16k") / "run"
    line = one_line(capsys, Place(place.folder, place.recipe, str(out)), 1, "--until", "sft")
    assert "the disk is full" in line and str(out) in line and "--store" not in line
