"""instructions: a short text holds every one of its constraints. Ground truth {"constraints": [{"kind": …, …}, …]}.

Words are the runs between spaces with the punctuation at their ends taken off; case is ignored but where the constraint
is about case. A text without a word holds nothing.

    upper | lower                  no letter of the other case
    title                          every word begins with a capital
    words {count, relation}        number of words; relation: exactly, at_least, at_most
    sentences {count, relation}    number of runs that end in . ! or ?; exactly so many, or at most, only if no words
                                   after the last of them make one more
    starts_with {text}             the first words are the text
    ends_with {text}               the last words are the text
    includes {text, count}         the text occurs as whole words at least `count` times
    excludes {text}                the text does not occur
    items {count, style}           a list of exactly so many items: commas (on one line), numbers ("1. " a line),
                                   dashes ("- " a line), lines (one a line, unmarked)
    from_set {words}               the list's items are of these words, no two the same
    quoted | bracketed             the whole text stands in double quotes | in round brackets
    repeat {text, count}           the text that many times, nothing else; spaces or commas between, a final stop
    topic {text}                   the text occurs
"""

import re
from collections.abc import Callable
from typing import Any

from postgrad.verifiers.ground_truth import BrokenTruth, field, texts, whole
from postgrad.verifiers.words import occurrences, plain

VERSION = 2
RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "exactly": lambda n, wanted: n == wanted,
    "at_least": lambda n, wanted: n >= wanted,
    "at_most": lambda n, wanted: n <= wanted}
STYLES = ("commas", "numbers", "dashes", "lines")

_INNER = re.compile(r"[^\W_]")
_SENTENCE = re.compile(r"(?<![.!?])[.!?]+[\"'\u201d\u2019)\]]*(?=\s|$)")
_MARKED = re.compile(r"\s*(?:[-*\u2022+]|\d+[.):])\s")
_QUOTES = "\"\u201c\u201d"


def words(text: str) -> list[str]:
    """The words of a text, as written: what stands between spaces without the punctuation at its ends."""
    return [word for run in text.split() if (word := _inner(run))]


def _inner(run: str) -> str:
    first = _INNER.search(run)
    if first is None:
        return ""
    end = len(run)
    while not _INNER.match(run[end - 1]):
        end -= 1
    return run[first.start() : end]


def _same(found: list[str], text: str) -> bool:
    return [plain(word) for word in found] == [plain(word) for word in words(text)]


def sentences(text: str) -> int:
    """How many runs with a word in them end in . ! or ?."""
    return sum(1 for run in _SENTENCE.split(text)[:-1] if words(run))


def _unended(text: str) -> int:
    """1 if words stand after the last sentence's end, else 0."""
    return int(bool(words(_SENTENCE.split(text)[-1])))


