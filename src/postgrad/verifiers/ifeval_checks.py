"""IFEval's 25 verifiable instructions (Zhou et al. 2023, arXiv:2311.07911, Table 1), one small function each.

Written from the published descriptions, with the published data's argument names. Where a description leaves room, the
reading that the published scores use is followed: keywords match inside words, forbidden words as whole words, words
are runs of letters and digits. Two things differ, since they would need downloads: sentences are split by a rule here
instead of NLTK's punkt, and words in capitals are runs between spaces and punctuation instead of NLTK's tokens.

A check gives True or False, or None where only a language detector could tell and none is installed.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from postgrad.verifiers.ground_truth import BrokenTruth, field, texts, whole
from postgrad.verifiers.language import language_of

Arguments = Mapping[str, Any]
Check = Callable[[str, Arguments], bool | None]

_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|jr|sr|vs|etc|inc|ltd|co|no|vol|fig|e\.g|i\.e|a\.m|p\.m|u\.s)|\b[a-z]|(?:^|\n)\s*\d+)\.$",
    re.IGNORECASE)
_STOPS = r".!?\u3002\uff01\uff1f\u0964"
_END = re.compile(rf"(?<![{_STOPS}])[{_STOPS}]+[\"'\u201d\u2019)\]*_]*(?=\s|$)|[\u3002\uff01\uff1f]")
_CAPITAL = re.compile(r"[^\s.,;:!?\"()\[\]{}<>*`]+")
OPTIONS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")


def count_sentences(text: str) -> int:
    """Sentences by a rule: they end in . ! ? or their like before a space, save abbreviations and list numbers."""
    count, start = 0, 0
    for found in _END.finditer(text):
        if found.group() == "." and _ABBREVIATION.search(text[max(start, found.end() - 12) : found.end()]):
            continue
        if re.search(r"\w", text[start : found.start()]):
            count += 1
        start = found.end()
    return count + bool(re.search(r"\w", text[start:]))


def _text(arguments: Arguments, name: str) -> str:
    value: str = field(arguments, name, (str,), "a text")
    if not value.strip():
        raise BrokenTruth(f"ground truth's `{name}` is blank")
    return value


def _compare(count: int, arguments: Arguments, number: str, relation: str = "relation") -> bool:
    """`less than` or `at least` the number."""
    wanted = whole(arguments, number, "a whole number")
    how = field(arguments, relation, (str,), "less than or at least")
    if how not in ("less than", "at least"):
        raise BrokenTruth(f"ground truth's `{relation}` is {how!r:.60}, wanted less than or at least")
    return count < wanted if how == "less than" else count >= wanted


def _keywords(text: str, a: Arguments) -> bool:
    return all(word.casefold() in text.casefold() for word in texts(a, "keywords", "a list of words"))


def _keyword_frequency(text: str, a: Arguments) -> bool:
    return _compare(text.casefold().count(_text(a, "keyword").casefold()), a, "frequency")


def _forbidden(text: str, a: Arguments) -> bool:
    either = "|".join(map(re.escape, texts(a, "forbidden_words", "a list of words")))
    return not re.search(rf"(?<!\w)(?:{either})(?!\w)", text, re.IGNORECASE)


def _letter_frequency(text: str, a: Arguments) -> bool:
    letter = _text(a, "letter")
    if len(letter) != 1:
        raise BrokenTruth(f"ground truth's `letter` is {letter!r:.60}, wanted one letter")
    return _compare(text.lower().count(letter.lower()), a, "let_frequency", "let_relation")


def _language(text: str, a: Arguments) -> bool | None:
    wanted, found = _text(a, "language"), language_of(text)
    return None if found is None else found in ("", wanted)


def _paragraphs(text: str, a: Arguments) -> bool:
    parts = re.split(r"\s?\*\*\*\s?", text)
    inner = parts[1:-1]
    if not all(part.strip() for part in inner):
        return False
    ends = [part for part in ((parts[0], parts[-1]) if len(parts) > 1 else parts) if part.strip()]
    return len(inner) + len(ends) == whole(a, "num_paragraphs", "a whole number")


def _nth_paragraph(text: str, a: Arguments) -> bool:
    parts = text.split("\n\n")
    count = sum(1 for part in parts if part.strip())
    nth = whole(a, "nth_paragraph", "a whole number, 1 or more")
    if nth < 1:
        raise BrokenTruth("ground truth's `nth_paragraph` is 0, wanted a whole number, 1 or more")
    if nth > count or not parts[nth - 1].strip():
        return False
    first = parts[nth - 1].split()[0].lstrip("'\"")
    word = re.split(r"[.,?!'\"]", first)[0]
    return count == whole(a, "num_paragraphs", "a whole number") and word.lower() == _text(a, "first_word").lower()


def _postscript(text: str, a: Arguments) -> bool:
    marker = _text(a, "postscript_marker").lower()
    spaced = {"p.p.s": r"p\.\s?p\.\s?s", "p.s.": r"p\.\s?s\."}.get(marker, re.escape(marker))
    return bool(re.search(spaced, text.lower()))


def _bullets(text: str, a: Arguments) -> bool:
    stars = re.findall(r"^[^\S\n]*\*[^*].*$", text, re.MULTILINE)  # as published: a lone * takes the next line in
    dashes = re.findall(r"^[^\S\n]*-", text, re.MULTILINE)
    return len(stars) + len(dashes) == whole(a, "num_bullets", "a whole number")


def _highlights(text: str, a: Arguments) -> bool:
    single = [found for found in re.findall(r"\*([^\n*]*)\*", text) if found.strip()]
    double = [found for found in re.findall(r"\*\*([^\n*]*)\*\*", text) if found.strip()]
    return len(single) + len(double) >= whole(a, "num_highlights", "a whole number")


def _sections(text: str, a: Arguments) -> bool:
    marks = re.findall(re.escape(_text(a, "section_spliter")) + r"\s?\d+", text)
    return len(marks) >= whole(a, "num_sections", "a whole number")


def _json(text: str, a: Arguments) -> bool:
    inner = text.strip()
    for fence in ("```json", "```Json", "```JSON", "```"):
        inner = inner.removeprefix(fence)
    try:
        json.loads(inner.removesuffix("```").strip())
    except (ValueError, RecursionError):
        return False
    return True


def _titled(line: str) -> bool:
    """Whether something stands between the line's first << and its last >>; further < before it and > after it are no
    part of it.
    """
    start, end = line.find("<<"), line.rfind(">>")
    return 0 <= start < end - 2 and bool(line[start:end].lstrip("<").rstrip(">").strip())


def _two_responses(text: str, a: Arguments) -> bool:
    parts = [part.strip() for part in text.split("******")]
    if not all(parts[1:-1]):
        return False
    answers = [part for part in parts if part]
    return len(answers) == 2 and answers[0] != answers[1]


def _end(text: str, a: Arguments) -> bool:
    return text.strip().strip('"').lower().endswith(_text(a, "end_phrase").strip().lower())


def _capital_words(text: str, a: Arguments) -> bool:
    capital = sum(1 for word in _CAPITAL.findall(text) if word.isupper())
    return _compare(capital, a, "capital_frequency", "capital_relation")


def _english(text: str, cased: bool) -> bool | None:
    """English is asked for with the case: without the case it fails, with it only the language is open."""
    if not cased:
        return False
    found = language_of(text)
    return None if found is None else found in ("", "en")


CHECKS: dict[str, Check] = {
    "keywords:existence": _keywords,
    "keywords:frequency": _keyword_frequency,
    "keywords:forbidden_words": _forbidden,
    "keywords:letter_frequency": _letter_frequency,
    "language:response_language": _language,
    "length_constraints:number_sentences": lambda t, a: _compare(count_sentences(t), a, "num_sentences"),
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:number_words": lambda t, a: _compare(len(re.findall(r"\w+", t)), a, "num_words"),
    "length_constraints:nth_paragraph_first_word": _nth_paragraph,
    "detectable_content:number_placeholders": lambda t, a: (
        len(re.findall(r"\[[^\[\]\n]*\]", t)) >= whole(a, "num_placeholders", "a whole number")),
    "detectable_content:postscript": _postscript,
    "detectable_format:number_bullet_lists": _bullets,
    "detectable_format:constrained_response": lambda t, a: any(option in t for option in OPTIONS),
    "detectable_format:number_highlighted_sections": _highlights,
    "detectable_format:multiple_sections": _sections,
    "detectable_format:json_format": _json,
    "detectable_format:title": lambda t, a: any(map(_titled, t.split("\n"))),
    "combination:two_responses": _two_responses,
    "combination:repeat_prompt": lambda t, a: (
        t.strip().lower().startswith(_text(a, "prompt_to_repeat").strip().lower())),
    "startend:end_checker": _end,
    "startend:quotation": lambda t, a: len(t.strip()) > 1 and t.strip()[0] == '"' == t.strip()[-1],
    "change_case:capital_word_frequency": _capital_words,
    "change_case:english_capital": lambda t, a: _english(t, t.isupper()),
    "change_case:english_lowercase": lambda t, a: _english(t, t.islower()),
    "punctuation:no_comma": lambda t, a: "," not in t,
}
"""Every published instruction id, and its check."""
