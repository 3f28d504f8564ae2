"""What a prompt demands of an answer's form, read from its own wording, and whether an answer does it.

Each rule is a pattern in English and a check. The rules look for ways of saying a thing (`in capital letters`, `upper
case`, `all caps`), not for any prompt in particular; where a wording is not understood no demand is made of the answer.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from postgrad.preferences.texts import (
    EDGES,
    NUMBER,
    NUMBERS,
    contains,
    content_words,
    items,
    number,
    paragraphs,
    sentences,
    stem,
    words,
)  # fmt: skip

Check = Callable[[str], bool]
WORD = r"[\"'“‘]?([\w'-]+)[\"'”’]?"
PHRASE = r"(?:\"([^\"]+)\"|“([^”]+)”|'([^']+)'|‘([^’]+)’|([\w'-]+))"
"""Something quoted, or one word."""
ARTICLE = r"(?:(?:the|a|an|one)\s+)?"
NEGATED = r"\b(?:no|not|without|avoid|never|don['’]?t)\b[\w\s]{0,20}$"
NEGATED_LIST = NEGATED.replace(r"[\w\s]", r"[\w\s,]")
"""The same before one of several: no capitals, commas or quotes."""
COUNTED = {"word": words, "sentence": sentences, "paragraph": paragraphs}
RELATIONS = {
    "at_least": r"at least|no fewer than|no less than|not less than|minimum of|a minimum of",
    "at_most": r"at most|no more than|not more than|up to|a maximum of|maximum of|maximum",
    "more": r"more than|over", "fewer": r"fewer than|less than|under", "exactly": r"exactly|precisely|just|only"}
AFTER = {"at_least": r"or more|at least|\+", "at_most": r"or fewer|or less|at most|maximum"}
STYLES = {
    "numbers": r"\bnumbered (?:list|points|\w+s\b)|\bnumber (?:them|each|from|the)\b|\bwith numbers\b|\benumerat",
    "dashes": r"\bdash(?:es)?\b|\bbullet|\bhyphens?\b",
    "lines": r"\b(?:each|one) (?:on|per) (?:a|its own|a new|separate)?\s*line\b|\bline by line\b"
             r"|\b(?:separate|own|new) lines?\b",
    "commas": r"\bcommas\b|\bcomma[- ]separated\b"}
LISTING = (
    r"(?:^|[.!?:;,]\s*|\bplease\s+)"
    r"(?:name|list|give(?: me)?|number|write(?: down)?|tell me|provide|suggest|enumerate)\b")
ASKS_NUMBER = (
    r"\bhow (?:many|much)\b|\bcount (?:them|the)\b|\b(?:what is|find|work out|compute|calculate|solve|evaluate)\b[^.?]*"
    r"\d\s*[-+*/×÷x]\s*\d")


@dataclass(frozen=True)
class Demand:
    """One thing demanded of the form, in words, and the check on an answer."""

    name: str
    check: Check


def _phrase(groups: tuple[str | None, ...]) -> str:
    return next(group for group in groups if group).strip(EDGES)


def _negated(prompt: str, place: int, pattern: str = NEGATED) -> bool:
    return re.search(pattern, prompt[:place], re.IGNORECASE) is not None


def _cased(text: str, upper: bool) -> bool:
    return any(c.isalpha() for c in text) and text == (text.upper() if upper else text.lower())


def _title(text: str) -> bool:
    return bool(words(text)) and all(word[0].isupper() or not word[0].isalpha() for word in words(text))


TITLE = r"\bcapitali[sz]e (?:each|every|all)\b[\w\s]*?\bword|\btitle case\b|\b(?:each|every) word[\w\s]*\bcapital"
CAPITALS = r"\bcapitals?(?: letters)?\b|\bupper[- ]?case\b|\b(?:all|in) caps\b|(?:^|[.!]\s+)shout\b"


def _case(prompt: str) -> Iterator[Demand]:
    if re.search(TITLE, prompt, re.IGNORECASE):
        yield Demand("a capital at every word's start", _title)
        return
    for found in re.finditer(CAPITALS, prompt, re.IGNORECASE):
        if _negated(prompt, found.start(), NEGATED_LIST):
            yield Demand("no capitals", lambda text: _cased(text, False))
        else:
            yield Demand("capitals only", lambda text: _cased(text, True))
        return
    if re.search(r"\b(?:small|lower[- ]?case) letters\b|\blower[- ]?case\b", prompt, re.IGNORECASE):
        yield Demand("small letters only", lambda text: _cased(text, False))


def _holds(relation: str, have: int, want: int) -> bool:
    match relation:
        case "at_least":
            return have >= want
        case "at_most":
            return have <= want
        case "more":
            return have > want
        case "fewer":
            return have < want
        case "about":
            return abs(have - want) * 10 <= want
        case _:
            return have == want


def _relation(before: str, after: str) -> str:
    for relation, pattern in RELATIONS.items():
        if re.search(rf"(?:{pattern})\s*$", before, re.IGNORECASE):
            return relation
    for relation, pattern in AFTER.items():
        if re.match(rf"\s*(?:{pattern})", after, re.IGNORECASE):
            return relation
    return "about" if re.search(r"\b(?:about|around|roughly|approximately)\s*$", before, re.IGNORECASE) else "exactly"


def _counts(prompt: str) -> Iterator[Demand]:
    pattern = rf"\b({NUMBER})(\+|\s+or (?:more|fewer|less))?[\s-]+(word|sentence|paragraph)s?\b"
    for found in re.finditer(pattern, prompt, re.IGNORECASE):
        want, unit = number(found[1]), found[3].lower()
        if want is None:
            continue
        after = (found[2] or "") + prompt[found.end() :]
        relation = _relation(prompt[: found.start()], after)

        def check(text: str, want: int = want, unit: str = unit, relation: str = relation) -> bool:
            return _holds(relation, len(COUNTED[unit](text)), want)

        yield Demand(f"{relation.replace('_', ' ')} {want} {unit}{'s' * (want != 1)}", check)


STARTS = (
    rf"\b(?:start|begin|open)(?:s|ing|ning)?\s+(?:\w+\s+){{0,3}}?with\s+(?:the\s+word\s+)?{PHRASE}",
    rf"\bfirst word:?\s+(?:is\s+)?{PHRASE}", rf"{PHRASE}\s+as (?:the |your )?first word",
    rf"{PHRASE}\s+(?:comes|goes|stands) first", rf"\bfrom\s+{PHRASE}\s+to\s+\w+[.!]?$")
ENDS = (
    rf"\b(?:end|close|finish|conclude)(?:s|es|ing)?\s+(?:\w+\s+){{0,3}}?(?:with|in|on)\s+"
    rf"(?:the\s+(?:exact\s+)?(?:word|phrase)\s+)?{PHRASE}",
    rf"\blast word:?\s+(?:is\s+)?{PHRASE}", rf"{PHRASE}\s+(?:be|is|as) the last word", rf"{PHRASE}\s+at the end",
    rf"{PHRASE}\s+(?:comes\s+|goes\s+)?last\b(?! word)", rf"\bfrom\s+\w+\s+to\s+{PHRASE}[.!]?$")


def _bare(text: str) -> str:
    return " ".join(words(text)).lower()


def _starts(phrase: str, text: str) -> bool:
    return f"{_bare(text)} ".startswith(f"{_bare(phrase)} ")


def _ends(phrase: str, text: str) -> bool:
    return f" {_bare(text)}".endswith(f" {_bare(phrase)}")


def _mentions(phrase: str, text: str) -> bool:
    return contains(text, phrase)


def _avoids(phrase: str, text: str) -> bool:
    return not contains(text, phrase)


def edges(prompt: str) -> Iterator[tuple[str, str]]:
    """("start" or "end", the words that an answer is to start or end with)."""
    for patterns, kind in ((STARTS, "start"), (ENDS, "end")):
        for pattern in patterns:
            found = re.search(pattern, prompt, re.IGNORECASE)
            if found is not None and not _negated(prompt, found.start()):
                yield kind, _phrase(found.groups())
                break


def _edges(prompt: str) -> Iterator[Demand]:
    for kind, phrase in edges(prompt):
        yield Demand(f"{kind}s with {phrase}", partial(_starts if kind == "start" else _ends, phrase))


INCLUDES = (
    rf"\b(?:with|use|using|include|including|includes|contain|containing|contains|mention|mentioning)\s+the\s+(?:key)?word\s+{PHRASE}",
    rf"\b(?:include|including|mention|mentioning)\s+{ARTICLE}{PHRASE}",
    rf"\b(?:one|along with|together with)\s+the\s+{PHRASE}",
    rf"\bthe\s+{PHRASE}\s+(?:is\s+)?(?:among|amongst|as one of)\b", rf"\bbring up\s+{ARTICLE}{PHRASE}",
    rf"\bmention\s+the\s+\w+\s+and\s+the\s+{PHRASE}")
EXCLUDES = (
    rf"\b(?:without|avoid|avoiding|not|never|don['’]?t)\s+(?:use\s+|using\s+|include\s+|mention\s+|write\s+|say\s+)?"
    rf"the\s+(?:article|word|words|keyword|phrase|term)\s+{PHRASE}",)
NO_COMMAS = r"\b(?:no|without(?: using)?(?: any)?|avoid(?: using)?(?: any)?|not[\w\s]{0,20}) commas\b"
SKIPPED = {
    "the", "word", "words", "keyword", "keywords", "following", "at", "your", "a", "an", "any", "it", "that", "them"}


def _wanted(prompt: str) -> Iterator[Demand]:
    wanted: dict[str, str] = {}
    for pattern in INCLUDES:
        for found in re.finditer(pattern, prompt, re.IGNORECASE):
            phrase = _phrase(found.groups())
            if phrase.lower() not in SKIPPED and number(phrase) is None and not _negated(prompt, found.start()):
                wanted.setdefault(phrase.lower(), phrase)
    for phrase in wanted.values():
        yield Demand(f"mentions {phrase}", partial(_mentions, phrase))
    for pattern in EXCLUDES:
        for found in re.finditer(pattern, prompt, re.IGNORECASE):
            yield Demand(f"no {_phrase(found.groups())}", partial(_avoids, _phrase(found.groups())))
    if re.search(NO_COMMAS, prompt, re.IGNORECASE):
        yield Demand("no commas", lambda text: "," not in text)


def _wrapped(text: str, pairs: tuple[str, ...]) -> bool:
    bare = text.strip()
    return len(bare) > 2 and any(bare[0] == pair[0] and bare[-1] == pair[1] for pair in pairs)


QUOTES = (
    r"\b(?:inside|in|within|between|with|put) (?:double )?(?:quotes|quotation marks)\b"
    r"|(?:^|[.!]\s+)quote (?:a|an|your|some)\b|\bdouble quotation marks\b")


def _wrapping(prompt: str) -> Iterator[Demand]:
    if re.search(QUOTES, prompt, re.IGNORECASE):
        yield Demand("inside quotes", lambda text: _wrapped(text, ('""', "“”")))
    if re.search(r"\b(?:inside|in|within|between) (?:round )?(?:brackets|parentheses)\b", prompt, re.IGNORECASE):
        yield Demand("inside brackets", lambda text: _wrapped(text, ("()",)))
    if re.search(r"<<\w+>>", prompt):
        yield Demand("a title in << >>", lambda text: re.search(r"<<[^<>\n]+>>", text) is not None)
    if re.search(r"\bjson\b", prompt, re.IGNORECASE):
        yield Demand("JSON", _is_json)


def _is_json(text: str) -> bool:
    try:
        json.loads(re.sub(r"^```(?:json)?|```$", "", text.strip()).strip())
    except ValueError:
        return False
    return True


UNITS = r"words?|sentences?|paragraphs?|times|letters?|capital|remarks?"
"""What may be counted without being a list's items."""


