"""How the judge reads a text: its words, sentences, paragraphs and list items."""

import re
from dataclasses import dataclass

COUNTING = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty"""
NUMBERS = {word: value for value, word in enumerate(COUNTING.split())} | {
    "single": 1, "couple": 2, "dozen": 12, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100}
NUMBER = r"(?:\d[\d,]*|" + "|".join(sorted(NUMBERS, key=len, reverse=True)) + ")"
"""A number as a prompt writes it; `number` reads it."""
EDGES = "\"'“”‘’()[]{}<>*_.,;:!?…"
MARKERS = {"numbers": r"\d+[.)]\s+", "dashes": r"[-*•–]\s+"}
_STOPWORDS = """
a about all am an and any are as at be been before being between but by can could did do does each else every for from
get give had has have how i if in into is it its just let me mention more much must my no not of on one only or other
our out please put say she should show so some tell than that the their them then there these they this those to too
up us use was we what when where which who why will with without word words would write you your he her him his name
list many find work make makes need want answer question"""
STOPWORDS = frozenset(_STOPWORDS.split())


def number(text: str) -> int | None:
    """`7`, `1,000` or `seven` as an integer."""
    digits = text.replace(",", "")
    return int(digits) if digits.isdecimal() else NUMBERS.get(text.lower())


def words(text: str) -> list[str]:
    """Runs between spaces without the punctuation at their ends; runs of punctuation alone are no words."""
    return [bare for run in text.split() if (bare := run.strip(EDGES + "-–—"))]


def sentences(text: str) -> list[str]:
    """Runs up to . ! or ? that a space or the end follows; a last run without an end counts too. 3.5 is not two."""
    return [part.strip() for part in re.split(r"(?<=[.!?])[\"'”’)]*(?:\s+|$)", text) if words(part)]


def paragraphs(text: str) -> list[str]:
    """Blocks with an empty line between them."""
    return [part for part in re.split(r"\n\s*\n", text) if part.strip()]


def content_words(text: str) -> list[str]:
    """Lower-case words that carry meaning, plurals as singulars, so that `foxes` meets `fox`."""
    return [stem(word) for run in words(text.lower()) for word in re.findall(r"\w+", run) if word not in STOPWORDS]


def stem(word: str) -> str:
    """A word without its plural ending; both sides of a comparison are treated alike, so it need not be a word."""
    for ending, short in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + short
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def contains(text: str, part: str) -> bool:
    """Whether the part occurs as whole words, whatever the case."""
    return re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text, re.IGNORECASE) is not None


@dataclass(frozen=True)
class Items:
    """The list in a text: its items without their marks, and how it is written: numbers, dashes, lines or commas."""

    style: str
    items: tuple[str, ...]


def items(text: str) -> Items:
    """The list in a text, by its marks if it has any, else by its lines, else by its commas (and a last `and`)."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for style, mark in MARKERS.items():
        marked = [re.sub(mark, "", line, count=1) for line in lines if re.match(mark, line)]
        if marked:
            return Items(style, tuple(marked))
    if len(lines) > 1:
        return Items("lines", tuple(lines))
    parts = re.split(r"\s*,\s*(?:and\s+|or\s+)?|\s+and\s+", text.strip().rstrip("."))
    return Items("commas", tuple(part for part in parts if part))
