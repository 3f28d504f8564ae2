"""Instructions: short texts under constraints that a program can check.

Ground truth is {"constraints": [...]}, each a dict with a `kind`; all must hold. Words are the runs between spaces,
with the punctuation at their ends taken off; case is ignored but where the constraint is about case.

    upper | lower                     no letter of the other case
    title                             every word begins with a capital
    words {count, relation}           number of words: relation is exactly, at_least or at_most
    sentences {count, relation}       number of runs that end in . ! or ?
    starts_with {text}                the first words are the text
    ends_with {text}                  the last words are the text, final punctuation and brackets aside
    includes {text, count}            the text occurs as whole words, at least `count` times
    excludes {text}                   it does not
    items {count, style}              a list of exactly so many items: commas (on one line), numbers ("1. " a line),
                                      dashes ("- " a line), lines (one a line, unmarked)
    from_set {words}                  the items of the list come from these words, no two the same
    quoted | bracketed                the whole text stands in double quotes | in round brackets
    repeat {text, count}              the text that many times and nothing else, spaces or commas between
    topic {text}                      the word occurs

A prompt's key is (form, phrasing, topic): its hash decides between training and the task, so that no prompt of the
one is a prompt of the other, whatever the names and digits in it. The topic stands in every run of eight words.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from postgrad.embedded.language import KIND_OF, KINDS, TOPICS, clause, sentence
from postgrad.embedded.rows import Row, mask_names, problem
from postgrad.embedded.words import CLOSERS, NUMBER_WORDS, OPENERS
from postgrad.embedded.world import split_of


@dataclass(frozen=True)
class Asked:
    """What a form draws: words for the prompt's slots, the constraints, an answer that holds, one that does not."""

    slots: dict[str, str]
    constraints: list[Row]
    gold: str
    wrong: str


Form = tuple[Callable[[random.Random, str], Asked], tuple[str, ...]]


def _topic(t: str) -> Row:
    return {"kind": "topic", "text": t}


def _count(kind: str, n: int, relation: str = "exactly") -> Row:
    return {"kind": kind, "count": n, "relation": relation}


def _starts(rng: random.Random, t: str) -> Asked:
    o, other = rng.sample(OPENERS, 2)
    return Asked(
        {"o": o},
        [_topic(t), {"kind": "starts_with", "text": o}],
        sentence(rng, t, opener=o),
        sentence(rng, t, opener=other),
    )


def _ends(rng: random.Random, t: str) -> Asked:
    c, other = rng.sample(CLOSERS, 2)
    return Asked(
        {"c": c},
        [_topic(t), {"kind": "ends_with", "text": c}],
        sentence(rng, t, closer=c),
        sentence(rng, t, closer=other),
    )


def _upper(rng: random.Random, t: str) -> Asked:
    return Asked({}, [_topic(t), {"kind": "upper"}], sentence(rng, t).upper(), sentence(rng, t))


def _lower(rng: random.Random, t: str) -> Asked:
    return Asked({}, [_topic(t), {"kind": "lower"}], sentence(rng, t).lower(), sentence(rng, t))


def _words(rng: random.Random, t: str) -> Asked:
    n = rng.randint(4, 7)
    return Asked(
        {"k": NUMBER_WORDS[n]},
        [_topic(t), _count("words", n)],
        sentence(rng, t, words=n),
        sentence(rng, t, words=n + 1),
    )


def _sentences(rng: random.Random, t: str) -> Asked:
    n = rng.randint(2, 3)
    texts = [sentence(rng, t) for _ in range(n + 1)]
    return Asked(
        {"k": NUMBER_WORDS[n]}, [_topic(t), _count("sentences", n)], " ".join(texts[:n]), " ".join(texts)
    )  # fmt: skip


def _includes(rng: random.Random, t: str) -> Asked:
    w = rng.choice([x for x in TOPICS if x != t])
    constraint = {"kind": "includes", "text": w, "count": 1}
    gold = rng.choice((f"The {t} is near the {w}.", f"We saw the {t} and the {w}."))
    return Asked({"w": w}, [_topic(t), constraint], gold, f"The {t} is here.")


def _quoted(rng: random.Random, t: str) -> Asked:
    return Asked({}, [_topic(t), {"kind": "quoted"}], f'"{sentence(rng, t)}"', sentence(rng, t))


