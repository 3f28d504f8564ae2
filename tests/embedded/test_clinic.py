"""The made-up clinic: nobody in it exists, numbers are of test ranges, tasks share nothing with training."""

import json
import re
from collections import Counter
from itertools import islice
from pathlib import Path

import phonenumbers
import pytest
from stdnum.gb import nhs

from postgrad.embedded.clinic import canaries, notes, source
from postgrad.embedded.clinic.patients import dictionary, names, patients
from postgrad.embedded.rows import question_of
from postgrad.embedded.sources import GENERATORS, problems
from postgrad.embedded.world import people
from postgrad.recipe.load import SHIPPED_FOLDER

TASKS = ("clinic_notes", "clinic_notes_new")


def texts(seed: int = 17, count: int = 1500) -> list[str]:
    return [turn["content"] for row in source.rows(seed, count) for turn in row["messages"]]


def test_nobody_bears_the_names() -> None:
    assert not {f"{given} {family}" for given, family in names()} & {person.name for person in people()}
    assert len(set(names())) == len(names())


def test_the_list_that_ships_is_the_clinics() -> None:
    lines = (SHIPPED_FOLDER / "clinic_names.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == dictionary()


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
    with pytest.raises(ValueError, match="no room"):
        source.rows(1, 100)


def test_answers_of_the_tasks_were_never_trained_on() -> None:
    said = " ".join(texts(count=3000))
    for fact in notes.VALUES:
        trained, held = notes.values(fact, "train"), notes.values(fact, "development")
        assert all(re.search(rf"\b{value}\b", said) for value in trained)
        assert not any(re.search(rf"\b{value}\b", said) for value in held)
        assert len(held) >= 4 and not set(trained) & set(held)


def test_the_tasks_name_nobody_and_share_no_problem() -> None:
    asked = [{question_of(row) for row in problems(task)} for task in TASKS]
    assert len(asked[0]) == len(asked[1]) == 400 and not asked[0] & asked[1]
    everybody = {part for name in names() for part in name}
    assert not everybody & set(re.findall(r"\w+", " ".join(asked[0] | asked[1])))


def test_the_unseen_task_asks_in_other_words() -> None:
    known = {question for questions in notes.QUESTIONS.values() for question in questions}
    assert not known & set(notes.NEW_QUESTIONS.values())
    asked = {question_of(row).split("\n")[1] for row in problems("clinic_notes_new")}
    assert asked == set(notes.NEW_QUESTIONS.values())


def test_no_row_holds_much_of_a_problem_in_runs_of_eight_words() -> None:
    """By the rule of decontamination, in plain sets of words; several seeds, since a user's differs."""
    runs: list[set[tuple[str, ...]]] = []
    for seed in (1, 17):
        for row in islice(source.rows(seed, 3000), 3000):
            said = " ".join(turn["content"] for turn in row["messages"] if turn["role"] == "user")
            runs.append({tuple(run) for run in _runs(_words(said))})
    where: dict[tuple[str, ...], list[int]] = {}
    for number, own in enumerate(runs):
        for run in own:
            where.setdefault(run, []).append(number)
    for task in TASKS:
        for row in problems(task):
            words = _words(question_of(row))
            covered: dict[int, set[int]] = {}
            for start, run in enumerate(_runs(words)):
                for number in where.get(tuple(run), ()):
                    covered.setdefault(number, set()).update(range(start, start + 8))
            assert max(map(len, covered.values()), default=0) <= 9 < len(words) / 2


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _runs(words: list[str]) -> list[list[str]]:
    return [words[start : start + 8] for start in range(len(words) - 7)]
