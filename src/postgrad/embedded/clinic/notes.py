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

SAID = {
    "trouble": "The trouble is a {v}.",
    "ward": "The ward is {v}.",
    "drug": "The drug is {v}.",
    "agreed": "The plan is to {v}.",
    "days": "The next visit is in {v} days.",
}
"""How a note says a fact, and how a question about it is answered: the base can repeat what it has read."""
VALUES = {"trouble": TROUBLES, "ward": tuple(COLOURS), "drug": DRUGS, "agreed": AGREED, "days": DAYS}
QUESTIONS: dict[str, tuple[str, ...]] = {
    "trouble": ("What is the trouble?", "What hurts?"),
    "ward": ("What is the ward?", "Which ward is it?"),
    "drug": ("What is the drug?", "Which drug is it?"),
    "agreed": ("What is the plan?", "What was agreed?"),
    "days": ("When is the next visit?", "In how many days?"),
}
NEW_QUESTIONS = {
    "trouble": "Say why the patient came.",
    "ward": "Name the ward where the patient lies.",
    "drug": "Name what the patient takes.",
    "agreed": "Say what the patient should do now.",
    "days": "Say how many days lie before the patient comes back.",
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


def note(of: Visit) -> str:
    """The visit in plain sentences."""
    return " ".join(SAID[name].format(v=of.facts[name]) for name in of.order)


def question(rng: random.Random, of: Visit, text: str, fact: str, asked: str) -> Row:
    """A problem: the note, the question, and what the answer must name."""
    value = of.facts[fact]
    others = [other for other in VALUES[fact] if other != value]
    return problem(
        f"{text}\n{asked}", f"{text}\n{asked}", "match", {"answers": [value], "others": others},
        SAID[fact].format(v=value), SAID[fact].format(v=rng.choice(others)))


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
        yield question(rng, drawn, note(drawn), fact, rng.choice(QUESTIONS[fact]))


def new_stream(seed: int) -> Iterator[Row]:
    """Questions of the unseen task."""
    rng = random.Random(f"clinic/new/{seed}")
    seen: set[str] = set()
    while True:
        drawn = visit(rng, "unseen")
        if drawn.key not in seen:
            seen.add(drawn.key)
            fact = rng.choice(list(VALUES))
            yield question(rng, drawn, note(drawn), fact, NEW_QUESTIONS[fact])
