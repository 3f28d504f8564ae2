"""The clinic's recipes ship and plan; a run without a network is one by the command alone, and says so everywhere."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from postgrad.data.pii.kinds import KINDS, Redaction
from postgrad.data.pii.names import read_names
from postgrad.data.pii.pseudonyms import load_key
from postgrad.data.pii.redact import Redactor
from postgrad.embedded.clinic import source
from postgrad.embedded.clinic.canaries import canaries
from postgrad.embedded.clinic.patients import patients
from postgrad.evaluation.canaries import Canary
from postgrad.pipeline import Store, execute
from postgrad.pipeline.steps import in_order
from postgrad.recipe import load
from postgrad.records.tables import read_records
from postgrad.records.types import Example, Message, Origin, content_id
from postgrad.stages import algorithms
from postgrad.stages.estimate import estimate
from postgrad.stages.plan import plan
from postgrad.stages.shipped import shipped
from postgrad.support.errors import Mistake

from .making import RECIPE, Place, write_place

MORE = ("sources.more={generate: world_math, rows: 100}",)
SHORT = RECIPE.partition("  - {name: pairs")[0] + "evaluate: {limit: 4, max_tokens: 8}\n"


@pytest.fixture(autouse=True)
def own_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Made here, as a run does before it plans."""
    monkeypatch.setenv("POSTGRAD_PSEUDONYM_KEY", str(tmp_path / "pseudonym.key"))
    load_key(tmp_path / "pseudonym.key")


@pytest.mark.parametrize("name", ["clinic", "clinic_unredacted"])
def test_the_recipes_plan_a_test_of_the_last_model(name: str) -> None:
    steps = {step.name: step for step in in_order(plan(load(name, (), shipped())).steps)}
    tried = steps["canaries.sft"]
    assert tried.stage == "sft" and tried.inputs == {
        "model": steps["sft"], "examples": steps["mixture"], "planted": steps["make.clinic"]}
    said = json.dumps(tried.config)
    assert not any(canary.secret in said for canary in canaries(tried.config["seed"]))


def test_they_differ_in_redaction_alone() -> None:
    one, other = (load(name, (), shipped()).model_dump(mode="json") for name in ("clinic", "clinic_unredacted"))
    treated = one["curate"].pop("redact"), other["curate"].pop("redact")
    assert {**one, "name": ""} == {**other, "name": ""}
    kinds = ("email", "phone", "national_id", "birth_date", "record_number", "name")
    assert all(treated[0][kind] in ("replace", "pseudonym") and treated[1][kind] == "keep" for kind in kinds)


def test_the_recipe_of_the_docs_for_files_of_ones_own(tmp_path: Path) -> None:
    docs = (Path(__file__).parents[2] / "docs/clinic.md").read_text()
    _, _, text = docs.partition("Copy the recipe and put your files in place of the generator:\n\n")
    lines = [line.removeprefix("    ") for line in text.split("\n\n")[0].splitlines()]
    (tmp_path / "ours.yaml").write_text("\n".join(lines))
    (tmp_path / "our_names.txt").write_text("Mira Holt\n")
    (tmp_path / "notes.jsonl").write_text(json.dumps({"question": "Who?", "answer": "Mira Holt."}) + "\n")
    made = load(str(tmp_path / "ours.yaml"), (), shipped())
    assert made.network == "none" and "clinic" not in made.sources and not made.evaluate.canaries
    assert "canaries.sft" not in {step.name for step in in_order(plan(made).steps)}


def test_canaries_want_a_source_that_has_some(tmp_path: Path, base: Path) -> None:
    place = write_place(tmp_path / "place", base, SHORT)
    with pytest.raises(Mistake, match=r"evaluate\.canaries: wants one source with planted secrets, and there are 0"):
        load(str(place.recipe), ("evaluate.canaries=true",), shipped())


@pytest.mark.parametrize("sets", [
    ["sources.clinic.weight=0", *MORE, "capabilities.rules.sources=[clinic, more]"],
    ["capabilities.rules.sources=[more]", *MORE],
    ["curate.mixture.leave_out=[clinic]", *MORE, "capabilities.rules.sources=[clinic, more]"],
    ["stages=[{name: sft, kind: sft}, {name: pairs, kind: prefer, prompts: [clinic], from: base}, "
     "{name: dpo, kind: dpo, from: base}]"]])
