"""Flaws planted in the raw data, so that curation has real work: what a scraped data set holds, in small.

Exact duplicates, rows that hold a task's own prompt, made-up e-mail addresses and phone numbers, broken rows and rows
that are far too long. Every flaw is drawn from the seed, and its line number is kept, so that a test can tell what
curation must have found.
"""

import json
import random
from dataclasses import dataclass, field

from postgrad.embedded.language import TOPICS, sentence
from postgrad.embedded.rows import Row, as_example, example, question_of
from postgrad.embedded.words import FAMILY, GIVEN, TOWNS

DUPLICATES = 0.03
PRIVATE = 0.01
LONG = 0.002
CONTAMINATED = 4
"""Rows of a source that hold a development prompt, at the most: below one in a hundred of any task's problems."""
BROKEN_KINDS = ("broken_line", "missing_field", "empty_message", "wrong_order", "not_utf8")


@dataclass
class Planted:
    """Line numbers (from 0) by kind of flaw; every other line is sound."""

    lines: dict[str, list[int]] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        return {kind: len(numbers) for kind, numbers in sorted(self.lines.items())}


def _private(rng: random.Random, row: Row, kind: str) -> Row:
    given, family, town = rng.choice(GIVEN), rng.choice(FAMILY), rng.choice(TOWNS)
    if kind == "email":
        note = f"My mail is {given}.{family}@{town}.example.org.".lower().replace("my", "My", 1)
    else:
        note = f"Call me at +1 202-555-01{rng.randrange(100):02d}."
    question, answer = question_of(row), row["messages"][1]["content"]
    return example(f"{question} {note}", answer) if rng.random() < 0.7 else example(question, f"{answer} {note}")


def _long(rng: random.Random, row: Row) -> Row:
    text = " ".join(sentence(rng, rng.choice(TOPICS)) for _ in range(rng.randint(120, 200)))
    return example(question_of(row), text)


def _broken(rng: random.Random, row: Row, kind: str) -> bytes:
    line = json.dumps(row)
    match kind:
        case "broken_line":
            return line[: rng.randint(10, len(line) - 2)].encode()
        case "missing_field":
            return json.dumps({"text": question_of(row)}).encode()
        case "empty_message":
            return json.dumps(example(question_of(row), rng.choice(("", "  ")))).encode()
        case "wrong_order":
            return json.dumps({"messages": row["messages"][::-1]}).encode()
        case _:
            cut = line.index('"content": "') + len('"content": "')
            return line[:cut].encode() + b"\xff\xfe" + line[cut:].encode()


def plant(examples: list[Row], contaminants: list[Row], seed: int) -> tuple[list[bytes], Planted]:
    """The lines of a raw file of as many rows as `examples`, some of them flawed, and what was planted where.

    `contaminants` are development problems: a few of them are planted as solved examples.
    """
    rng = random.Random(f"flaws/{seed}/{len(examples)}")
    n = len(examples)
    wanted = ["duplicate"] * round(DUPLICATES * n) + ["long"] * round(LONG * n)
    wanted += ["email", "phone"] * round(PRIVATE * n / 2)
    wanted += list(BROKEN_KINDS) * max(1, n // 2000)
    wanted += ["contaminated"] * min(CONTAMINATED, len(contaminants), n // 100)
    if len(wanted) > n // 2:
        wanted = []
    places = sorted(rng.sample(range(1, n), len(wanted))) if wanted else []
    rng.shuffle(wanted)
    kinds = dict(zip(places, wanted, strict=True))
    stolen = iter(rng.sample(contaminants, wanted.count("contaminated")))
    planted = Planted()
    sound = [i for i in range(n) if i not in kinds]
    lines = []
    for i, row in enumerate(examples):
        kind = kinds.get(i)
        if kind:
            planted.lines.setdefault(kind, []).append(i)
        match kind:
            case None:
                line = json.dumps(row).encode()
            case "duplicate":
                line = json.dumps(examples[rng.choice(sound)]).encode()
            case "long":
                line = json.dumps(_long(rng, row)).encode()
            case "email" | "phone":
                line = json.dumps(_private(rng, row, kind)).encode()
            case "contaminated":
                line = json.dumps(as_example(next(stolen))).encode()
            case _:
                line = _broken(rng, row, kind)
        lines.append(line)
    return lines, planted
