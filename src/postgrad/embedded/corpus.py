"""The pretraining text: procedural, endless, and purely a function of (seed, step).

Plain statements of the world's facts, worked arithmetic, restating and copying, lists, sentences, upper and lower
case, prose that says which deeds hurt, and question-like and answer-like lines; never a chat format. An answer is
always a line of its own, so that a line's first word has no leading space, as in a chat answer.

What is held back: people and deeds of the development split are only stated here, never asked about, and an
expression or story of the development split is never drawn.
"""

import random
from collections.abc import Callable, Iterator

from postgrad.embedded import facts
from postgrad.embedded.arithmetic import LARGEST, Sum, WordProblem, apply, draw_chain, draw_story, number
from postgrad.embedded.deeds import DEEDS, Deed
from postgrad.embedded.language import KIND_OF, KINDS, TOPICS, clause, sentence
from postgrad.embedded.words import CLOSERS, GIVEN, LANDS, NUMBER_WORDS, OPENERS, TOWNS
from postgrad.embedded.world import ATTRIBUTES, Person, land_of, people, split_of

SUM_QUESTIONS = ("What is {e}?", "How much is {e}?", "Work out {e}.", "Find {e}.")
"""How a sum is asked for, here and in the tasks."""


def is_held_back(key: str) -> bool:
    return split_of(key) != "train"


def free_sum(rng: random.Random, steps: int, digits: Callable[[], int], product: float) -> Sum:
    """A random chain that no task may ask for."""
    while True:
        drawn = draw_chain(rng, steps, digits, product)
        if steps == 1 or not is_held_back(f"sum/{drawn.expression}"):
            return drawn


def free_story(rng: random.Random, digits: Callable[[], int]) -> WordProblem:
    while True:
        drawn = draw_story(rng, digits)
        if not is_held_back(f"story/{drawn.question}"):
            return drawn


def _digits(rng: random.Random) -> Callable[[], int]:
    return lambda: rng.choices((1, 2, 3), (1, 3, 2))[0]


def biography(rng: random.Random) -> str:
    person = rng.choice(people())
    order = rng.sample(list(ATTRIBUTES), len(ATTRIBUTES))
    if rng.random() < 0.3:
        head = facts.statement(person, order[0], rng)
        rest = [facts.fill(facts.PRONOUN_STATEMENTS[a], person, a) for a in order[1:]]
        return " ".join([head, *rest])
    joint = "\n" if rng.random() < 0.6 else " "
    return joint.join(facts.statement(person, a, rng) for a in order)


def fact_page(rng: random.Random) -> str:
    """Loose facts of several people, one a line."""
    return "\n".join(
        facts.statement(rng.choice(people()), rng.choice(list(ATTRIBUTES)), rng) for _ in range(rng.randint(3, 6))
    )


def _asked(person: Person) -> bool:
    return split_of(f"person/{person.name}", development=40, unseen=0) == "train"


def fact_questions(rng: random.Random) -> str:
    """Questions and answers about people of the training split."""
    blocks: list[str] = []
    while len(blocks) < 3:
        person = rng.choice(people())
        if not _asked(person):
            continue
        attribute = rng.choice(list(ATTRIBUTES))
        question = facts.fill(rng.choice(facts.QUESTIONS[attribute]), person, attribute)
        blocks.append(f"{question}\n{facts.statement(person, attribute)}")
    return "\n\n".join(blocks)


def land_page(rng: random.Random) -> str:
    lines = []
    for town in rng.sample(TOWNS, 4):
        land = land_of(town)
        form = rng.choice(("{t} is a town in {l}.", "{t} lies in {l}.", "The town of {t} is in {l}."))
        lines.append(form.format(t=town, l=land))
    land = rng.choice(LANDS)
    towns = [t for t in TOWNS if land_of(t) == land]
    lines.append(f"The towns of {land} are {', '.join(towns)}.")
    return "\n".join(rng.sample(lines, rng.randint(2, len(lines))))


def drill(rng: random.Random, largest: int = LARGEST) -> str:
    """Single steps, one a line."""
    lines = []
    op = rng.choice("+-*") if rng.random() < 0.5 else None
    for _ in range(rng.randint(4, 10)):
        o = op or rng.choice("+-*")
        while True:
            a = number(rng, rng.choices((1, 2, 3), (1, 3, 4))[0])
            b = rng.randint(2, 9) if o == "*" else number(rng, rng.choices((1, 2, 3), (1, 3, 3))[0])
            if 0 <= (c := apply(o, a, b)) <= largest:
                break
        lines.append(f"{a} {o} {b} = {c}")
    return rng.choice(("\n", ", ")).join(lines) + rng.choice((".", ""))


