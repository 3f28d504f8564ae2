"""A recipe carried out from end to end, a second time, in parts, and after a change."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from postgrad.pipeline import Event, Store, execute, gc, open_run, plan_keys
from postgrad.pipeline.steps import in_order
from postgrad.pipeline.trace import Node, trace
from postgrad.recipe import load
from postgrad.recipe.check import TAKEN
from postgrad.records.tables import read_records
from postgrad.records.types import Example
from postgrad.stages.plan import base_step, plan
from postgrad.stages.run import recipe_hash
from postgrad.stages.shipped import shipped
from postgrad.support.errors import Failure, Mistake
from postgrad.support.hashing import FileHashes, hash_file

from .making import Place

TRAINED = ["sft", "dpo", "rlvr"]
SCORED = ["base_plain", "base", *TRAINED]
SCORE = {"stage", "task", "capability", "split", "metric", "value", "low", "high", "n"}
COMPARISON = {"from", "to", "task", "split", "metric", "difference", "low", "high", "p_value", "n", "test"}


def test_a_run_leaves_what_it_promises(finished: Place) -> None:
    scores = finished.json("scores.json")
    assert set(scores) == {"scores", "comparisons"}
    assert all(set(row) == SCORE for row in scores["scores"])
    assert all(set(row) == COMPARISON for row in scores["comparisons"])
    assert list(dict.fromkeys(row["stage"] for row in scores["scores"])) == SCORED
    assert {row["task"] for row in scores["scores"]} == {"sums_dev", "shapes_dev"}
    assert all(row["low"] <= row["value"] <= row["high"] and row["n"] == 8 for row in scores["scores"])
    assert {("sft", "dpo"), ("dpo", "rlvr")} <= {(row["from"], row["to"]) for row in scores["comparisons"]}

    about = finished.json("run.json")
    assert about["recipe"]["name"] == "tiny" and about["versions"]["torch"] == torch.__version__
    for stage in ("sft", "pairs", "dpo", "rlvr"):
        folder = (finished.out / "stages" / stage).resolve()
        assert json.loads((folder / "manifest.json").read_text())["step"] == stage
        assert finished.opened().artifact(about["stages"][stage]["artifact"]).folder == folder
    page = (finished.out / "report.html").read_text()
    assert page.lstrip().lower().startswith("<!doctype html>") and 'src="http' not in page


def test_the_final_model_is_transformers_own_with_its_chat_template(finished: Place) -> None:
    model = AutoModelForCausalLM.from_pretrained(finished.out / "model")
    tokenizer = AutoTokenizer.from_pretrained(finished.out / "model")
    asked = tokenizer.apply_chat_template(
        [{"role": "user", "content": "hello"}], add_generation_prompt=True, return_tensors="pt", return_dict=True)
    answer = model.generate(**asked, max_new_tokens=4, do_sample=False)
    assert answer.shape[1] > asked["input_ids"].shape[1]
    trained = AutoModelForCausalLM.from_pretrained(finished.artifacts()["rlvr"] / "model").state_dict()
    assert all(torch.equal(value, trained[name]) for name, value in model.state_dict().items())
    base = AutoModelForCausalLM.from_pretrained(finished.artifacts()["base"] / "model").state_dict()
    assert not torch.equal(trained["model.norm.weight"], base["model.norm.weight"])


def test_a_second_run_does_nothing_and_changes_nothing(finished: Place) -> None:
    before = {path: path.read_bytes() for path in finished.out.rglob("*") if path.is_file()}
    outcome, done = finished.run()
    assert (outcome.ran, done) == (0, []) and outcome.cached == len(finished.hashes())
    assert {path: path.read_bytes() for path in finished.out.rglob("*") if path.is_file()} == before


def test_a_report_is_drawn_again_only_if_it_is_behind(
    finished: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Path] = []
    monkeypatch.setattr("postgrad.inspection.report.write", lambda run, page: drawn.append(page))
    place = finished.copy(tmp_path / "copy")
    place.run()  # the recipe lies elsewhere, and run.json says where
    assert drawn == [place.out / "report.html"]
    (place.out / "report.html").write_text("as drawn")
    place.run()
    assert len(drawn) == 1
    (place.out / "run.json").touch()  # as if killed before the report was drawn
    place.run()
    (place.out / "report.html").unlink()
    place.run()
    assert len(drawn) == 3


@pytest.mark.parametrize("name", ["model", "stages", "report.html"])
def test_a_folder_with_things_of_the_users_is_not_written_over(place: Place, name: str) -> None:
    (place.out / name).mkdir(parents=True)
    with pytest.raises(Mistake, match=f"holds {name}, which no run wrote"):
        place.run(until="sft")
    assert [path.name for path in place.out.iterdir()] == [name]


@pytest.mark.usefixtures("no_report")
def test_links_of_stages_that_are_no_more_go(finished: Place, tmp_path: Path) -> None:
    place = finished.copy(tmp_path / "copy")
    text = place.recipe.read_text().replace("name: sft,", "name: tuned,")
    place.recipe.write_text(text[: text.index("  - {name: pairs")] + text[text.index("evaluate:") :])
    place.run()
    assert {path.name for path in (place.out / "stages").iterdir()} == {"tuned"}


@pytest.mark.usefixtures("no_report")
def test_a_changed_dpo_setting_runs_what_follows_from_it_and_no_more(finished: Place) -> None:
    other = Place(finished.folder, finished.recipe, "other")
    assert other.run("dpo.beta=4.0")[1] == ["dpo", "evaluate.dpo", "rlvr", "evaluate.rlvr", "scores"]


@pytest.mark.usefixtures("no_report")
def test_the_same_seed_in_another_store_gives_the_same_hashes(finished: Place, place: Place) -> None:
    place.run()
    assert place.hashes() == finished.hashes()
    assert place.json("run.json")["recipe_hash"] == finished.json("run.json")["recipe_hash"]
    card = (place.out / "model" / "README.md").read_text()
    assert card == (finished.out / "model" / "README.md").read_text() and str(place.folder) not in card
    assert (place.out / "scores.json").read_bytes() == (finished.out / "scores.json").read_bytes()


def test_the_recipes_hash_is_that_of_what_it_says_and_what_its_files_hold(place: Place) -> None:
    def value(*sets: str) -> str:
        recipe = load(str(place.recipe), sets, shipped())
        return recipe_hash(recipe, plan(recipe), FileHashes(place.folder / "hashes.json"))

    first = value()
    assert value("dpo.beta=4.0") != first and value("name=other") != first
    for name in ("sums.jsonl", "sums_dev.jsonl"):
        text = (place.folder / name).read_text()
        (place.folder / name).write_text(text.replace("Tam", "Tom"))
        assert value() != first
        (place.folder / name).write_text(text)
    names = place.folder / "names.txt"
    names.write_text("Tam\n")
    with_names = value(f"curate.redact={{name: replace, names: {names}}}")
    moved = names.rename(place.folder / "people.txt")
    assert value(f"curate.redact={{name: replace, names: {moved}}}") == with_names != first
    moved.write_text("Tom\n")
    assert value(f"curate.redact={{name: replace, names: {moved}}}") not in (with_names, first)
    (place.folder / "nothing").mkdir()
    unused = value(f"sources.unused={{path: {place.folder / 'nothing'}, licence: MIT}}")
    (place.folder / "nothing" / "yet.jsonl").write_text("{}")
    assert value(f"sources.unused={{path: {place.folder / 'nothing'}, licence: MIT}}") == unused
    (place.folder / "sums.jsonl").rename(place.folder / "other.jsonl")
    assert value(f"sources.sums.path={place.folder / 'other.jsonl'}") == first


def test_a_hub_id_is_keyed_by_what_the_local_cache_holds_of_it(
    place: Place, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = place.folder / "hub"
    model = cache / "models--nobody--tiny"
    shutil.copytree(base, model / "snapshots" / "abc")
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text("abc")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    recipe = load(str(place.recipe), ["base_model=nobody/tiny"], shipped())
    store = Store(place.store)
    done = execute([base_step(recipe)], store)["base"]
    assert json.loads((done.folder / "about.json").read_text())["origin"] == {"kind": "hub", "name": "nobody/tiny"}
    first = plan_keys([base_step(recipe)], store.hash_memory)
    (model / "snapshots" / "def").mkdir()
    shutil.copytree(base, model / "snapshots" / "def", dirs_exist_ok=True)
    (model / "refs" / "main").write_text("def")  # the same files fetched again
    assert plan_keys([base_step(recipe)], store.hash_memory) == first
    (model / "snapshots" / "def" / "config.json").write_text("{}")
    assert plan_keys([base_step(recipe)], store.hash_memory) != first


def test_no_stage_may_be_called_what_a_step_of_the_plan_is_called(place: Place) -> None:
    steps = in_order(plan(load(str(place.recipe), ["evaluate.unseal=final scores"], shipped())).steps)
    own = {step.name.split(".")[0] for step in steps if step.stage is None or step.name.startswith("scores")}
    own -= {"pairs", "dpo", "rlvr"}  # rows that a stage asked for bear its name
    assert {"mixture", "read", "scores"} <= own <= {*TAKEN, "evaluate"}  # `evaluate` is a top-level key


@pytest.mark.usefixtures("no_report")
def test_nothing_is_cleaned_away_before_the_run_folder_refers_to_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def publish(*_: object) -> None:
        with pytest.raises(Failure, match="a run is using the store"):
            gc(place.opened(), dry_run=False)

    monkeypatch.setattr("postgrad.stages.run._publish", publish)
    assert "sft" in place.run(until="sft")[1]


@pytest.mark.usefixtures("no_report")
def test_what_run_json_says_of_the_files_is_what_the_steps_read(place: Place) -> None:
    def scribble(event: Event) -> None:
        if (event.kind, event.step.name) == ("done", "mixture"):
            (place.folder / "sums.jsonl").unlink()

    held = hash_file(place.folder / "sums.jsonl")
    place.run(watch=scribble, until="sft")  # whoever has been read may go
    files = {said["path"]: said["files"] for said in place.json("run.json")["files"]}
    assert files[str(place.folder / "sums.jsonl")] == {"sums.jsonl": held}


@pytest.mark.usefixtures("no_report")
def test_a_run_in_parts_comes_to_the_whole(finished: Place, place: Place) -> None:
    _, done = place.run(until="sft")
    assert done[-3:] == ["sft", "evaluate.sft", "scores.sft"] and "evaluate.base" in done
    assert {row["stage"] for row in place.json("scores.json")["scores"]} == {"base_plain", "base", "sft"}
    assert (place.out / "model").is_dir() and not (place.out / "stages" / "pairs").exists()
    _, done = place.run(only="pairs")
    assert done[-3:] == ["pairs.completions", "pairs.ratings", "pairs"]
    assert {row["stage"] for row in place.json("scores.json")["scores"]} == {"base_plain", "base", "sft"}
    _, done = place.run(from_="dpo")
    assert done[-1] == "scores" and not {"sft", "pairs"} & set(done)
    whole = {name: hashes for name, hashes in place.hashes().items() if not name.startswith("scores.")}
    assert whole == finished.hashes()
    assert place.run()[1] == []


def test_a_stage_cannot_be_run_before_what_it_needs(place: Place) -> None:
    with pytest.raises(Mistake, match="has not been run in this store"):
        place.run(from_="dpo")
    assert not (place.out / "run.json").exists()


def test_no_row_is_lost_between_in_and_out(finished: Place) -> None:
    found = {name: folder / "counts.json" for name, folder in finished.artifacts().items()}
    counts = {name: json.loads(path.read_text()) for name, path in found.items() if path.exists()}
    assert {"read.sums", "read.shapes", "deduplicate", "decontaminate", "mixture", "rlvr.problems"} <= set(counts)
    for name, said in counts.items():
        assert said["rows_in"] + said["rows_made"] == said["rows_kept"] + said["rows_dropped"], name
        tables = [finished.artifacts()[name] / f"{kind}.parquet" for kind in ("examples", "problems")]
        assert sum(pq.read_metadata(path).num_rows for path in tables if path.exists()) == said["rows_kept"], name


def test_a_score_is_traced_to_lines_that_hold_its_rows(finished: Place) -> None:
    tree = trace(open_run(finished.out), "dpo/sums_dev")
    rows = {row["content_id"]: row["origins"] for node in nodes(tree) if node.name == "mixture"
            for row in node.facts["rows"]}
    texts = {row.content_id: row.messages[0].content
             for row in read_records(finished.artifacts()["mixture"] / "examples.parquet", Example)}
    lines = (finished.folder / "sums.jsonl").read_text().splitlines()
    assert rows
    for content_id, (origin,) in rows.items():
        assert origin["path"] == str(finished.folder / "sums.jsonl")
        assert origin["file"] == hash_file(finished.folder / "sums.jsonl")
        assert json.loads(lines[origin["row"]])["question"] == texts[content_id]


def nodes(node: Node) -> list[Node]:
    return [node, *(below for child in node.children for below in nodes(child))]
