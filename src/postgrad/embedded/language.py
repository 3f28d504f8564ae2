"""Plain sentences about the world's things: the stuff of the pretraining text and of instruction answers."""

import random

from postgrad.embedded.words import (
    ADJECTIVES,
    ANIMALS,
    CLOSERS,
    FOODS,
    OPENERS,
    PLACES,
    TOOLS,
)

KINDS: dict[str, tuple[str, ...]] = {
    "animals": tuple(ANIMALS),
    "foods": tuple(FOODS),
    "tools": tuple(TOOLS),
    "places": tuple(PLACES),
}
"""The kinds of thing that a sentence or a list can be about."""
KIND_OF = {word: kind for kind, words in KINDS.items() for word in words}
TOPICS = tuple(KIND_OF)

# {t} the topic, {a} {b} adjectives of its kind, {p} a place, {n} an animal; without opener, closer and full stop.
_FRAMES: dict[str, tuple[str, ...]] = {
    "animals": (
        "the {t} is {a}",
        "the {t} runs to the {p}",
        "the {a} {t} sleeps near the {p}",
        "a {a} {t} lives by the {p}",
        "we saw the {t} at the {p}",
        "the {t} waits for the {n}",
        "my {t} is {a} and {b}",
        "the {n} follows the {a} {t} to the {p}",
        "people like the {a} {t}",
        "the {t} sings",
    ),
    "foods": (
        "the {t} is {a}",
        "we eat the {a} {t}",
        "the {t} was {a} and {b}",
        "we share the {t} at the {p}",
        "the {n} wants the {t}",
        "people sell {a} {t} at the {p}",
        "my friend likes the {a} {t} from the {p}",
        "the cook keeps the {t} {a}",
        "they buy {t}",
    ),
    "tools": (
        "the {t} is {a}",
        "we need the {a} {t}",
        "the {t} hangs near the {p}",
        "a {a} {t} makes the work easy",
        "my {t} is {a} and {b}",
        "they left the {t} at the {p}",
        "the smith made the {a} {t} for the {p}",
        "she lends the {t} to us",
        "bring the {t}",
    ),
    "places": (
        "the {t} is {a}",
        "we walk to the {a} {t}",
        "the {n} lives by the {t}",
        "the {t} was {a} and {b}",
        "they meet near the {a} {t}",
        "people like the {t}",
        "the road goes past the {a} {t}",
        "she dreams of the {a} and {b} {t}",
        "visit the {t}",
    ),
}


def clause(rng: random.Random, topic: str) -> str:
    """A clause with the topic in it: lower case, no opener, no closer, no full stop."""
    kind = KIND_OF[topic]
    a, b = rng.sample(ADJECTIVES[kind], 2)
    place = rng.choice([p for p in PLACES if p != topic])
    animal = rng.choice([n for n in ANIMALS if n != topic])
    return rng.choice(_FRAMES[kind]).format(t=topic, a=a, b=b, p=place, n=animal)


def sentence(
    rng: random.Random,
    topic: str,
    opener: str | None = None,
    closer: str | None = None,
    words: int | None = None,
    loose: float = 0.3,
) -> str:
    """A sentence about the topic, with the opener, closer and number of words asked for.

    Where no opener or closer is asked for, one is added with chance `loose`.
    """
    while True:
        first = opener or (rng.choice(OPENERS) if rng.random() < loose else None)
        last = closer or (rng.choice(CLOSERS) if rng.random() < loose else None)
        if first and last and first.lower() == last:
            continue
        text = clause(rng, topic)
        text = f"{first} {text}" if first else text
        text = f"{text} {last}" if last else text
        if words is None or len(text.split()) == words:
            return text[0].upper() + text[1:] + "."
