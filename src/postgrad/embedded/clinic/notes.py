"""What a note says of a visit, and questions that the note answers: the clinic's task.

A visit has a trouble, a ward, a drug, something agreed and days until the next. Two in five of the values of each are
the tasks' own and never trained on: a model must read the note, it cannot know the answer. Fewer than eight words stand
between two values, so that a row of training shares next to no run of eight with a problem. A visit is of one task for
ever, and its note is about "the patient": nobody is named in it. Ground truth is {"answers": [value], "others": [every
other value]}. The unseen task asks in other words.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from postgrad.embedded.rows import Row, problem
from postgrad.embedded.words import COLOURS, NUMBER_WORDS
from postgrad.embedded.world import split_of

# ruff: noqa: SIM905  (word lists read best as lines of words)

TROUBLES = tuple(
    f"{how} {where}" for how in ("sore", "stiff", "weak", "cold") for where in ("knee", "hand", "foot", "back", "neck")
)
DRUGS = tuple(
    "Tolmar Brivan Ardene Kelvor Lindar Morvex Selbin Rusdol Fenwol Harbin Dovran Orlex Vendal Galdin Castin Jarvol "
    "Ulvane Wexal Padrol Ilmex".split()
)
AGREED = (
    "walk each day", "rest at home", "drink more water", "eat less salt", "sleep early", "keep the arm still",
    "lift nothing heavy", "wear warm shoes", "eat fresh soup", "call the nurse", "stay in bed", "swim each week",
)  # fmt: skip
DAYS = tuple(NUMBER_WORDS[2:13])

SAID: dict[str, tuple[str, ...]] = {
    "trouble": ("The patient has a {v}.", "The trouble is a {v}.", "Here because of a {v}."),
    "ward": ("A bed in the {v} ward.", "The {v} ward has room.", "It is the {v} ward."),
    "drug": ("The doctor gave {v}.", "The drug is {v}.", "We begin with {v}."),
    "agreed": ("It was agreed to {v}.", "The patient will {v}.", "The plan is to {v}."),
    "days": ("Come again in {v} days.", "Next visit in {v} days.", "We meet in {v} days."),
}
VALUES = {"trouble": TROUBLES, "ward": tuple(COLOURS), "drug": DRUGS, "agreed": AGREED, "days": DAYS}
QUESTIONS: dict[str, tuple[str, ...]] = {
    "trouble": ("What is the trouble?", "What has the patient?"),
    "ward": ("Which ward is it?", "Where is the bed?"),
    "drug": ("Which drug was given?", "What is the drug?"),
    "agreed": ("What was agreed?", "What is the plan?"),
    "days": ("How many days?", "When do we meet?"),
}
NEW_QUESTIONS = {
    "trouble": "Say why the patient came.",
    "ward": "Name the ward where the patient lies.",
    "drug": "Name what the patient takes.",
    "agreed": "Say what the patient should do now.",
    "days": "Say how many days lie before the patient comes back.",
}
ANSWERS = {
    "trouble": "The trouble is a {v}.",
    "ward": "It is the {v} ward.",
    "drug": "The drug is {v}.",
    "agreed": "It was agreed to {v}.",
    "days": "We meet in {v} days.",
}


@dataclass(frozen=True)
class Visit:
    """`facts`: name → value; `order`: in which the note says them."""

    facts: dict[str, str]
    order: tuple[str, ...]

    @property
    def key(self) -> str:
        return "visit/" + "/".join(self.facts[name] for name in VALUES)


def values(fact: str, split: str) -> list[str]:
    """The values that a fact can take in training, or in the tasks."""
    return [value for number, value in enumerate(VALUES[fact]) if (number % 5 in (0, 2, 4)) == (split == "train")]


def visit(rng: random.Random, split: str) -> Visit:
    """A visit of a split: train, development or unseen."""
    while True:
        drawn = Visit({name: rng.choice(values(name, split)) for name in VALUES}, tuple(rng.sample(list(VALUES), 5)))
        if split == "train" or split_of(drawn.key, development=50, unseen=50) == split:
            return drawn


def note(rng: random.Random, of: Visit) -> str:
    """The visit in plain sentences, each in one of its wordings."""
    return " ".join(rng.choice(SAID[name]).format(v=of.facts[name]) for name in of.order)


def question(rng: random.Random, of: Visit, text: str, fact: str, asked: str) -> Row:
    """A problem: the note, the question, and what the answer must name."""
    value = of.facts[fact]
    others = [other for other in VALUES[fact] if other != value]
    return problem(
        f"{text}\n{asked}", f"{text}\n{asked}", "match", {"answers": [value], "others": others},
        ANSWERS[fact].format(v=value), ANSWERS[fact].format(v=rng.choice(others)))


def stream(seed: int, split: str) -> Iterator[Row]:
    """Questions about visits of a split, endlessly; in a task each visit is asked about once."""
    rng = random.Random(f"clinic/{split}/{seed}")
    seen: set[str] = set()
    while True:
        drawn = visit(rng, split)
        if split != "train" and drawn.key in seen:
            continue
        seen.add(drawn.key)
        fact = rng.choice(list(VALUES))
        yield question(rng, drawn, note(rng, drawn), fact, rng.choice(QUESTIONS[fact]))


def new_stream(seed: int) -> Iterator[Row]:
    """Questions of the unseen task."""
    rng = random.Random(f"clinic/new/{seed}")
    seen: set[str] = set()
    while True:
        drawn = visit(rng, "unseen")
        if drawn.key not in seen:
            seen.add(drawn.key)
            fact = rng.choice(list(VALUES))
            yield question(rng, drawn, note(rng, drawn), fact, NEW_QUESTIONS[fact])
