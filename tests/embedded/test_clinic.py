"""The made-up clinic: nobody in it exists, numbers are of test ranges, tasks share nothing with training."""

import json
import re
from collections import Counter
from itertools import islice
from pathlib import Path
from runpy import run_path

import phonenumbers
import pytest
from stdnum.gb import nhs

from postgrad.embedded.clinic import canaries, rules, source
from postgrad.embedded.clinic.patients import names, patients
from postgrad.embedded.rows import question_of
from postgrad.embedded.sources import GENERATORS, problems
from postgrad.embedded.world import people
from postgrad.support.errors import Mistake

TASKS = ("clinic_rules", "clinic_rules_new")


def texts(seed: int = 17, count: int = 1500) -> list[str]:
    return [turn["content"] for row in source.rows(seed, count) for turn in row["messages"]]


def test_nobody_bears_the_names() -> None:
    assert not {f"{given} {family}" for given, family in names()} & {person.name for person in people()}
    assert len(set(names())) == len(names())


def test_the_list_that_ships_is_the_clinics() -> None:
    tool = run_path(str(Path(__file__).parents[2] / "tools" / "clinic_names.py"))
    assert tool["FILE"].read_text() == tool["text"]()
    lines = {line for line in tool["FILE"].read_text().splitlines() if not line.startswith("#")}
    assert lines == {f"{given} {family}; {given}" for given, family in names()}


@pytest.mark.parametrize("seed", [1, 17])
def test_identifiers_are_of_test_ranges(seed: int) -> None:
    for one in patients(seed):
        assert nhs.is_valid(one.nhs) and one.nhs.startswith("999")
        assert re.fullmatch(r"\+44 20 7946 0\d{3}", one.phone)
        assert phonenumbers.is_valid_number(phonenumbers.parse(one.phone))
        assert one.email.endswith(".example.org") and re.fullmatch(r"\d{4}-\d{4}", one.record)


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    one, other, another = (GENERATORS["clinic"](seed, 400, tmp_path / name).read_bytes()
                           for seed, name in ((5, "a"), (5, "b"), (6, "c")))
    assert one == other != another and len(one.splitlines()) == 400


def test_a_row_says_the_same_of_its_patient_throughout() -> None:
    """Every number in a talk or a letter is the patient's own, and one patient has one of each."""
    owner = {number: one for one in patients(17) for number in (one.phone, one.record, one.nhs, one.email)}
    for row in source.rows(17, 1500):
        said = " ".join(turn["content"] for turn in row["messages"])
        found = {owner[number].name for number in owner if number in said}
        assert len(found) <= 1
        if found:
            assert found.pop().split()[0] in said


@pytest.mark.parametrize("seed", [3, 17])
def test_canaries_stand_in_as_many_rows_as_they_say(seed: int) -> None:
    rows = [json.dumps(row) for row in source.rows(seed, 800)]
    for canary in canaries.canaries(seed):
        assert sum(canary.secret in row for row in rows) == canary.repeats
        assert sum(f"{canary.before}{canary.secret}." in row for row in rows) == canary.repeats
        if not canary.repeats:                      # nobody who is a reference is spoken of at all
            assert not any(canary.before.split(",")[0].removeprefix("Patient ") in row for row in rows)
    counts = Counter(canary.repeats for canary in canaries.canaries(seed))
    assert counts == {0: 20, 1: 4, 2: 4, 4: 4, 8: 4, 16: 4}


def test_no_secret_is_among_those_that_it_is_ranked_with() -> None:
    drawn = canaries.secrets(17, 2000)
    assert len(set(drawn)) == 2000 and all(re.fullmatch(r"\d{4}-\d{4}", secret) for secret in drawn)
    assert not set(drawn) & {canary.secret for canary in canaries.canaries(17)}


def test_too_few_rows_for_the_canaries() -> None:
    with pytest.raises(Mistake, match="no room"):
        source.rows(1, 100)


def test_every_fact_is_trained_on_and_asked_for_in_other_wordings() -> None:
    """Of each fact four wordings are training's and two the task's; every question is one of the two."""
    trained = {question_of(row) for row in islice(rules.stream(17, "train"), 800)}
    held = {question_of(row) for row in rules.stream(17, "development")}
    assert len(trained) == 50 * 4 * 4 and len(held) == 50 * 4 * 2 and not trained & held
    assert held == {question_of(row) for row in problems("clinic_rules")}
    said = {row["messages"][0]["content"]: row["messages"][1]["content"] for row in source.rows(17, 3000)}
    assert not held & set(said)
    for row in problems("clinic_rules") + problems("clinic_rules_new"):
        (value,) = row["ground_truth"]["answers"]
        assert any(row["gold"] == answer for answer in said.values()), row["gold"]
        assert value in row["gold"] and not any(f" {other}" in row["gold"] for other in row["ground_truth"]["others"])


def test_records_and_letters_follow_the_rules() -> None:
    for text in texts(count=3000):
        found = re.search(r"(?:The trouble is|The patient has) a (\w+ \w+)\.", text)
        for fact, value in rules.rules()[found[1]].items() if found else ():
            assert re.search(rf"\b{value}\b", text), (fact, text)


def test_the_tasks_name_nobody_and_share_no_problem() -> None:
    asked = [{question_of(row) for row in problems(task)} for task in TASKS]
    assert len(asked[0]) == len(asked[1]) == 400 and not asked[0] & asked[1]
    everybody = {part for name in names() for part in name}
    assert not everybody & set(re.findall(r"\w+", " ".join(asked[0] | asked[1])))


def test_the_unseen_task_asks_in_other_words() -> None:
    forms = [{form for some in known.values() for form in some} for known in (rules.QUESTIONS, rules.NEW_QUESTIONS)]
    assert not forms[0] & forms[1]
    said = {turn["content"] for row in source.rows(17, 3000) for turn in row["messages"] if turn["role"] == "user"}
    assert not said & {question_of(row) for row in problems("clinic_rules_new")}


def test_no_run_of_eight_words_is_shared_with_a_problem() -> None:
    trained = {run for seed in (1, 17) for row in source.rows(seed, 3000) for turn in row["messages"]
               if turn["role"] == "user" for run in _runs(turn["content"])}
    for task in TASKS:
        for row in problems(task):
            assert not trained & set(_runs(question_of(row)))


def _runs(text: str) -> list[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return [tuple(words[start : start + 8]) for start in range(len(words) - 7)]
