"""Worked arithmetic: chains of steps and word problems, with the working written one step after another.

A chain holds at most one product, and it comes first where it is drawn for training, so that reading from left to
right is also the rule of precedence. The working ends with the answer: nothing repeats it.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from postgrad.embedded.words import COUNTED, GIVEN

LARGEST = 999


@dataclass(frozen=True)
class Sum:
    """An expression, its working ("12 + 7 = 19, 19 - 5 = 14.") and its answer."""

    expression: str
    working: str
    answer: int


@dataclass(frozen=True)
class WordProblem:
    """A story, the expression that it stands for, its working and its answer."""

    question: str
    sum: Sum


def apply(op: str, a: int, b: int) -> int:
    return a + b if op == "+" else a - b if op == "-" else a * b


def chain(numbers: list[int], ops: list[str]) -> Sum:
    """The sum worked from left to right; the caller makes sure that a product comes first."""
    total, steps = numbers[0], []
    for op, n in zip(ops, numbers[1:], strict=True):
        after = apply(op, total, n)
        steps.append(f"{total} {op} {n} = {after}")
        total = after
    expression = str(numbers[0]) + "".join(f" {op} {n}" for op, n in zip(ops, numbers[1:], strict=True))
    return Sum(expression, ", ".join(steps) + ".", total)


def number(rng: random.Random, digits: int) -> int:
    return rng.randint(10 ** (digits - 1) if digits > 1 else 2, 10**digits - 1)


def draw_chain(
    rng: random.Random, steps: int, digits: Callable[[], int], product: float, largest: int = LARGEST
) -> Sum:
    """A random chain of `steps` steps, every total between 0 and `largest`.

    `product` is the chance that it starts with a product.
    """
    while True:
        numbers, ops = [number(rng, digits())], []
        total = numbers[0]
        for i in range(steps):
            op = "*" if i == 0 and rng.random() < product else rng.choice("+-")
            n = rng.randint(2, 9) if op == "*" else number(rng, digits())
            total = apply(op, total, n)
            if not 0 <= total <= largest:
                break
            numbers.append(n)
            ops.append(op)
        else:
            return chain(numbers, ops)


# Stories: text with {a} {b} {c} numbers, {p} {q} people, {n} noun; and the ops.
STORIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("{p} has {a} {n}s. {q} gives {p} {b} more. How many {n}s does {p} have?", ("+",)),
    ("{p} had {a} {n}s and lost {b}. How many {n}s are left?", ("-",)),
    ("{p} has {a} bags with {b} {n}s in each. How many {n}s is that?", ("*",)),
    ("{p} has {a} {n}s. {q} gives {p} {b} more, then {p} sells {c}. How many {n}s are left?", ("+", "-")),
    ("A shop had {a} {n}s. It sold {b} and then {c} more. How many {n}s are left?", ("-", "-")),
    ("{p} picked {a} {n}s, {q} picked {b} and a friend picked {c}. How many {n}s in all?", ("+", "+")),
    ("{p} fills {a} bags with {b} {n}s each and finds {c} more. How many {n}s is that?", ("*", "+")),
    ("{p} buys {a} bags of {b} {n}s and eats {c}. How many {n}s are left?", ("*", "-")),
    ("{p} had {a} {n}s, gave {q} {b}, then got {c} back and lost {d}. How many {n}s now?", ("-", "+", "-")),
    ("{p} fills {a} bags with {b} {n}s each, adds {c} and sells {d}. How many {n}s are left?", ("*", "+", "-")),
)


def draw_story(
    rng: random.Random,
    digits: Callable[[], int],
    stories: tuple[tuple[str, tuple[str, ...]], ...] = STORIES,
    largest: int = LARGEST,
) -> WordProblem:
    """A random word problem, every total between 1 and `largest`."""
    text, ops = rng.choice(stories)
    while True:
        numbers = [number(rng, digits()) for _ in range(len(ops) + 1)]
        if ops[0] == "*":
            numbers[0] = rng.randint(2, 9)
        total, fits = numbers[0], True
        for op, n in zip(ops, numbers[1:], strict=True):
            total = apply(op, total, n)
            fits = fits and 1 <= total <= largest
        if fits:
            break
    p, q = rng.sample(GIVEN, 2)
    names = dict(zip("abcde", numbers, strict=False))
    return WordProblem(text.format(p=p, q=q, n=rng.choice(COUNTED), **names), chain(numbers, list(ops)))
