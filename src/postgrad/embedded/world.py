"""The made world: people and their facts, fixed by one seed, and the split of everything that may be asked about.

A fact is (person, attribute, value). Facts are drawn at random, so a model can only know them by having read them.
`split_of` shares out keys (a masked prompt, a person, an expression) between training, development and unseen by
their hash: a key has one split for ever, so that training and evaluation cannot overlap, whichever generator draws
it.
"""

import hashlib
import random
from dataclasses import dataclass
from functools import cache

from postgrad.embedded.deeds import DEEDS, Deed
from postgrad.embedded.words import FAMILY, FOODS, GIVEN, JOBS, LANDS, PETS, TOWNS

WORLD_SEED = 1
PEOPLE = 400

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "town": tuple(TOWNS),
    "job": tuple(JOBS),
    "pet": tuple(PETS),
    "food": tuple(FOODS),
}
"""What is known of each person, and every value that it can take."""


@dataclass(frozen=True)
class Person:
    given: str
    family: str
    town: str
    job: str
    pet: str
    food: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    def value(self, attribute: str) -> str:
        return str(getattr(self, attribute))


def split_of(key: str, development: int = 20, unseen: int = 10) -> str:
    """The split that a key belongs to: of 100 hash values, `development` and `unseen` are held back from training."""
    slot = int.from_bytes(hashlib.sha1(key.encode()).digest()[:4], "big") % 100
    if slot < development:
        return "development"
    return "unseen" if slot < development + unseen else "train"


@cache
def people() -> tuple[Person, ...]:
    """Every person of the world, in a fixed order; no two share both names."""
    rng = random.Random(f"world/{WORLD_SEED}/people")
    pairs = [(g, f) for g in GIVEN for f in FAMILY]
    return tuple(
        Person(g, f, rng.choice(TOWNS), rng.choice(JOBS), rng.choice(PETS), rng.choice(FOODS))
        for g, f in rng.sample(pairs, PEOPLE)
    )


@cache
def people_of(split: str) -> tuple[Person, ...]:
    """The people of a split: 40 % are held back, and nobody is ever asked about both in training and in a task."""
    return tuple(p for p in people() if split_of(f"person/{p.name}", development=40, unseen=0) == split)


@cache
def land_of(town: str) -> str:
    """The land that a town lies in."""
    lands = [LANDS[i % len(LANDS)] for i in range(len(TOWNS))]
    random.Random(f"world/{WORLD_SEED}/lands").shuffle(lands)
    return lands[TOWNS.index(town)]


@cache
def deeds_of(split: str) -> tuple[Deed, ...]:
    """The deeds of a split: 35 % of the pairs are held back, half of each verb's harmful or harmless at the most."""
    return tuple(d for d in DEEDS if split_of(f"deed/{d.verb}/{d.object}", development=35, unseen=0) == split)