def _lists(prompt: str) -> Iterator[Demand]:
    if re.search(ASKS_NUMBER, prompt, re.IGNORECASE):
        return
    style = next((name for name, pattern in STYLES.items() if (found := re.search(pattern, prompt, re.IGNORECASE))
                  and not _negated(prompt, found.start(), NEGATED_LIST)), None)
    if style is None and not re.search(LISTING, prompt, re.IGNORECASE):
        return
    found = re.search(rf"\b({NUMBER})\s+(?:\w+\s+)?(?!(?:{UNITS})\b)(\w{{2,}}s)\b", prompt, re.IGNORECASE)
    if found is None or (want := number(found[1])) is None or re.match(UNITS, found[2]):
        return
    yield Demand(f"{want} {found[2]}", lambda text: len(items(text).items) == want)
    yield Demand("no item twice", lambda text: len(set(map(_bare, items(text).items))) == len(items(text).items))
    if style is not None:
        yield Demand(f"a list by {style}", lambda text: items(text).style == style)


def _repeats(prompt: str) -> Iterator[Demand]:
    pattern = rf"\b(?:say|repeat|write)\s+(?:the\s+(?:word|phrase)\s+)?{PHRASE},?\s+"
    pattern += rf"(?:so (?:that )?it (?:comes|stands|appears) (?:there )?)?({NUMBER})\s+times\b"
    found = re.search(pattern, prompt, re.IGNORECASE)
    if found and (want := number(found[6])) is not None:
        phrase = _bare(_phrase(found.groups()[:5]))
        yield Demand(f"{phrase} {want} times and no more", lambda text: _bare(text) == " ".join([phrase] * want))


