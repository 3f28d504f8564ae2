"""How the world's facts are said and asked about in plain words."""

import random

from postgrad.embedded.deeds import article
from postgrad.embedded.world import Person

STATEMENTS: dict[str, tuple[str, ...]] = {
    "town": ("{n} lives in {v}.", "The home of {n} is in {v}.", "{n} has a house in {v}."),
    "job": ("{n} works as {av}.", "The work of {n} is that of {av}.", "{n} is {av}."),
    "pet": ("{n} keeps {av}.", "The pet of {n} is {av}.", "{n} looks after {av}."),
    "food": ("{n} likes to eat {v}.", "{n} loves {v} most of all.", "The best food for {n} is {v}."),
}
"""The first of each is the form in which questions are answered."""
QUESTIONS: dict[str, tuple[str, ...]] = {
    "town": ("Where does {n} live?", "In which town is the home of {n}?", "What is the home town of {n}?"),
    "job": ("What does {n} work as?", "What is the work of {n}?", "What job does {n} have?"),
    "pet": ("Which pet does {n} keep?", "What is the pet of {n}?", "What animal does {n} look after?"),
    "food": ("What does {n} like to eat?", "Which food does {n} like?", "What food is best for {n}?"),
}
PRONOUN_STATEMENTS: dict[str, str] = {
    "town": "The home is in {v}.",
    "job": "The work is that of {av}.",
    "pet": "The pet is {av}.",
    "food": "The food is {v}.",
}


def fill(template: str, person: Person, attribute: str) -> str:
    value = person.value(attribute)
    return template.format(n=person.name, v=value, av=article(value))


def statement(person: Person, attribute: str, rng: random.Random | None = None) -> str:
    forms = STATEMENTS[attribute]
    return fill(rng.choice(forms) if rng else forms[0], person, attribute)
