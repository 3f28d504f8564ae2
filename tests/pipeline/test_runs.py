"""Run folders, verification, cleaning and the trace of one score, on a run small enough to follow by hand."""

import json
import shutil
from pathlib import Path

import pytest

from postgrad.inspection import run_folder
from postgrad.pipeline import Artifact, File, Step, Store, execute, gc, open_run, verify, write_run
from postgrad.pipeline.lineage import place_of
from postgrad.pipeline.trace import trace
from postgrad.records.tables import read_records, write_records
from postgrad.records.types import Example, Message, Origin, Outcome, content_id
from postgrad.support.errors import Failure, Mistake
from postgrad.support.hashing import hash_file

from .plans import chain


def finish(folder: Path, store: Store, steps: list[Step]) -> dict[str, Artifact]:
    done = execute(steps, store)
    details = {"recipe": {"seed": 1}, "stages": {"stage0": {"kind": "sft"}}}
    write_run(folder, store, steps, done, details)
    return done


def test_the_run_folder_says_what_was_made_and_links_to_it(tmp_path: Path, store: Store, source: Path) -> None:
    done = finish(tmp_path / "run", store, chain(source))
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["recipe"] == {"seed": 1} and record["stages"]["stage0"]["kind"] == "sft"
    assert record["stages"]["stage2"]["artifact"] == done["step 2"].key
    assert (tmp_path / "run" / "stages" / "stage1").resolve() == done["step 1"].folder
    assert open_run(tmp_path / "run").artifact("step 0").key == done["step 0"].key
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("run", "store"):
        shutil.move(tmp_path / name, moved / name)
    assert open_run(moved / "run").artifact("step 2").folder == (moved / "run/stages/stage2").resolve()
    with pytest.raises(Mistake, match="no step"):
        open_run(moved / "run").artifact("nothing")
    with pytest.raises(Mistake, match="no run folder"):
        open_run(moved)


def test_a_run_of_another_version_is_said_in_a_line(tmp_path: Path, store: Store, source: Path) -> None:
    run = tmp_path / "run"
    finish(run, store, chain(source))
    record = json.loads((run / "run.json").read_text())
    for form in (record["format"] - 1, record["format"] + 1):
        (run / "run.json").write_text(json.dumps(record | {"format": form}))
        for read in (open_run, run_folder.read):
            with pytest.raises(Failure, match=r"another version of postgrad wrote this run.*; run the recipe again"):
                read(run)


def test_an_unchanged_run_folder_is_not_written_again(tmp_path: Path, store: Store, source: Path) -> None:
    finish(tmp_path / "run", store, chain(source))
    before = {path: path.lstat().st_mtime_ns for path in (tmp_path / "run").rglob("*")}
    finish(tmp_path / "run", store, chain(source))
    assert {path: path.lstat().st_mtime_ns for path in (tmp_path / "run").rglob("*")} == before