def _items(rng: random.Random, t: str, style: str, with_topic: bool) -> Asked:
    kind = KIND_OF[t]
    n = rng.randint(2, 4)
    picked = rng.sample([w for w in KINDS[kind] if w != t], n)
    if with_topic:
        picked[0] = t  # named first, so that no item need be kept in mind
    constraints: list[Row] = [{"kind": "items", "count": n, "style": style}]
    constraints.append({"kind": "from_set", "words": list(KINDS[kind])})
    if with_topic:
        constraints.append(_topic(t))
    joint = ", " if style == "commas" else "\n"
    extra = next(w for w in KINDS[kind] if w not in picked)
    marks = {"numbers": [f"{i}. " for i in range(1, n + 2)], "dashes": ["- "] * (n + 1)}.get(style, [""] * (n + 1))
    lines = [m + w for m, w in zip(marks, [*picked, extra], strict=True)]
    return Asked({"k": NUMBER_WORDS[n], "s": kind}, constraints, joint.join(lines[:n]), joint.join(lines))


def _repeat(rng: random.Random, t: str) -> Asked:
    n = rng.randint(2, 5)
    constraint = {"kind": "repeat", "text": f"the {t}", "count": n}
    said = [f"The {t}"] + [f"the {t}"] * n
    return Asked({"k": NUMBER_WORDS[n]}, [constraint], ", ".join(said[:n]) + ".", ", ".join(said) + ".")


def _starts_upper(rng: random.Random, t: str) -> Asked:
    o = rng.choice(OPENERS)
    constraints = [_topic(t), {"kind": "starts_with", "text": o}, {"kind": "upper"}]
    return Asked({"o": o}, constraints, sentence(rng, t, opener=o).upper(), sentence(rng, t, opener=o))


def _starts_ends(rng: random.Random, t: str) -> Asked:
    while True:
        o, c = rng.choice(OPENERS), rng.choice(CLOSERS)
        if o.lower() != c:
            break
    constraints = [_topic(t), {"kind": "starts_with", "text": o}, {"kind": "ends_with", "text": c}]
    return Asked({"o": o, "c": c}, constraints, sentence(rng, t, o, c), sentence(rng, t, o, loose=0))


def _ends_lower(rng: random.Random, t: str) -> Asked:
    c = rng.choice(CLOSERS)
    constraints = [_topic(t), {"kind": "ends_with", "text": c}, {"kind": "lower"}]
    return Asked({"c": c}, constraints, sentence(rng, t, closer=c).lower(), sentence(rng, t, closer=c))


FORMS: dict[str, Form] = {
    "starts": (_starts, ("Write about the {t} and start with {o}.", "With {o} as first word, mention the {t}.")),
    "ends": (_ends, ("Write about the {t} and end with {c}.", "Mention the {t} and let {c} be the last word.")),
    "upper": (_upper, ("Write about the {t} in capital letters.", "Use only capitals to mention the {t}.")),
    "lower": (_lower, ("Write about the {t} in small letters.", "Use no capitals to mention the {t}.")),
    "words": (_words, ("Write {k} words about the {t}.", "Mention the {t} in exactly {k} words.")),
    "sentences": (_sentences, ("Write {k} sentences about the {t}.", "Tell me of the {t} in {k} sentences.")),
    "includes": (_includes, ("Write about the {t} with the word {w}.", "Mention the {t} and the {w} at once.")),
    "quoted": (_quoted, ("Write about the {t} inside quotes.", "Put quotes around words on the {t}.")),
    "items": (
        lambda rng, t: _items(rng, t, "commas", True),
        ("Name {k} {s} with the {t} among them.", "Give me {k} {s}, one the {t}, and use commas."),
    ),
    "numbers": (
        lambda rng, t: _items(rng, t, "numbers", True),
        ("Number {k} {s} and have the {t} among them.", "Put the {t} into a list of {k} numbered {s}."),
    ),
    "repeat": (_repeat, ('Say "the {t}" {k} times.', 'Repeat "the {t}" so that it comes {k} times.')),
    "starts_upper": (
        _starts_upper,
        ("All in capitals, start with {o}: the {t}.", "Shout of the {t}, {o} comes first."),
    ),
    "starts_ends": (_starts_ends, ("Tell me of the {t}, from {o} to {c}.", "The {t}: first word {o}, last word {c}.")),
    "ends_lower": (
        _ends_lower,
        ("The {t} in small letters, {c} at the end.", "No capitals, {c} last: tell of the {t}."),
    ),
}
"""What training and the development task ask for. The topic {t} is in every prompt."""
SLOW = ("ends", "starts_ends", "ends_lower", "words", "sentences", "items", "numbers", "repeat")
SHOWN: dict[str, float] = dict.fromkeys(FORMS, 1.0) | dict.fromkeys(SLOW, 2.0)
"""How often examples show each form: those that are slow to learn more often."""
PRACTISED: dict[str, float] = dict.fromkeys(FORMS, 1.0) | dict.fromkeys(("words", "items", "numbers"), 5.0)
"""How often prompts and problems for practice ask for each form: those in which something is counted lean heavily, for
there examples alone leave a model half right. The task asks for all forms alike.
"""


def _title(rng: random.Random, t: str) -> Asked:
    text = sentence(rng, t)
    return Asked({}, [_topic(t), {"kind": "title"}], " ".join(w.capitalize() for w in text.split()), text)


