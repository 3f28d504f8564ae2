"""The seal through a whole run: nothing unseen is written or noted until it is about to be read, and then once."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from postgrad.evaluation.seal import Opening, SealLog
from postgrad.support.errors import Failure

from .making import SECRET, Place

pytestmark = pytest.mark.usefixtures("no_report")
UNSEAL = "evaluate.unseal=final scores"


def openings(place: Place) -> list[Opening]:
    return SealLog(place.seal).openings()


def holds_secret(folder: Path) -> list[str]:
    """The files below a folder with an unseen prompt in them, tables read and all."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            text = path.read_bytes().decode(errors="replace")
            if path.suffix == ".parquet":
                text += str(pq.read_table(path).to_pylist())
            if SECRET in text:
                found.append(path.name)
    return found


def test_a_sealed_run_opens_nothing_and_writes_no_unseen_prompt(finished: Place) -> None:
    assert openings(finished) == [] and not finished.seal.exists()
    assert holds_secret(finished.store) == [] and holds_secret(finished.out) == []
    assert "hash.sums_new" in finished.hashes()  # decontamination had its n-grams all the same
    said = {"head": "0" * 64, "opened": False, "reason": None, "openings": []}
    assert finished.json("run.json")["seal"] == said


def test_one_opening_scores_the_base_and_all_stages(finished: Place, tmp_path: Path) -> None:
    place = finished.copy(tmp_path / "copy")
    _, done = place.run(UNSEAL)
    (opening,) = openings(place)
    assert (opening.reason, opening.run, set(opening.tasks)) == ("final scores", "tiny", {"sums_new"})
    unseen = [f"evaluate.{stage}.unseen" for stage in ("base_plain", "base", "sft", "dpo", "rlvr")]
    assert done == ["task.sums_new", *unseen, "scores"]
    rows = [row for row in place.json("scores.json")["scores"] if row["split"] == "unseen"]
    assert {row["task"] for row in rows} == {"sums_new"} and len({row["stage"] for row in rows}) == 5
    said = place.json("run.json")["seal"]
    assert (said["head"], said["opened"], said["reason"]) == (opening.hash, True, "final scores")
    assert [(one["reason"], one["tasks"]) for one in said["openings"]] == [("final scores", ["sums_new"])]
    assert place.opened().artifact(place.hashes()["scores"][0]).manifest["notes"]["seal"] == opening.hash
    assert "problems.parquet" in holds_secret(place.store)  # so the search above would have found it

    assert place.run(UNSEAL)[1] == [] and openings(place) == [opening]


def test_a_run_that_ends_early_opens_nothing(place: Place) -> None:
    place.run(UNSEAL, until="sft")
    place.run(UNSEAL, only="sft")
    with pytest.raises(Failure):
        place.run(UNSEAL, "rlvr.learning_rate=1.0e30", "rlvr.steps=3")
    assert openings(place) == [] and holds_secret(place.store) == []
    assert place.json("run.json")["seal"]["opened"] is False
    place.run(UNSEAL)
    assert len(openings(place)) == 1


def test_a_log_that_no_longer_holds_what_a_run_noted_is_seen(finished: Place, tmp_path: Path) -> None:
    place = finished.copy(tmp_path / "copy")
    place.run(UNSEAL)
    kept = place.seal.read_bytes()
    place.seal.write_bytes(b"")
    with pytest.raises(Failure, match="does not hold the head"):
        place.run(UNSEAL)
    assert openings(place) == []
    place.seal.write_bytes(kept)
    assert place.run(UNSEAL)[1] == []
