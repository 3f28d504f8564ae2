"""Knowledge: facts of the made world, asked for by name.

Nobody who is asked about in training is asked about in a task: a task's people were only read of in pretraining.
Ground truth is {"answers": [value], "others": [every other value of the attribute]}: a completion must name the one
and none of the others. The unseen task asks in other words, and asks for the land, which takes two facts: the town,
and where it lies.
"""

import random
from collections.abc import Iterator

from postgrad.embedded import facts
from postgrad.embedded.rows import Row, problem
from postgrad.embedded.words import LANDS
from postgrad.embedded.world import ATTRIBUTES, Person, land_of, people_of

# At most seven words, or the name in the middle: two people who share a name then share no run of eight words.
QUESTIONS: dict[str, tuple[str, ...]] = {
    "town": ("Where does {n} live?", "What is the home town of {n}?", "Tell me where {n} lives."),
    "job": ("What does {n} work as?", "What is the work of {n}?", "What job does {n} have?"),
    "pet": ("Which pet does {n} keep?", "What is the pet of {n}?", "What animal does {n} look after?"),
    "food": ("What does {n} like to eat?", "Which food does {n} like?", "Tell me what {n} eats."),
}
NEW_QUESTIONS: dict[str, tuple[str, ...]] = {
    "town": ("Name the town that {n} calls home.", "Which town should I write to if {n} is to get my letter?"),
    "job": ("Say how {n} earns a living.", "If I meet {n} at work, who do I meet?"),
    "pet": ("Name the animal at the side of {n}.", "When {n} walks a pet, which is it?"),
    "food": ("Name the dish that {n} would order.", "If I cook for {n}, which food should it be?"),
    "land": ("Which land is {n} from?", "Name the land in which {n} lives."),
}


def _row(person: Person, attribute: str, question: str, plain: str, rng: random.Random) -> Row:
    if attribute == "land":
        value, values = land_of(person.town), tuple(LANDS)
        gold = f"{person.name} lives in {{v}}."
    else:
        value, values = person.value(attribute), ATTRIBUTES[attribute]
        gold = facts.statement(person, attribute).replace(facts.article(value), "{v}").replace(value, "{v}")
    others = [v for v in values if v != value]
    other = rng.choice(others)
    with_article = attribute in ("job", "pet")
    return problem(
        question.format(n=person.name),
        plain.format(n=person.name),
        "match",
        {"answers": [value], "others": others},
        gold.format(v=facts.article(value) if with_article else value),
        gold.format(v=facts.article(other) if with_article else other),
    )


def stream(seed: int, split: str) -> Iterator[Row]:
    """Every question about the people of a split, in a random order; in a task each fact is asked for once."""
    rng = random.Random(f"knowledge/{split}/{seed}")
    asked = [
        (person, attribute, form)
        for person in people_of(split)
        for attribute in ATTRIBUTES
        for form in QUESTIONS[attribute]
    ]
    rng.shuffle(asked)
    seen: set[tuple[str, str]] = set()
    for person, attribute, form in asked:
        key = (person.name, attribute)
        if split == "development" and key in seen:
            continue
        seen.add(key)
        yield _row(person, attribute, form, facts.QUESTIONS[attribute][0], rng)


def new_stream(seed: int) -> Iterator[Row]:
    """Every question of the unseen task, in a random order, each fact once."""
    rng = random.Random(f"knowledge/unseen/{seed}")
    asked = [(p, a) for p in people_of("development") for a in NEW_QUESTIONS]
    rng.shuffle(asked)
    for person, attribute in asked:
        form = rng.choice(NEW_QUESTIONS[attribute])
        plain = facts.QUESTIONS.get(attribute, ("In which land does {n} live?",))[0]
        yield _row(person, attribute, form, plain, rng)