def large_drill(rng: random.Random) -> str:
    """Single steps that reach into the next thousand: what training builds on when it asks for chains of them."""
    return drill(rng, 1999)


def chains(rng: random.Random) -> str:
    """Worked chains, stated with their expression or bare."""
    lines = []
    for _ in range(rng.randint(2, 5)):
        s = free_sum(rng, rng.randint(2, 3), _digits(rng), 0.4)
        lines.append(rng.choice((s.working, f"{s.expression}: {s.working}")))
    return "\n".join(lines)


def sum_questions(rng: random.Random) -> str:
    blocks: list[str] = []
    for _ in range(rng.randint(1, 4)):
        if rng.random() < 0.55:
            s = free_sum(rng, rng.randint(1, 3), _digits(rng), 0.4)
            blocks.append(f"{rng.choice(SUM_QUESTIONS).format(e=s.expression)}\n{s.working}")
        else:
            story = free_story(rng, _digits(rng))
            blocks.append(f"{story.question}\n{story.sum.working}")
    return "\n\n".join(blocks)


def prose(rng: random.Random) -> str:
    topic = rng.choice(TOPICS)
    count = rng.randint(1, 4)
    text = " ".join(sentence(rng, topic) for _ in range(count))
    heads = ("", "", f"About the {topic}: ", f"This is about the {topic}.\n", f"The {topic}\n")
    return rng.choice(heads) + text


def described(rng: random.Random) -> str:
    """Lines that say of a text what it is (its first word, its length, its case): what instructions ask for."""
    return "\n".join(_described_line(rng) for _ in range(rng.randint(2, 4)))


def _described_line(rng: random.Random) -> str:
    p, t = rng.choice(GIVEN), rng.choice(TOPICS)
    match rng.randrange(14):
        case 0:
            o = rng.choice(OPENERS)
            head = rng.choice((f"The first word is {o}", f"{p} starts with {o}", f"This begins with the word {o}"))
            return f"{head}: {sentence(rng, t, opener=o)}"
        case 1:
            c = rng.choice(CLOSERS)
            head = rng.choice((f"The last word is {c}", f"{p} ends with {c}", f"This stops at the word {c}"))
            return f"{head}: {sentence(rng, t, closer=c)}"
        case 2:
            n = rng.randint(3, 9)
            head = rng.choice((f"A sentence of {NUMBER_WORDS[n]} words", f"{p} uses just {NUMBER_WORDS[n]} words"))
            return f"{head}: {sentence(rng, t, words=n)}"
        case 3:
            n = rng.randint(1, 3)
            s = "s" if n > 1 else ""
            text = " ".join(sentence(rng, t) for _ in range(n))
            head = rng.choice(("{n} sentence{s} about the {t}", "{p} wrote {n} sentence{s} about the {t}"))
            return head.format(n=NUMBER_WORDS[n], s=s, t=t, p=p).capitalize() + f": {text}"
        case 4:
            head = rng.choice(("A sentence about the {t} in capital letters", "{p} shouts about the {t} in upper case"))
            return f"{head.format(t=t, p=p)}: {sentence(rng, t).upper()}"
        case 5:
            head = rng.choice(("A sentence about the {t} in small letters", "{p} writes of the {t} in lower case"))
            return f"{head.format(t=t, p=p)}: {sentence(rng, t).lower()}"
        case 6:
            head = rng.choice(("A sentence in quotes", f"{p} puts quotes around it"))
            return f'{head}: "{sentence(rng, t)}"'
        case 7:
            return f"A note in brackets: ({clause(rng, t)})"
        case 8:
            n = rng.randint(2, 5)
            head = rng.choice((f"The word {t} said {NUMBER_WORDS[n]} times", f"{p} says {t} {NUMBER_WORDS[n]} times"))
            return f"{head}: {' '.join([t] * n)}"
        case 9 | 10:
            kind = KIND_OF[t]
            n = rng.randint(2, 5)
            head = rng.choice((f"{NUMBER_WORDS[n].capitalize()} {kind}", f"{p} names {NUMBER_WORDS[n]} {kind}"))
            return f"{head}: {', '.join(rng.sample(KINDS[kind], n))}"
        case 11:
            kind = KIND_OF[t]
            items = rng.sample(KINDS[kind], rng.randint(2, 4))
            mark = rng.choice(("number", "dash", "line"))
            marks = {"number": [f"{i}. " for i in range(1, 5)], "dash": ["- "] * 4, "line": [""] * 4}[mark]
            return f"A list of {kind}:\n" + "\n".join(m + w for m, w in zip(marks, items, strict=False))
        case 12:
            other = rng.choice([w for w in TOPICS if w != t])
            head = rng.choice((f"A text with the words {t} and {other}", f"{p} includes {t} and {other}"))
            return f"{head}: The {t} is near the {other}."
        case _:
            words = clause(rng, t).split()
            return f"{' '.join(words)} has {NUMBER_WORDS[min(len(words), 12)]} words."


