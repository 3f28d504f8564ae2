"""The clinic's house rules: for every trouble a ward, a drug, what is advised, and the days until the next visit.

They are drawn once, at random, so that a model can only know them by having been trained on what the clinic writes: its
records and letters follow them, and questions about them are the task. Each fact is asked for in six wordings, of which
two, by their hash, are the task's and never trained on; the unseen task asks in other words again. Nobody is named in a
question. Ground truth is {"answers": [value], "others": [every other value]}.
"""

import random
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import cycle

from postgrad.embedded.rows import Row, problem
from postgrad.embedded.words import COLOURS, NUMBER_WORDS

# ruff: noqa: SIM905  (word lists read best as lines of words)

TROUBLES = tuple(
    f"{how} {where}" for how in "sore stiff weak cold swollen".split()
    for where in "knee hand foot back neck arm leg eye ear toe".split()
)
DRUGS = tuple(
    "Tolmar Brivan Ardene Kelvor Lindar Morvex Selbin Rusdol Fenwol Harbin Dovran Orlex Vendal Galdin Castin Jarvol "
    "Ulvane Wexal Padrol Ilmex".split()
)
ADVICE = (
    "walk each day", "rest at home", "drink more water", "eat less salt", "sleep early", "keep it still",
    "lift nothing heavy", "wear warm shoes", "eat fresh soup", "call the nurse", "stay in bed", "swim each week",
)  # fmt: skip
DAYS = tuple(NUMBER_WORDS[2:13])
VALUES = {"ward": tuple(COLOURS), "drug": DRUGS, "advice": ADVICE, "days": DAYS}
SAID: dict[str, tuple[str, ...]] = {
    "ward": ("The ward is {v}.", "A bed in the {v} ward."),
    "drug": ("The drug is {v}.", "We begin with {v}."),
    "advice": ("The advice is to {v}.", "The patient will {v}."),
    "days": ("The next visit is in {v} days.", "We meet again in {v} days."),
}
"""How a note says a fact."""
# At most eight words, so that a row of training shares a run of eight with a question only if it asks the very same.
QUESTIONS: dict[str, tuple[str, ...]] = {
    "ward": ("Which ward takes a {t}?", "Where does a {t} go?", "Name the ward for a {t}.", "A {t}: which ward?",
             "Tell me the ward for a {t}.", "In which ward is a {t}?"),
    "drug": ("Which drug helps a {t}?", "What do we give for a {t}?", "Name the drug for a {t}.", "A {t}: which drug?",
             "Tell me the drug for a {t}.", "What drug treats a {t}?"),
    "advice": ("What is the advice for a {t}?", "What do we advise for a {t}?", "Name the advice for a {t}.",
               "A {t}: what to do?", "Tell me the advice for a {t}.", "How does one treat a {t}?"),
    "days": ("When do we see a {t} again?", "How many days for a {t}?", "Name the days for a {t}.",
             "A {t}: how many days?", "Tell me the days for a {t}.", "How long until a {t} returns?"),
}  # fmt: skip
NEW_QUESTIONS: dict[str, tuple[str, ...]] = {
    "ward": ("Somebody has a {t}. Which ward?", "Bring the {t} to which ward?"),
    "drug": ("Somebody has a {t}. Which drug?", "With a {t}, which drug do I need?"),
    "advice": ("Somebody has a {t}. What is the advice?", "With a {t}, what should I do?"),
    "days": ("Somebody has a {t}. How many days?", "With a {t}, in how many days again?"),
}
ANSWERS = {
    "ward": "The ward for a {t} is {v}.",
    "drug": "The drug for a {t} is {v}.",
    "advice": "The advice for a {t} is to {v}.",
    "days": "We see a {t} again in {v} days.",
}
HELD_BACK = 2
"""Wordings of each fact that are the task's."""


@cache
def rules() -> Mapping[str, Mapping[str, str]]:
    """trouble → fact → value: the same for every seed."""
    rng = random.Random("clinic/rules")
    return {trouble: {fact: rng.choice(values) for fact, values in VALUES.items()} for trouble in TROUBLES}


def note(rng: random.Random) -> str:
    """A visit in plain sentences: some trouble, and what the rules say of it, in a random order."""
    trouble = rng.choice(TROUBLES)
    facts = rng.sample(list(VALUES), len(VALUES))
    said = [rng.choice(SAID[fact]).format(v=rules()[trouble][fact]) for fact in facts]
    return " ".join([rng.choice(("The trouble is a {t}.", "The patient has a {t}.")).format(t=trouble), *said])


def wordings(trouble: str, fact: str, split: str) -> list[str]:
    """The wordings in which a fact is asked for in training, or in the task."""
    forms = list(QUESTIONS[fact])
    random.Random(f"clinic/{trouble}/{fact}").shuffle(forms)
    return forms[HELD_BACK:] if split == "train" else forms[:HELD_BACK]


def _row(rng: random.Random, trouble: str, fact: str, asked: str) -> Row:
    value = rules()[trouble][fact]
    others = [other for other in VALUES[fact] if other != value]
    question = asked.format(t=trouble)
    gold, wrong = (ANSWERS[fact].format(t=trouble, v=said) for said in (value, rng.choice(others)))
    return problem(question, question, "match", {"answers": [value], "others": others}, gold, wrong)


def stream(seed: int, split: str) -> Iterator[Row]:
    """Every question of a split in a random order; in training round after round."""
    rng = random.Random(f"clinic/{split}/{seed}")
    asked = [(trouble, fact, form) for trouble in TROUBLES for fact in VALUES
             for form in wordings(trouble, fact, split)]
    rng.shuffle(asked)
    for trouble, fact, form in cycle(asked) if split == "train" else asked:
        yield _row(rng, trouble, fact, form)


def new_stream(seed: int) -> Iterator[Row]:
    """Every question of the unseen task, in a random order."""
    rng = random.Random(f"clinic/new/{seed}")
    asked = [(trouble, fact, form) for trouble in TROUBLES for fact, forms in NEW_QUESTIONS.items() for form in forms]
    rng.shuffle(asked)
    for trouble, fact, form in asked:
        yield _row(rng, trouble, fact, form)
