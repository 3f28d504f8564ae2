"""Nothing that a task asks was asked in training, and the forms of the unseen tasks occur nowhere before them."""

import re
from itertools import islice

import pytest

from postgrad.embedded.corpus import MIXES, documents
from postgrad.embedded.deeds import DEEDS
from postgrad.embedded.language import KINDS, TOPICS
from postgrad.embedded.rows import mask_names, question_of
from postgrad.embedded.sources import DEVELOPMENT, UNSEEN, _training, examples, problems
from postgrad.embedded.words import CLOSERS, COUNTED, FOODS, JOBS, NUMBER_WORDS, OPENERS, PETS
from postgrad.embedded.world import people_of

CAPABILITIES = ("math", "instructions", "knowledge", "safety")
BY_FORM = ("instructions", "safety")
CONTENT = {
    *TOPICS, *KINDS, *COUNTED, *(f"{n}s" for n in COUNTED), *JOBS, *PETS, *FOODS, *NUMBER_WORDS, *CLOSERS,
    *(o.lower() for o in OPENERS), *(d.verb for d in DEEDS), *(d.object for d in DEEDS),
    *(t for d in DEEDS for t in d.tools),
}  # fmt: skip
CONTENT_WORD = re.compile(r"\b(?:" + "|".join(sorted(CONTENT, key=lambda w: (-len(w), w))) + r")\b", re.IGNORECASE)


def skeleton(text: str) -> str:
    """The form of a prompt: names, digits and content words masked, articles made one, case levelled."""
    masked = CONTENT_WORD.sub("w", mask_names(text))
    return re.sub(r"\ban? w\b", "w", masked).lower()


@pytest.fixture(scope="module")
def asked_in_training() -> dict[str, set[str]]:
    """Questions of many SFT examples and training problems, for several seeds."""
    return {
        capability: {
            question_of(row)
            for seed in (1, 2, 3)
            for rows in (examples(capability, seed, 3000), islice(_training(capability, seed), 3000))
            for row in rows
        }
        for capability in CAPABILITIES
    }


@pytest.fixture(scope="module")
def pretraining_lines() -> set[str]:
    """The lines of a sizeable sample of the pretraining text: 30 steps of each mix, some 240,000 tokens."""
    return {
        line
        for mix in MIXES.values()
        for step in range(30)
        for document in islice(documents(1, step, mix), 100)
        for line in document.split("\n")
    }


def test_no_task_prompt_in_training(asked_in_training: dict[str, set[str]]) -> None:
    for tasks in (DEVELOPMENT, UNSEEN):
        for name in tasks:
            for capability, asked in asked_in_training.items():
                held = {question_of(row) for row in problems(name)}
                assert not held & asked
                if capability in BY_FORM and capability in name:
                    assert not {mask_names(q) for q in held} & {mask_names(q) for q in asked}


def test_unseen_forms_are_new(asked_in_training: dict[str, set[str]], pretraining_lines: set[str]) -> None:
    forms = {skeleton(question_of(row)) for name in UNSEEN for row in problems(name)}
    trained = {skeleton(q) for asked in asked_in_training.values() for q in asked}
    trained |= {skeleton(question_of(row)) for name in DEVELOPMENT for row in problems(name)}
    assert not forms & trained
    read = {skeleton(line) for line in pretraining_lines}
    assert not forms & read


def test_unseen_forms_are_no_part_of_a_longer_line(pretraining_lines: set[str]) -> None:
    text = "\n".join(sorted({skeleton(line) for line in pretraining_lines}))
    for name in UNSEEN:
        for row in problems(name):
            assert skeleton(question_of(row)) not in text


def test_pretraining_asks_no_task_prompt(pretraining_lines: set[str]) -> None:
    for name in (*DEVELOPMENT, *UNSEEN):
        for row in problems(name):
            assert question_of(row) not in pretraining_lines


def test_people_of_tasks_are_stated_but_never_asked_about(pretraining_lines: set[str]) -> None:
    held = {p.name for p in people_of("development")}
    assert not held & {p.name for p in people_of("train")}
    for line in pretraining_lines:
        if line.endswith("?"):
            assert not any(name in line for name in held)
    stated = sum(any(name in line for line in pretraining_lines) for name in held)
    assert stated > 0.9 * len(held)