def _bracketed(rng: random.Random, t: str) -> Asked:
    return Asked({}, [_topic(t), {"kind": "bracketed"}], f"({clause(rng, t)})", clause(rng, t))


def _excludes(rng: random.Random, t: str) -> Asked:
    gold = f"We saw {rng.choice(('a', 'one'))} {t}."
    return Asked({}, [_topic(t), {"kind": "excludes", "text": "the"}], gold, f"We saw the {t}.")


def _at_least(rng: random.Random, t: str) -> Asked:
    n = rng.randint(6, 8)
    gold = " ".join(sentence(rng, t, words=6) for _ in range(2))
    return Asked({"k": NUMBER_WORDS[n]}, [_topic(t), _count("words", n, "at_least")], gold, sentence(rng, t, words=5))


def _at_most(rng: random.Random, t: str) -> Asked:
    n = rng.randint(4, 6)
    constraints = [_topic(t), _count("words", n, "at_most")]
    return Asked({"k": NUMBER_WORDS[n]}, constraints, sentence(rng, t, words=4), sentence(rng, t, words=n + 1))


def _quoted_ends(rng: random.Random, t: str) -> Asked:
    c = rng.choice(CLOSERS)
    constraints = [_topic(t), {"kind": "quoted"}, {"kind": "ends_with", "text": c}]
    return Asked({"c": c}, constraints, f'"{sentence(rng, t, closer=c)}"', sentence(rng, t, closer=c))


def _upper_words(rng: random.Random, t: str) -> Asked:
    n = rng.randint(4, 7)
    constraints = [_topic(t), {"kind": "upper"}, _count("words", n)]
    return Asked({"k": NUMBER_WORDS[n]}, constraints, sentence(rng, t, words=n).upper(), sentence(rng, t, words=n))


NEW_FORMS: dict[str, Form] = {
    "title": (_title, ("Capitalise each word of a remark on the {t}.",)),
    "bracketed": (_bracketed, ("Remark on the {t} between round brackets.",)),
    "excludes": (_excludes, ("Without using the article the, bring up one {t}.",)),
    "at_least": (_at_least, ("Spend {k} words or more on the {t}.",)),
    "at_most": (_at_most, ("Spend {k} words at most on the {t}.",)),
    "dashes": (lambda rng, t: _items(rng, t, "dashes", True), ("A dash before each: {k} {s} along with the {t}.",)),
    "lines": (lambda rng, t: _items(rng, t, "lines", True), ("Each on its own line: {k} {s} along with the {t}.",)),
    "quoted_ends": (_quoted_ends, ("Quote a remark on the {t} that closes with {c}.",)),
    "upper_words": (_upper_words, ("Shout precisely {k} words on the {t}.",)),
}
"""What the unseen task asks for: kinds and combinations of constraint that training has not."""


def _draw(rng: random.Random, forms: dict[str, Form], weights: dict[str, float]) -> tuple[str, str, Row]:
    """(key, prompt with its names masked, row)"""
    name = rng.choices(list(forms), [weights.get(form, 1.0) for form in forms])[0]
    make, phrasings = forms[name]
    which = rng.randrange(len(phrasings))
    topic = rng.choice(TOPICS)
    asked = make(rng, topic)
    prompt = phrasings[which].format(t=topic, **asked.slots)
    row = problem(prompt, prompt, "instructions", {"constraints": asked.constraints}, asked.gold, asked.wrong)
    return f"instructions/{name}/{which}/{topic}", mask_names(prompt), row


def _distinct(rng: random.Random, forms: dict[str, Form], split: str | None) -> Iterator[Row]:
    seen: set[str] = set()
    weights = PRACTISED if split == "train" else {}
    while True:
        key, masked, row = _draw(rng, forms, weights)
        if masked not in seen and (split is None or split_of(key) == split):
            seen.add(masked)
            yield row


def stream(seed: int, split: str) -> Iterator[Row]:
    """Endless problems of a split, distinct after masking names and digits (some thousands are there to be had)."""
    return _distinct(random.Random(f"instructions/{split}/{seed}"), FORMS, split)


def new_stream(seed: int) -> Iterator[Row]:
    """Endless problems of the unseen task, distinct after masking."""
    return _distinct(random.Random(f"instructions/unseen/{seed}"), NEW_FORMS, None)


def answered(seed: int) -> Iterator[Row]:
    """Endless training problems, distinct as pairs of prompt and answer."""
    rng = random.Random(f"instructions/answered/{seed}")
    seen: set[tuple[str, str]] = set()
    while True:
        key, masked, row = _draw(rng, FORMS, SHOWN)
        if (masked, row["gold"]) not in seen and split_of(key) == "train":
            seen.add((masked, row["gold"]))
            yield row
