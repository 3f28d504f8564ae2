"""What of a recipe is in which step's key: what a change makes anew, and what it leaves alone."""

import pytest

from postgrad.inspection.curation import Curation
from postgrad.inspection.run_folder import read
from postgrad.pipeline import plan_keys
from postgrad.pipeline.steps import Step, in_order
from postgrad.recipe import load
from postgrad.stages.plan import plan
from postgrad.stages.shipped import shipped
from postgrad.support.hashing import FileHashes

from .making import Place

CURATION = {"read.sums", "read.shapes", "deduplicate", "decontaminate", "mixture", "pairs.decontaminate",
            "rlvr.decontaminate", "rlvr.problems"}


def planned(place: Place, *sets: str) -> dict[str, Step]:
    return {step.name: step for step in in_order(plan(load(str(place.recipe), sets, shipped())).steps)}


def changed(place: Place, *sets: str) -> set[str]:
    """The steps whose key the change changes."""
    hashes = FileHashes(place.folder / "hashes.json")
    before, after = (plan_keys(planned(place, *more).values(), hashes) for more in ((), sets))
    return {name for name, key in before.items() if after[name] != key}


@pytest.mark.parametrize("change", [
    "sources.sums.origin=nobody", "sources.sums.version=third", "sources.sums.legal_basis=law", "template=chatml"])
def test_what_only_cards_or_trainers_read_cleans_no_source_again(place: Place, change: str) -> None:
    assert changed(place, change) & CURATION <= {"mixture"}


def test_the_key_of_rows_holds_what_they_are_made_by(place: Place) -> None:
    assert "read.sums" in changed(place, "sources.sums.licence=CC0-1.0")
    bound = planned(place, "curate.filter.max_tokens=100")["read.sums"]
    assert bound.config["template"] == "tulu" and bound.inputs["base"].name == "base"


@pytest.mark.usefixtures("no_report")
def test_what_curation_tells_people_alone_is_no_reason_to_train_again(finished: Place) -> None:
    """`accept` where nothing is above the limit, and another task, which overlaps nothing: the rows are the same."""
    other = Place(finished.folder, finished.recipe, "other")
    _, done = other.run("curate.decontaminate.above_limit=accept")
    assert done == ["decontaminate", "pairs.decontaminate", "rlvr.decontaminate"]
    said = Curation(read(other.out)).findings("mixture")  # the report is of this run, and not of the one that made SFT
    assert said is not None and said["rule"]["above_limit"] == "accept"
    task = "tasks.more={path: sums_dev.jsonl, format: question_answer, verifier: math, licence: MIT}"
    _, done = other.run(task.replace("sums_dev", str(finished.folder / "sums_dev")),
                        "capabilities.math.development=[sums_dev, more]")
    assert done and not {name for name in done if name.partition(".")[2] in ("completions", "reference")}
    assert not {"mixture", "sft", "pairs", "dpo", "rlvr"} & set(done) and "decontaminate" in done
    assert other.hashes()["sft"] == finished.hashes()["sft"]


def test_a_mixture_of_problems_reads_neither_tokens_nor_a_template(place: Place) -> None:
    steps = planned(place)
    assert steps["rlvr.problems"].inputs == {"rows": steps["rlvr.decontaminate"]}
    assert "template" not in steps["rlvr.problems"].config and steps["mixture"].config["template"] == "tulu"


def test_presidio_and_its_model_are_in_the_key_where_it_looks(place: Place) -> None:
    assert "spacy" not in planned(place)["read.sums"].packages
    found = planned(place, "curate.redact.presidio=en_core_web_sm", "curate.redact.email=replace")
    assert {"presidio-analyzer", "spacy", "en_core_web_sm"} <= set(found["read.sums"].packages)


def test_two_prefer_stages_may_ask_the_same_other_model(place: Place) -> None:
    other = place.recipe.read_text().replace("pool: [policy, base]", "pool: [policy, rival]")
    first = next(line for line in other.splitlines() if "kind: prefer" in line)
    other = other.replace(first, f"{first}\n{first.replace('name: pairs', 'name: more')}")
    place.recipe.write_text(f"{other}models: {{rival: {{path: base}}}}\n")
    steps = planned(place)
    assert steps["pairs.completions"].inputs["pool.rival"] is steps["more.completions"].inputs["pool.rival"]


def test_priorities_are_asked_for_only_where_prompts_are_shared_out(place: Place) -> None:
    change = "capabilities.math.priority=5"
    assert "pairs.completions" in changed(place, change)
    every, again = (planned(place, "pairs.rows=null", *more)["pairs.completions"].config for more in ((), (change,)))
    assert every == again


def test_a_source_that_is_kept_out_of_the_mixture_still_gives_what_stages_ask_of_it(place: Place) -> None:
    steps = planned(place, "sources.shapes.weight=0", "sources.sums.weight=3")
    assert steps["pairs.completions"].config["wanted"] == {
        "rows": 16, "priorities": {"math": 2.0, "instructions": 1.0}, "weights": {"sums": 3.0}}
    assert steps["rlvr.problems"].config["sources"] == {}