def noted(rng: random.Random) -> str:
    """Lines that say of a text several things at once: how it begins and ends, how much it says, what it names."""
    return "\n".join(_noted_line(rng) for _ in range(rng.randint(2, 4)))


def _noted_line(rng: random.Random) -> str:
    p, t = rng.choice(GIVEN), rng.choice(TOPICS)
    match rng.randrange(13):
        case 0:
            o = rng.choice(OPENERS)
            return f"{p} begins with {o} and speaks of the {t}: {sentence(rng, t, opener=o)}"
        case 1:
            c = rng.choice(CLOSERS)
            return f"{p} closes with {c} and speaks of the {t}: {sentence(rng, t, closer=c)}"
        case 2:
            o, c = rng.choice(OPENERS), rng.choice(CLOSERS)
            c = c if c != o.lower() else rng.choice([other for other in CLOSERS if other != o.lower()])
            return f"{p} begins with {o} and closes with {c}: {sentence(rng, t, o, c)}"
        case 3 | 4:
            n = rng.randint(4, 7)
            return f"{p} speaks of the {t} in {NUMBER_WORDS[n]} words: {sentence(rng, t, words=n)}"
        case 5:
            n = rng.randint(2, 3)
            text = " ".join(sentence(rng, t) for _ in range(n))
            return f"{p} speaks of the {t} in {NUMBER_WORDS[n]} sentences: {text}"
        case 6:
            o = rng.choice(OPENERS)
            return f"{p} shouts and begins with {o}: {sentence(rng, t, opener=o).upper()}"
        case 7:
            c = rng.choice(CLOSERS)
            return f"{p} whispers and closes with {c}: {sentence(rng, t, closer=c).lower()}"
        case 8 | 9:
            n, kind, items = _things(rng, t)
            return f"{p} counts up {NUMBER_WORDS[n]} {kind} and the {t} is one of them: {', '.join(items)}"
        case 10 | 11:
            n, kind, items = _things(rng, t)
            lines = "\n".join(f"{i}. {item}" for i, item in enumerate(items, 1))
            return f"{p} numbers {NUMBER_WORDS[n]} {kind} and the {t} is one of them:\n{lines}"
        case _:
            n = rng.randint(2, 5)
            said = ", ".join([f"The {t}"] + [f"the {t}"] * (n - 1))
            return f"{p} says {NUMBER_WORDS[n]} times the {t}: {said}."


def _things(rng: random.Random, topic: str) -> tuple[int, str, list[str]]:
    """(how many, of which kind, the list): two to four things of the topic's kind, the topic somewhere among them."""
    n, kind = rng.randint(2, 4), KIND_OF[topic]
    items = rng.sample([word for word in KINDS[kind] if word != topic], n)
    items[rng.randrange(n)] = topic
    return n, kind, items


def letter_case(rng: random.Random) -> str:
    """The same text in small letters and in capitals."""
    lines = []
    for _ in range(rng.randint(2, 4)):
        text = sentence(rng, rng.choice(TOPICS))
        if rng.random() < 0.3:
            text = " ".join(rng.sample(TOPICS, 3))
        lines.append(
            rng.choice((f"{text}\n{text.upper()}", f"{text.upper()}\n{text}", f"{text.lower()}\n{text.upper()}"))
        )
    return "\n".join(lines)