def test_where_links_fail_a_text_names_the_artifact(
    tmp_path: Path, store: Store, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    done = finish(tmp_path / "run", store, chain(source))
    link = tmp_path / "run" / "stages" / "stage0"
    assert (link.parent / link.read_text().strip()).resolve() == done["step 0"].folder


def test_verify_names_every_kind_of_damage_and_the_next_run_mends_it(
    tmp_path: Path, store: Store, source: Path, ran: list[str]
) -> None:
    steps = chain(source, "abcd")
    done = finish(tmp_path / "run", store, steps)
    assert verify(store) == []
    (done["step 0"].folder / "out.txt").write_text((done["step 0"].folder / "out.txt").read_text().upper())
    (done["step 1"].folder / "out.txt").unlink()
    (done["step 2"].folder / "extra.txt").touch()
    (done["step 3"].folder / "link").symlink_to(source)
    found = {finding.step: finding.what[0] for finding in verify(store, mend=False)}
    assert found["step 0"] == "out.txt has been altered" and found["step 1"] == "out.txt is missing"
    assert found["step 2"] == "extra.txt does not belong there"
    assert found["step 3"] == "link is neither a file nor a folder" and len(found) == 4
    assert all(finding.moved_to and finding.moved_to.is_dir() for finding in verify(store))
    ran.clear()
    again = execute(steps, store)
    assert ran == ["a", "b", "c", "d"] and {n: a.key for n, a in again.items()} == {n: a.key for n, a in done.items()}
    assert verify(store) == []


def test_gc_removes_what_no_run_refers_to(tmp_path: Path, store: Store, source: Path) -> None:
    old = finish(tmp_path / "old", store, chain(source, "abc"))
    new = finish(tmp_path / "new", store, chain(source, "abx"))
    (store.root / "temporary" / "dead").mkdir()
    assert [removal.path.name for removal in gc(store)] == ["dead"]
    shutil.rmtree(tmp_path / "old")
    planned = {removal.path for removal in gc(store)}
    assert old["step 2"].folder in planned and old["step 2"].folder.is_dir()
    assert {removal.path for removal in gc(store, dry_run=False)} == planned
    assert set(store.keys()) == {artifact.key for artifact in new.values()}
    assert not (store.root / "temporary" / "dead").exists() and not list((store.root / "locks").iterdir())
    assert len(list((store.root / "plans").iterdir())) == 3


def test_gc_keeps_what_a_run_moved_with_its_store_refers_to(tmp_path: Path, store: Store, source: Path) -> None:
    done = finish(tmp_path / "run", store, chain(source))
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("run", "store"):
        shutil.move(tmp_path / name, moved / name)
    assert gc(Store(moved / "store"), dry_run=False) == []
    shutil.move(moved / "run", tmp_path / "elsewhere")
    assert {removal.path.name for removal in gc(Store(moved / "store"))} >= {artifact.key for artifact in done.values()}


def test_gc_keeps_young_unfinished_work(store: Store) -> None:
    work = store.work("a" * 64)
    assert gc(store, dry_run=False, work_days=1) == [] and work.is_dir()
    assert [removal.path for removal in gc(store, dry_run=False, work_days=0)] == [work] and not work.exists()


def test_a_file_of_a_pattern_is_placed_below_the_patterns_fixed_part() -> None:
    assert place_of(Path("/d/*/x.jsonl"), "a/x.jsonl", {"a/x.jsonl": "", "b/x.jsonl": ""}) == Path("/d/a/x.jsonl")
    assert place_of(Path("/d/folder"), "x.jsonl", {"x.jsonl": ""}) == Path("/d/folder/x.jsonl")
    assert place_of(Path("/d/x.jsonl"), "x.jsonl", {"x.jsonl": ""}) == Path("/d/x.jsonl")


# A run as the stages make it: read → train → evaluate.


def read_rows(inputs, config, resources) -> None:  # type: ignore[no-untyped-def]
    file = hash_file(inputs["file"])
    rows = []
    for number, line in enumerate(inputs["file"].read_text().splitlines()):
        messages = (Message("user", line), Message("assistant", "yes"))
        rows.append(Example(content_id(messages), (Origin("rows", file, number),), messages, "rows", "MIT", "math"))
    write_records(resources.out / "examples.parquet", Example, rows)


def train(inputs, config, resources) -> None:  # type: ignore[no-untyped-def]
    rows = list(read_records(inputs["data"] / "examples.parquet", Example))
    (resources.out / "model.txt").write_text(str(len(rows)))


def evaluate(inputs, config, resources) -> None:  # type: ignore[no-untyped-def]
    (resources.out / "scores.json").write_text(SCORES)
    write_records(resources.out / "sums.outcomes.parquet", Outcome, [Outcome("p", 1.0), Outcome("q", 0.0)])


ENTRY = {"stage": "sft", "task": "sums", "metric": "accuracy", "value": 0.5, "low": 0.1, "high": 0.9, "n": 2}
SCORES = json.dumps({"scores": [ENTRY, {**ENTRY, "metric": "other"}], "comparisons": []})


@pytest.fixture
def traced(tmp_path: Path, store: Store, source: Path) -> tuple[Path, dict[str, Artifact]]:
    data = Step("mixture", read_rows, {}, {"file": File(source)})
    model = Step("sft", train, {}, {"data": data}, stage="sft")
    scores = Step("evaluate.sft", evaluate, {}, {"model": model}, stage="sft")
    done = finish(tmp_path / "run", store, [data, model, scores])
    (tmp_path / "run" / "scores.json").write_text(SCORES)
    return tmp_path / "run", done


def test_a_score_is_walked_back_to_its_source_lines(traced, source: Path) -> None:  # type: ignore[no-untyped-def]
    folder, done = traced
    tree = trace(open_run(folder), "sft/sums/accuracy")
    assert tree.facts["value"] == 0.5 and tree.facts["outcomes"] == 2 and tree.facts["mean_of_outcomes"] == 0.5
    (scored,) = tree.children
    (model,) = scored.children
    (mixture,) = model.children
    (file,) = mixture.children
    assert [scored.name, model.name, mixture.name] == ["evaluate.sft", "sft", "mixture"]
    assert model.hash == done["sft"].outputs_hash
    assert file.name == str(source) and file.hash == hash_file(source) and file.facts["now"] == "unchanged"
    assert mixture.facts["lines_by_file"] == {file.hash: 2}
    assert [row["origins"][0]["row"] for row in mixture.facts["rows"]] == [0, 1]
    text = "\n".join(tree.lines())
    assert f"{source}:1 (" in text and f"{source}:2 (" in text and "sft/sums/accuracy" in text
    json.dumps(tree.json())
    source.write_text("later")
    assert "now changed since" in "\n".join(trace(open_run(folder), "sft/sums/accuracy").lines())


@pytest.mark.parametrize("what", ["folder", "deep", "bytes", "list"])
def test_a_broken_run_json_is_one_line(tmp_path: Path, what: str) -> None:
    path = tmp_path / "run.json"
    if what == "folder":
        path.mkdir()
    else:
        path.write_bytes({"deep": b'{"a":' * 100_000, "bytes": b"\xff", "list": b"[]"}[what])
    with pytest.raises(Failure, match=r"run\.json: cannot be read \(.+run the recipe again"):
        open_run(tmp_path)


def test_a_folder_in_the_place_of_run_json_is_named_as_that(tmp_path: Path, store: Store, source: Path) -> None:
    (tmp_path / "run" / "run.json").mkdir(parents=True)
    with pytest.raises(Failure, match=r"run/run\.json: cannot be used .* move it away"):
        finish(tmp_path / "run", store, chain(source))


def test_a_trace_stops_at_what_does_not_hold(traced, store: Store) -> None:  # type: ignore[no-untyped-def]
    folder, done = traced
    with pytest.raises(Mistake, match="several"):
        trace(open_run(folder), "sft/sums")
    with pytest.raises(Mistake, match="no score"):
        trace(open_run(folder), "dpo/sums")
    (folder / "scores.json").write_text(SCORES.replace("0.5", "0.8"))
    with pytest.raises(Failure, match=r"scores\.json: is not what the run's steps gave"):
        trace(open_run(folder), "sft/sums/accuracy")
    (folder / "scores.json").write_text(SCORES)
    model = done["sft"].folder / "model.txt"
    model.write_text("3")
    with pytest.raises(Failure, match=r"sft.*model.txt has been altered"):
        trace(open_run(folder), "sft/sums/accuracy")
    # An artifact swapped for another whole one under the same key is found by what its child says that it read.
    manifest = json.loads((done["sft"].folder / "manifest.json").read_text())
    shutil.rmtree(done["sft"].folder)
    temporary = store.temporary(done["sft"].key)
    (temporary / "model.txt").write_text("3")
    kept = ("step", "function", "version", "config", "environment", "inputs")
    store.seal(done["sft"].key, temporary, {name: manifest[name] for name in kept}, ())
    with pytest.raises(Failure, match="was made from"):
        trace(open_run(folder), "sft/sums/accuracy")