def items(text: str, style: str) -> list[str] | None:
    """The items of a list in this style, marks taken off, or None if the text is no such list."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if style == "commas":
        found = lines[0].split(",") if len(lines) == 1 else []
    elif style == "numbers":
        marks = [f"{i}. " for i in range(1, len(lines) + 1)]
        found = [line.removeprefix(mark) for mark, line in zip(marks, lines, strict=True)]
        if not all(line.startswith(mark) for mark, line in zip(marks, lines, strict=True)):
            return None
    elif style == "dashes":
        found = [line.removeprefix("- ") for line in lines]
        if not all(line.startswith("- ") for line in lines):
            return None
    else:
        found = lines
        if any(_MARKED.match(line) for line in lines):
            return None
    stripped = [" ".join(words(item)) for item in found]
    return stripped if stripped and all(stripped) else None


def _enclosed(text: str, opening: str, closing: str) -> bool:
    """Whether the whole text stands in one pair of these marks, and the pair holds words."""
    text = text.strip()
    if len(text) < 2 or text[0] not in opening or text[-1] not in closing or not words(text):
        return False
    inner = text[1:-1]
    if opening == closing:
        return not any(mark in inner for mark in opening)
    depth = 0
    for char in inner:
        depth += (char in opening) - (char in closing)
        if depth < 0:
            return False
    return depth == 0


def _repeated(text: str, phrase: str, count: int) -> bool:
    one = r"\s+".join(map(re.escape, plain(phrase).split()))
    found = re.fullmatch(rf"\s*{one}((?:[\s,]+{one})*+)\s*[.!]?\s*", plain(text))
    return bool(found) and _times(plain(text), phrase) == count


def _times(text: str, phrase: str) -> int:
    return len(occurrences(text, (phrase,)))


def _style(constraints: list[Any]) -> str | None:
    """The style that an `items` constraint beside it asks for."""
    styled = (c for c in constraints if isinstance(c, dict) and c.get("kind") == "items" and c.get("style") in STYLES)
    return next((str(c["style"]) for c in styled), None)


def holds(constraint: Any, text: str, constraints: list[Any]) -> bool:
    """Whether the text holds one constraint; `constraints` are all of the problem's. BrokenTruth if unreadable."""
    kind = field(constraint, "kind", (str,), "the constraint's kind")

    def phrase() -> str:
        value: str = field(constraint, "text", (str,), "a text with a word in it")
        if not words(value):
            raise BrokenTruth(f"ground truth's `text` is {value!r:.60}, wanted a text with a word in it")
        return value

    def count() -> int:
        return whole(constraint, "count", "a whole number")

    match kind:
        case "upper":
            return text == text.upper() and text != text.lower()
        case "lower":
            return text == text.lower() and text != text.upper()
        case "title":
            return text != text.lower() and all(not word[0].isalpha() or not word[0].islower() for word in words(text))
        case "words" | "sentences":
            relation = field(constraint, "relation", (str,), "exactly, at_least or at_most")
            if relation not in RELATIONS:
                raise BrokenTruth(f"ground truth's `relation` is {relation!r:.60}, wanted exactly, at_least or at_most")
            if kind == "words":
                return RELATIONS[relation](len(words(text)), count())
            ended = sentences(text)
            told = ended if relation == "at_least" else ended + _unended(text)
            return RELATIONS[relation](ended, count()) and RELATIONS[relation](told, count())
        case "starts_with":
            return _same(words(text)[: len(words(phrase()))], phrase())
        case "ends_with":
            return _same(words(text)[-len(words(phrase())) :], phrase())
        case "includes":
            return _times(text, phrase()) >= count()
        case "excludes":
            return _times(text, phrase()) == 0
        case "topic":
            return _times(text, phrase()) > 0
        case "items":
            style = field(constraint, "style", (str,), "commas, numbers, dashes or lines")
            if style not in STYLES:
                raise BrokenTruth(f"ground truth's `style` is {style!r:.60}, wanted commas, numbers, dashes or lines")
            return len(items(text, style) or ()) == count()
        case "from_set":
            allowed = {plain(word) for word in texts(constraint, "words", "a list of words")}
            found = items(text, _style(constraints) or ("lines" if "\n" in text.strip() else "commas")) or []
            named = [plain(item) for item in found]
            return bool(named) and len(set(named)) == len(named) and set(named) <= allowed
        case "quoted":
            return _enclosed(text, _QUOTES, _QUOTES)
        case "bracketed":
            return _enclosed(text, "(", ")")
        case "repeat":
            return _repeated(text, phrase(), count())
    raise BrokenTruth(f"ground truth has a constraint of no known kind: {kind!r:.60}")


def judge(text: str, ground_truth: Any, prompt: str, finish_reason: str) -> tuple[float, dict[str, float], str]:
    """(1 if every constraint holds, else 0; parts: each constraint by place and kind; reason: those that do not)."""
    constraints = list(field(ground_truth, "constraints", (list, tuple), "a list of constraints"))
    if not constraints:
        raise BrokenTruth("ground truth's `constraints` is empty")
    said = bool(words(text))
    held = {f"{i}.{c.get('kind') if isinstance(c, dict) else c}": holds(c, text, constraints) and said
            for i, c in enumerate(constraints)}
    failed = [name.partition(".")[2] for name, held_ in held.items() if not held_]
    reason = f"does not hold: {', '.join(failed)}" if failed else "holds every constraint"
    return float(not failed), {name: float(held_) for name, held_ in held.items()}, reason