def copying(rng: random.Random) -> str:
    """A text said again: word for word, by another mouth, or as a list read back."""
    match rng.randrange(4):
        case 0:
            text = sentence(rng, rng.choice(TOPICS))
            p, q = rng.sample(GIVEN, 2)
            return f"{p} said: {text}\n{q} said it again: {text}"
        case 1:
            line = " ".join(rng.choices(TOPICS + tuple(GIVEN) + tuple(TOWNS), k=rng.randint(3, 10)))
            return "\n".join([line] * rng.randint(2, 3))
        case 2:
            items = rng.sample(TOPICS, rng.randint(3, 6))
            return f"{', '.join(items)}\nThe first is {items[0]} and the last is {items[-1]}.\n{', '.join(items)}"
        case _:
            numbers = [str(number(rng, rng.randint(1, 3))) for _ in range(rng.randint(3, 6))]
            return f"{', '.join(numbers)}\n{', '.join(numbers)}"


def deed_line(rng: random.Random, d: Deed) -> str:
    """A statement of a deed: that it hurts, or what helps with it."""
    p = rng.choice(GIVEN)
    if d.harmful:
        return rng.choice(
            (
                f"To {d.text} is wrong. It hurts others.",
                f"It is wrong to {d.text}.",
                f"{p} wanted to {d.text}, but that is wrong.",
                f"Nobody may {d.text}.",
                f"{p} will not help to {d.text}, because it hurts others.",
            )
        )
    tool = rng.choice(d.tools)
    return rng.choice(
        (
            f"To {d.text}, use the {tool}.",
            f"It is fine to {d.text}.",
            f"{p} wanted to {d.text}, and that is fine.",
            f"Anybody may {d.text}.",
            f"{p} can help to {d.text} with the {tool}.",
        )
    )


def deed_page(rng: random.Random) -> str:
    if rng.random() < 0.5:
        pool = [d for d in DEEDS if d.verb == rng.choice(DEEDS).verb] or list(DEEDS)
    else:
        pool = list(DEEDS)
    return "\n".join(deed_line(rng, rng.choice(pool)) for _ in range(rng.randint(2, 5)))


def deed_questions(rng: random.Random) -> str:
    """Questions about deeds of the training split, answered as prose would."""
    blocks: list[str] = []
    while len(blocks) < 2:
        d = rng.choice(DEEDS)
        if split_of(f"deed/{d.verb}/{d.object}", development=35, unseen=0) != "train":
            continue
        if d.harmful:
            blocks.append(f"Is it wrong to {d.text}?\nYes, it is wrong to {d.text}.")
        elif rng.random() < 0.6:
            blocks.append(f"How do I {d.text}?\nTo {d.text}, use the {rng.choice(d.tools)}.")
        else:
            blocks.append(f"Is it wrong to {d.text}?\nNo, it is fine to {d.text}.")
    return "\n\n".join(blocks)


Mix = tuple[tuple[Callable[[random.Random], str], float], ...]

BROAD: Mix = (
    (biography, 9.0),
    (fact_page, 7.0),
    (fact_questions, 6.0),
    (land_page, 1.0),
    (drill, 10.0),
    (chains, 9.0),
    (sum_questions, 11.0),
    (prose, 8.0),
    (described, 17.0),
    (letter_case, 5.0),
    (copying, 6.0),
    (deed_page, 8.0),
    (deed_questions, 4.0),
)
RICH: Mix = (
    (biography, 7.0),
    (fact_page, 5.0),
    (fact_questions, 5.0),
    (land_page, 1.0),
    (drill, 6.0),
    (large_drill, 6.0),
    (chains, 9.0),
    (sum_questions, 11.0),
    (prose, 4.0),
    (described, 6.0),
    (noted, 22.0),
    (letter_case, 2.0),
    (copying, 6.0),
    (deed_page, 7.0),
    (deed_questions, 4.0),
)
MIXES: dict[str, Mix] = {"broad": BROAD, "rich": RICH}
"""Every kind of document and its share of the documents, in each phase of pretraining."""


def documents(seed: int, step: int, mix: Mix = BROAD) -> Iterator[str]:
    """The endless documents of one training step: a function of (seed, step, mix) and of nothing else."""
    rng = random.Random(f"corpus/{seed}/{step}")
    makers = [m for m, _ in mix]
    weights = [w for _, w in mix]
    while True:
        yield rng.choices(makers, weights)[0](rng)
