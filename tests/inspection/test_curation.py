"""What is counted of a run's curation, against a run whose rows are known one by one (`curated_run`)."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from curated_run import UNSEEN_TASK

from postgrad.inspection.curation import Curation, Use, _without_rows
from postgrad.inspection.row_history import UNSEEN, find_origins, having, history, summary
from postgrad.inspection.run_folder import read
from postgrad.inspection.source_facts import facts, sources
from postgrad.support.errors import Mistake

WAY = {  # source → part → (entered, kept, made, dropped)
    "alpha": {
        "read": (10, 9, 0, {"broken JSON": 1}),
        "filter": (9, 8, 0, {"empty turn": 1}),
        "redact": (8, 8, 0, {}),
        "deduplicate": (8, 7, 0, {"duplicate": 1}),
        "decontaminate": (7, 6, 0, {"overlaps a task": 1}),
        "mix": (6, 6, 1, {"beyond its share": 1}),
    },
    "beta": {
        "read": (4, 4, 0, {}),
        "redact": (4, 4, 0, {}),
        "deduplicate": (4, 3, 0, {"near duplicate": 1}),
        "decontaminate": (3, 3, 0, {}),
        "mix": (3, 3, 0, {}),
    },
}


def opened(run: Path) -> Curation:
    return Curation(read(run))


def test_every_part_of_every_step_is_counted_by_source(curated: Path) -> None:
    curation = opened(curated)
    assert curation.uses == [Use("sft", "mixture")]
    for source, way in WAY.items():
        found = {one.part: (one.entered, one.kept, one.made, one.dropped) for one in
                 curation.passages("mixture", source)}  # fmt: skip
        assert found == way
    together = curation.passages("mixture")
    assert [one.part for one in together] == ["read", "filter", "redact", "deduplicate", "decontaminate", "mix"]
    for one in together:
        assert one.entered + one.made == one.kept + sum(one.dropped.values())
    assert (together[0].entered, together[-1].kept) == (14, 9)


def test_lineage_holds_where_another_run_named_the_steps(curated: Path) -> None:
    """Artifacts are shared: their manifests call a step as the run that made it did."""
    before = opened(curated).passages("mixture")
    for path in (curated.parent / ".store" / "artifacts").glob("*/manifest.json"):
        said = json.loads(path.read_text())
        said["step"] = f"other.{said['step']}"
        for given in said["inputs"].values():
            given |= {"step": f"other.{given['step']}"} if "step" in given else {}
        path.write_text(json.dumps(said))
    curation = opened(curated)
    assert curation.uses == [Use("sft", "mixture")] and curation.passages("mixture") == before
    assert "decontaminate" in curation.run.ancestors(["sft"])


def test_rows_that_several_steps_hand_on_as_they_are_have_one_hash_and_keep_their_way(tmp_path: Path) -> None:
    """An artifact of another run, whose inputs have other keys here: what it read is told by its name."""
    artifacts = tmp_path / ".store" / "artifacts"
    for name, given in (("read.a", ""), ("deduplicate", "read.a"), ("decontaminate", "deduplicate")):
        (artifacts / name).mkdir(parents=True)
        inputs = {"rows": {"step": given, "key": f"another {given}", "outputs": "same"}} if given else {}
        (artifacts / name / "manifest.json").write_text(json.dumps({"inputs": inputs}))
    steps = [{"name": path.name, "key": path.name, "outputs": "same"} for path in sorted(artifacts.iterdir())]
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text(json.dumps({"format": 2, "store": "../.store", "steps": steps}))
    run = read(tmp_path / "run")
    assert run.inputs("decontaminate") == {"rows": "deduplicate"} and run.inputs("deduplicate") == {"rows": "read.a"}


def test_the_keepers_source_is_told_from_what_the_ledger_says() -> None:
    ledger = pa.table({"step": ["deduplicate", "deduplicate", "redact"],
                       "detail": ["0.912 of list of things, file ab12, row 3", "of a, file of b, file ff, row 10",
                                  "email: 2"]})  # fmt: skip
    assert _without_rows(ledger)["detail"].to_pylist() == ["list of things", "a, file of b", "email: 2"]


def test_findings_by_kind_and_duplicates_by_keeper(curated: Path) -> None:
    curation = opened(curated)
    assert curation.personal_data("alpha", "mixture") == {"email": (1, 2)}
    assert curation.personal_data("beta", "mixture") == {"email": (1, 1)}
    assert curation.personal_data(None, "mixture") == {"email": (2, 3)}
    assert curation.keepers("alpha", "mixture") == curation.keepers("beta", "mixture") == {"alpha": 1}


def test_unseen_tasks_are_counts_only(curated: Path) -> None:
    found = opened(curated).contamination("alpha", "mixture")
    assert found is not None and UNSEEN_TASK not in str(found)
    assert [(pair.task, pair.rows, pair.items, pair.share) for pair in found.development] == [("sums", 1, 1, 0.1)]
    assert (found.unseen_tasks, found.unseen.rows, found.unseen.items, found.unseen.above_limit) == (1, 1, 1, True)


def test_what_recipe_and_manifests_say_of_a_source(curated: Path) -> None:
    curation = opened(curated)
    assert sources(curation) == ["alpha", "beta"]
    said = facts(curation, "alpha")
    assert (said.licence, said.origin, said.version) == ("CC-BY-SA-4.0", "https://example.org/alpha", "2.1")
    assert (said.legal_basis, said.capability, said.format) == ("Art. 6(1)(a) GDPR", "alpha", "messages")
    assert [file.name for file in said.files] == ["alpha.jsonl"]
    assert [(table.step, table.rows) for table in said.tables] == [("read.alpha", 8)]


@pytest.mark.parametrize(
    ("row", "said", "trained"),
    [
        ("alpha:0", [("drop", "broken JSON")], []),
        ("alpha:1", [("drop", "empty turn")], []),
        ("alpha:2", [("change", "email replaced")], [(1, True)]),
        ("alpha:3", [("keep", "best of its duplicates")], [(1, True)]),
        ("alpha:4", [("drop", "duplicate"), ("stand", ""), ("stand", "")], [(1, False)]),
        ("beta:0", [("drop", "near duplicate"), ("stand", ""), ("stand", "")], [(1, False)]),
        ("alpha:5", [("drop", "overlaps a task")], []),
        ("alpha:6", [("keep", "overlaps a task")], [(1, True)]),
        ("alpha:7", [("drop", "beyond its share")], []),
        ("alpha:8", [("make", "epoch 2")], [(2, True)]),
        ("alpha:9", [], [(1, True)]),
        ("beta:1", [("keep", "email found")], [(1, True)]),
    ],
)
def test_the_history_of_every_row(
    curated: Path, row: str, said: list[tuple[str, str]], trained: list[tuple[int, bool]]
) -> None:
    curation = opened(curated)
    ((origin, file),) = find_origins(curation, row)
    found = history(curation, origin, file)
    assert [(event.action, event.reason) for event in found.events if event.action != "pass"] == said
    assert [(one.copies, one.itself) for one in found.trained] == trained
    assert all((one.stage, one.epochs) == ("sft", 3.0) for one in found.trained)
    assert UNSEEN_TASK not in str(found)


def test_a_row_may_be_named_by_its_file(curated: Path) -> None:
    curation = opened(curated)
    by_source = find_origins(curation, "alpha:3")
    hashed = by_source[0][0].file[:8]
    for said in ("alpha.jsonl:3", "/elsewhere/alpha.jsonl:3", f"{hashed}:3"):
        assert find_origins(curation, said) == by_source
    for wrong, hint in (("alpah:3", "did you mean alpha?"), ("alpha", "SOURCE:ROW"), ("alpha:x", "SOURCE:ROW"),
                        ("alpha:²", "SOURCE:ROW"), (f"alpha:{2**63}", "SOURCE:ROW")):
        with pytest.raises(Mistake, match=hint.replace("?", r"\?")):
            find_origins(curation, wrong)
    with pytest.raises(Mistake, match="no step of the run has seen row 10"):
        history(curation, find_origins(curation, "alpha:10")[0][0])


def test_the_ledgers_counted_and_listed(curated: Path) -> None:
    curation = opened(curated)
    lines = summary(curation, "alpha")
    assert {(line.reason, line.rows) for line in lines if line.action == "drop"} == {
        ("broken JSON", 1), ("empty turn", 1), ("duplicate", 1), ("overlaps a task", 1),
        ("beyond its share", 1)}  # fmt: skip
    overlaps = summary(curation, reason="overlaps a task")
    assert [(row["row"], row["detail"]) for row in having(curation, overlaps, 10)] == [(5, "sums"), (6, UNSEEN)]
    assert len(having(curation, overlaps, 1)) == 1
    with pytest.raises(Mistake, match="did you mean duplicate"):
        summary(curation, reason="duplicat")
    with pytest.raises(Mistake, match="did you mean beta"):
        summary(curation, "bta")