def test_canaries_that_no_model_was_trained_on_are_refused(sets: list[str]) -> None:
    with pytest.raises(Mistake, match=r"evaluate\.canaries: wants to try secrets of clinic, and no SFT before \w+ "):
        plan(load("clinic", sets, shipped()))


@pytest.mark.parametrize(("name", "sets"), [
    ("clinic_unredacted", ()), ("clinic_unredacted", ("curate.mixture.tokens=5000",)),
    ("clinic_unredacted", ("sources.clinic.max_rows=300", "curate.mixture.max_epochs=3")), ("clinic", ())])
def test_the_rows_that_held_a_secret_are_those_that_were_trained_on(
    name: str, sets: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the text of the mixture has them where nothing is redacted, and as planted where everything is taken."""
    steps = {step.name: step for step in in_order(plan(load(name, sets, shipped())).steps)}
    tried = steps["canaries.sft"]
    made = execute([steps["mixture"], steps["make.clinic"]], Store(tmp_path / "store"))
    found: list[Canary] = []
    monkeypatch.setattr("postgrad.evaluation.canaries.run", lambda known, *_: found.extend(known))
    inputs = {role: made[step.name].folder for role, step in tried.inputs.items() if role != "model"}
    algorithms.canaries(inputs, tried.config, None)
    planted = canaries(tried.config["seed"])
    assert [one.secret for one in found] == [one.secret for one in planted]
    texts = [" ".join(turn.content for turn in row.messages)
             for row in read_records(made["mixture"].folder / "examples.parquet", Example)]
    standing = [sum(one.secret in text for text in texts) for one in planted]
    if name == "clinic":
        assert not any(standing) and [one.repeats for one in found] == [one.repeats for one in planted]
    else:
        assert [one.repeats for one in found] == standing
        assert (standing == [one.repeats for one in planted]) == (not sets)


def test_a_process_that_did_not_leave_the_network_does_not_run(place: Place) -> None:
    with pytest.raises(Mistake, match="this process has not left it"):
        place.run("network=none")


def test_a_run_without_a_network_says_so_in_run_json_manifests_and_report(tmp_path: Path, base: Path) -> None:
    place = write_place(tmp_path / "place", base, SHORT.replace("licence: MIT}", "licence: MIT, legal_basis: law}", 1))
    done = subprocess.run(
        [sys.executable, "-m", "postgrad.cli.main", *place.command("--set", "network=none")],
        capture_output=True, text=True, timeout=600)
    if "does not let this process leave" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    said = place.json("run.json")["network"]
    assert said["mode"] == "none" and "unreachable" in said["connect"] and said["attempts"] == 0
    notes = [artifact.manifest["notes"]["network"] for artifact in place.made()]
    assert notes and all(one["mode"] == "none" for one in notes)
    assert "This run had none: a" in (place.out / "report.html").read_text()


def test_the_plan_counts_the_canaries_and_the_clinics_rows(tmp_path: Path) -> None:
    found = {row.step: row for row in estimate(load("clinic", (), shipped()), tmp_path / "store").steps}
    assert found["canaries.sft"].what == "40 planted secrets"
    seconds = {name: found[name].seconds or 0 for name in ("canaries.sft", "sft")}
    assert 0 < seconds["canaries.sft"] < seconds["sft"]


def test_no_identifier_is_left_in_what_the_recipe_redacts() -> None:
    """By a search for every value that a patient has, which knows no pattern."""
    said = load("clinic", (), shipped()).curate.redact
    assert said.names is not None
    treatments = {kind: getattr(said, kind) for kind in KINDS}
    redactor = Redactor(Redaction(treatments, said.regions, read_names(said.names), b"k" * 32))
    people = patients(17)
    values = {value for one in people for value in (one.given, one.family, one.phone, one.email, one.record, one.nhs,
                                                    one.born)}
    either = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, values)) + r")(?!\w)")
    before = 0
    for number, row in enumerate(source.rows(17, 1600)):
        messages = tuple(Message(**turn) for turn in row["messages"])
        example = Example(content_id(messages), (Origin("clinic", "f", number),), messages, "clinic", "x", "rules")
        after = redactor(example).record
        assert isinstance(after, Example)
        before += sum(len(either.findall(message.content)) for message in messages)
        assert not [found for message in after.messages for found in either.findall(message.content)]
    assert before > 3000
