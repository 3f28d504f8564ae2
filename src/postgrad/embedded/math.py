"""Math: sums of two or three steps and word problems, answered by their working, step after step.

The working is the answer: it ends with the number asked for, and nothing repeats it. Ground truth is {"answer":
"14"}: the last number of the completion must equal it. The unseen task has what training has not: four and five
steps and stories of other shapes, mostly; four-digit numbers and a product after the first place, so that precedence
matters, at times.
"""

import random
import re
from collections.abc import Callable, Iterator

from postgrad.embedded.arithmetic import LARGEST as SMALL
from postgrad.embedded.arithmetic import STORIES, Sum, chain, draw_chain, draw_story, number
from postgrad.embedded.corpus import SUM_QUESTIONS
from postgrad.embedded.rows import Row, problem
from postgrad.embedded.world import split_of

STORY_SHARE = 0.4
BEYOND_SHARE = 0.7
STEPS = ((2, 0.5), (3, 0.5))
DIGITS = ((1, 1), (2, 3), (3, 4))
LARGEST = 1999
"""Pretraining has chains up to 999, and only single steps beyond. So most problems here (`BEYOND_SHARE`) go beyond at
some step: that is what training has to teach.
"""


def _digits(rng: random.Random) -> Callable[[], int]:
    return lambda: rng.choices([d for d, _ in DIGITS], [w for _, w in DIGITS])[0]


def _goes_beyond(s: Sum) -> bool:
    return any(int(total) > SMALL for total in re.findall(r"= (\d+)", s.working))


def _row(question: str, s: Sum, rng: random.Random) -> Row:
    slip = rng.choice((-10, -1, 1, 10))
    wrong_answer = s.answer + (slip if s.answer + slip >= 0 else 10)
    cut = s.working.rindex("=")
    wrong = f"{s.working[:cut]}= {wrong_answer}."
    return problem(question, question, "math", {"answer": str(s.answer)}, s.working, wrong)


def _ending(question: str) -> str:
    """The last number of a story and its noun: stories of different splits then share no eight words at their end."""
    words = question.rstrip("?").split()
    last = [w.rstrip(".,") for w in words if w[0].isdigit()][-1]
    return f"ending/{last}/{words[words.index('many') + 1]}"


def stream(seed: int, split: str) -> Iterator[Row]:
    """Endless distinct problems of a split."""
    rng = random.Random(f"math/{split}/{seed}")
    digits = _digits(rng)
    seen: set[str] = set()
    beyond = rng.random() < BEYOND_SHARE
    while True:
        if rng.random() < STORY_SHARE:
            story = draw_story(rng, digits, STORIES[3:], LARGEST)
            question, s, key = story.question, story.sum, f"story/{story.question}"
            if split_of(_ending(question)) != split:
                continue
        else:
            s = draw_chain(rng, rng.choices([n for n, _ in STEPS], [w for _, w in STEPS])[0], digits, 0.4, LARGEST)
            question, key = rng.choice(SUM_QUESTIONS).format(e=s.expression), f"sum/{s.expression}"
        if key in seen or split_of(key) != split or _goes_beyond(s) != beyond:
            continue
        seen.add(key)
        yield _row(question, s, rng)
        beyond = rng.random() < BEYOND_SHARE


NEW_STORIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("{a} {n}s lie in a box. {p} puts in {b}, takes {c}, puts in {d} and takes {e}. Count them.", ("+", "-", "+", "-")),
    ("{p} owns {a} {n}s, buys {b}, finds {c}, is given {d} and drops {e}. Count them.", ("+", "+", "+", "-")),
    ("Each of {a} friends brings {p} {b} {n}s. Then {c} rot, {d} come and {e} go. Count them.", ("*", "-", "+", "-")),
)
NEW_QUESTIONS = ("Compute the value of {e}.", "Solve {e} for me.", "{e} makes how much?")


def _late_product(rng: random.Random) -> Sum:
    """A sum whose product comes second, so that it is worked first."""
    while True:
        a, b, c = number(rng, rng.randint(2, 3)), number(rng, 2), rng.randint(2, 9)
        op, p = rng.choice("+-"), b * c
        total = a + p if op == "+" else a - p
        if 0 <= total <= 999:
            working = f"{b} * {c} = {p}, {a} {op} {p} = {total}."
            return Sum(f"{a} {op} {b} * {c}", working, total)


def _long_numbers(rng: random.Random) -> Sum:
    while True:
        a, b = rng.randint(1000, 9999), rng.randint(100, 9999)
        if a >= b:
            op = rng.choice("+-")
            return chain([a, b], [op])


def new_stream(seed: int) -> Iterator[Row]:
    """Endless distinct problems of the unseen task."""
    rng = random.Random(f"math/unseen/{seed}")
    seen: set[str] = set()
    while True:
        match rng.randrange(8):
            case 0 | 1 | 2:
                story = draw_story(rng, lambda: rng.randint(1, 2), NEW_STORIES)
                question, s = story.question, story.sum
            case 3 | 4 | 5:
                s = draw_chain(rng, rng.randint(4, 5), lambda: rng.randint(1, 2), 0.3)
                question = rng.choice(NEW_QUESTIONS).format(e=s.expression)
            case 6:
                s = _late_product(rng)
                question = rng.choice(NEW_QUESTIONS).format(e=s.expression)
            case _:
                s = _long_numbers(rng)
                question = rng.choice(NEW_QUESTIONS).format(e=s.expression)
        if question not in seen:
            seen.add(question)
            yield _row(question, s, rng)
