"""The mixture from a recipe: one line leaves a source out, `plan` says what comes of it, and the step makes that."""

import json
import re
from pathlib import Path

import pytest

from postgrad.pipeline import Artifact, Store, execute
from postgrad.pipeline.steps import in_order
from postgrad.recipe import load
from postgrad.records.tables import read_records
from postgrad.records.types import Example
from postgrad.stages.estimate import estimate
from postgrad.stages.plan import plan
from postgrad.stages.shipped import shipped
from postgrad.support.errors import Mistake

RECIPE = """
schema: 1
base_model: embedded
capabilities:
  math: {priority: 2, sources: [squares, cubes]}
  tales: {priority: 1, sources: [tales]}
sources:
  squares: {path: squares.jsonl, format: question_answer, licence: MIT}
  cubes: {path: cubes.jsonl, format: question_answer, licence: MIT}
  tales: {path: tales.jsonl, format: question_answer, licence: MIT, max_rows: 25}
curate:
  mixture: {tokens: 900}
stages:
  - {name: sft, kind: sft}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, rows in (("squares", 40), ("cubes", 60), ("tales", 50)):
        lines = [json.dumps({"question": f"What of {name} number {row}?", "answer": f"It is the {name} {row} " * 2})
                 for row in range(rows)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    return tmp_path


def made(folder: Path, *sets: str, recipe: str = "recipe.yaml") -> tuple[list[Example], Artifact]:
    steps = in_order(plan(load(str(folder / recipe), sets, shipped())).steps)
    mixture = next(step for step in steps if step.name == "mixture")
    artifact = execute([mixture], Store(folder / "store"))["mixture"]
    return list(read_records(artifact.folder / "examples.parquet", Example)), artifact


@pytest.mark.parametrize("named", ["tales", "squares"])
def test_one_line_leaves_a_source_out_and_the_others_stay_as_they_are(folder: Path, named: str) -> None:
    """The published ablations take the data away: arXiv 2411.15124, Table 10."""
    whole, _ = made(folder)
    (folder / "without.yaml").write_text(f"extends: recipe.yaml\ncurate: {{mixture: {{leave_out: [{named}]}}}}\n")
    without, artifact = made(folder, recipe="without.yaml")
    assert without == [row for row in whole if row.source != named] != whole
    counts = json.loads((artifact.folder / "counts.json").read_text())
    assert counts["by_reason"]["left out"] == counts["by_source"][named]["dropped"] > 0
    part = next(part for part in json.loads((artifact.folder / "mixture.json").read_text())["parts"]
                if part["source"] == named)
    assert part["left_out"] and part["rows"] == part["copies"] == 0


def test_refilled_it_is_the_mixture_of_a_recipe_without_the_source(folder: Path) -> None:
    without, _ = made(folder, "curate.mixture.leave_out=[squares]", "curate.mixture.refill=true")
    never, _ = made(folder, "capabilities.math.sources=[cubes]", "sources.squares=null")
    assert without == never
    assert {row.source for row in without} == {"cubes", "tales"} and len(without) > len(
        made(folder, "curate.mixture.leave_out=[squares]")[0])


def test_a_capability_is_left_out_with_all_its_sources(folder: Path) -> None:
    (folder / "recipe.yaml").write_text(RECIPE.replace("  tales: {priority", "  stories: {priority"))
    assert {row.source for row in made(folder, "curate.mixture.leave_out=[math]")[0]} == {"tales"}


@pytest.mark.parametrize(("sets", "exact"), [
    ((), False), (("curate.mixture.leave_out=[cubes]",), False),
    (("curate.mixture={rows: 70, tokens: null}", "sources.cubes.max_share=0.2", "sources.tales.repeat=2"), True),
    (("curate.mixture={share: 0.5, tokens: null}", "sources.squares.max_tokens=100"), False)])
def test_the_plan_shows_what_the_mixture_then_is(folder: Path, sets: tuple[str, ...], exact: bool) -> None:
    recipe = load(str(folder / "recipe.yaml"), sets, shipped())
    before = estimate(recipe, folder / "store")
    made(folder, *sets)
    after = estimate(recipe, folder / "store")
    assert (before.mixed, after.mixed) == (False, True)
    for guess, fact in zip(before.sources, after.sources, strict=True):
        assert (guess.source, guess.use, guess.left_out) == (fact.source, "mixture", fact.left_out)
        assert guess.rows == (fact.rows if exact else pytest.approx(fact.rows, abs=2))
        assert guess.tokens == pytest.approx(fact.tokens, rel=0.05, abs=15)


def test_shares_that_cannot_make_up_the_mixture_are_refused_before_anything_runs(folder: Path) -> None:
    """Of what SFT trains on: neither a source of problems nor one of weight 0 can fill the place of the others."""
    (folder / "asked.jsonl").write_text('{"messages": [{"role": "user", "content": "Why?"}], "ground_truth": "so"}\n')
    beside = ("sources.asked={path: asked.jsonl, format: problems, verifier: match, licence: MIT}".replace(
        "asked.jsonl", str(folder / "asked.jsonl")), "capabilities.tales={priority: 1, sources: [tales, asked]}")
    said = "sources.squares.max_share: all that SFT trains on may have 0.9 of the mixture together"
    with pytest.raises(Mistake, match=re.escape(said)):
        made(folder, *beside, "sources.tales.weight=0", "sources.squares.max_share=0.3", "sources.cubes.max_share=0.6")
    rows, _ = made(folder, *beside, "sources.squares.max_share=0.1", "sources.cubes.max_share=0.2",
                   "sources.tales={max_share: 0.7, max_rows: null}")
    assert {row.source for row in rows} == {"squares", "cubes", "tales"}


def test_leaving_out_what_is_not_trained_on_is_a_mistake(folder: Path) -> None:
    with pytest.raises(Mistake, match="tales is nothing that SFT trains on; leave out some of squares, cubes"):
        made(folder, "capabilities.tales.priority=0", "curate.mixture.leave_out=[tales]")
