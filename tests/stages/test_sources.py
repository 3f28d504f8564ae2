"""What the plan makes of a recipe's sources: pairs for `dpo`, hub data sets, what cards are to say."""

import importlib.util
from pathlib import Path
from typing import Any, get_args

import pytest

from postgrad.data import hub
from postgrad.data.formats import FORMATS
from postgrad.inspection.curation import Curation
from postgrad.inspection.run_folder import read
from postgrad.inspection.source_facts import SourceFacts, facts
from postgrad.pipeline import Store, execute, write_run
from postgrad.pipeline.steps import File, Step, in_order
from postgrad.recipe import load, resolved
from postgrad.recipe.models import Format
from postgrad.stages.estimate import estimate
from postgrad.stages.plan import plan
from postgrad.stages.shipped import shipped
from postgrad.support.errors import Mistake

from .making import write_jsonl

RECIPE = """\
schema: 1
base_model: base
capabilities:
  chat: {priority: 1.0, sources: [talk, votes]}
sources:
  talk: {path: talk.csv, licence: MIT, columns: {prompt: said, completion: meant}}
  votes: {path: votes.jsonl, licence: MIT, origin: "our annotators, 2025", version: "2", legal_basis: consent}
stages:
  - {name: sft, kind: sft}
  - {name: dpo, kind: dpo, preferences: [votes]}
"""


@pytest.fixture
def folder(tmp_path: Path, base: Path) -> Path:
    (tmp_path / "base").symlink_to(base)
    (tmp_path / "talk.csv").write_text("said,meant\nHi,Hello\n")
    write_jsonl(tmp_path / "votes.jsonl", [
        {"prompt": f"Say {number}", "chosen": "I will.", "rejected": "No, not ever."} for number in range(20)])
    return tmp_path


def planned(folder: Path, text: str = RECIPE, *sets: str) -> dict[str, Step]:
    (folder / "recipe.yaml").write_text(text)
    return {step.name: step for step in in_order(plan(load(str(folder / "recipe.yaml"), sets, shipped())).steps)}


def inputs(step: Step) -> dict[str, Any]:
    return {name: one.name if isinstance(one, Step) else one.path.name for name, one in step.inputs.items()}


def test_dpo_on_a_source_reads_pairs_that_were_curated_as_other_rows_are(folder: Path) -> None:
    steps = planned(folder)
    assert inputs(steps["dpo"]) == {"model": "sft", "preferences": "dpo.decontaminate", "reference": "dpo.reference"}
    assert inputs(steps["dpo.reference"]) == {"model": "sft", "preferences": "dpo.decontaminate"}
    assert inputs(steps["dpo.decontaminate"]) == {"rows": "dpo.deduplicate"}
    assert "preferences" not in steps["dpo"].config and "votes" not in str(steps["mixture"].config)
    above = {name for name, step in steps.items() if "votes.jsonl" in inputs(step).values()}
    assert above == {"read.votes"} and steps["read.votes"].config["source"]["kind"] == "preferences"


def test_the_estimate_counts_the_pairs_of_a_source(folder: Path) -> None:
    (folder / "recipe.yaml").write_text(RECIPE)
    rows = {row.step: row for row in estimate(load(str(folder / "recipe.yaml"), (), shipped()), folder / "store").steps}
    assert rows["dpo"].what == "1 × 20 pairs" and rows["dpo"].optimizer_steps == 1


@pytest.mark.parametrize(("old", "new", "words"), [
    ("preferences: [votes]", "preferences: [talk]", "prompt_completion rows have no pairs of answers"),
    ("preferences: [votes]", "preferences: [vote]", "unknown source vote; did you mean votes?"),
    ("votes: {path", "votes: {format: messages, path", "source votes holds messages, no pairs"),
    ("votes: {path", "votes: {format: unpaired, path", "source votes holds unpaired, no pairs"),
    (", preferences: [votes]", "", "or name sources of pairs under `preferences`"),
    ("columns: {prompt: said", "columns: {promt: said", "no format has a field promt; did you mean prompt?"),
    ("path: talk.csv", "path: talk.csv, hub: acme/tiny", "has both path and hub; give exactly one of the two"),
    ("path: talk.csv", "path: talk.csv, split: train", "has a split, but is no hub data set"),
])
def test_what_does_not_fit_is_one_line(folder: Path, old: str, new: str, words: str) -> None:
    assert RECIPE.count(old) == 1
    with pytest.raises(Mistake) as caught:
        planned(folder, RECIPE.replace(old, new))
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_hub_source_is_read_from_the_files_of_its_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached = folder / "abc123" / "talk.csv"
    cached.parent.mkdir()
    (folder / "talk.csv").rename(cached)
    monkeypatch.setattr("postgrad.stages.rows.cached_files", lambda *asked: [cached] if asked == (
        "acme/tiny", "main", "train", None, "sources.talk") else [])
    steps = planned(folder, RECIPE.replace("path: talk.csv", "hub: acme/tiny, subset: main"))
    (file,) = (one for one in steps["read.talk"].inputs.values() if isinstance(one, File))
    assert file.path == cached
    said = told(folder, steps["read.talk"])
    assert (said.origin, said.version) == ("https://huggingface.co/datasets/acme/tiny", "abc123")


def told(folder: Path, step: Step) -> SourceFacts:
    """What cards and report are told of a source, by the step that reads it."""
    store = Store(folder / "store")
    recipe = load(str(folder / "recipe.yaml"), (), shipped())
    write_run(folder / "run", store, [step], execute([step], store), {"recipe": resolved(recipe)})
    return facts(Curation(read(folder / "run")), step.config["source"]["name"])


def test_what_the_recipe_says_of_a_source_reaches_cards_and_report(folder: Path) -> None:
    said = told(folder, planned(folder)["read.votes"])
    assert (said.licence, said.origin, said.version, said.legal_basis, said.format) == (
        "MIT", "our annotators, 2025", "2", "consent", "preference")
    assert planned(folder)["read.talk"].config["source"]["columns"] == {"prompt": "said", "completion": "meant"}


def test_a_hub_source_without_the_library_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.cached_files.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Mistake, match=r"sources\.talk: hub data sets are read by the library `datasets`"):
        planned(folder, RECIPE.replace("path: talk.csv", "hub: acme/tiny"))


def test_a_recipe_may_name_every_format() -> None:
    assert set(get_args(Format)) == {"auto", *FORMATS}