def _number_asked(prompt: str) -> Iterator[Demand]:
    if re.search(ASKS_NUMBER, prompt, re.IGNORECASE):
        yield Demand("a number", lambda text: any(number(w) is not None or re.search(r"\d", w) for w in words(text)))


_FORM = """
write tell mention say speak shout whisper remark start begin open end close finish first last come stand word sentence
paragraph letter capital small upper lower case quote bracket time comma dash bullet line number list item repeat once
exactly precisely least most inside round put answer reply use include contain among give name"""
FORM_WORDS = frozenset(map(stem, _FORM.split())) | frozenset(NUMBERS)


def subject(prompt: str) -> set[str]:
    """What a prompt is about: its words that carry meaning, less those that speak of the answer's form."""
    edge_words = {word for _, phrase in edges(prompt) for word in content_words(phrase)}
    return set(content_words(prompt)) - FORM_WORDS - edge_words


RULES = (_case, _counts, _edges, _wanted, _wrapping, _lists, _repeats, _number_asked)


def demands(prompt: str) -> list[Demand]:
    """Every demand that the rules read from a prompt, each once."""
    found: dict[str, Demand] = {}
    for rule in RULES:
        for demand in rule(prompt):
            found.setdefault(demand.name, demand)
    return list(found.values())


def repeats_asked(prompt: str) -> bool:
    """Whether saying one thing over and over is what was asked."""
    return next(_repeats(prompt), None) is not None
