"""Words of one script with letters of another that look the same (`pаypal` with a Cyrillic а): a homoglyph attack.

A word counts if it mixes Latin with Cyrillic or Greek, and the letters of one of the two, which are not the more, all
look like letters of the other: `smsка` and `Δx` are no attack, nor is an acronym with an ending (`IPшник`). Which
letters look alike is from Unicode's confusables (UTS #39). Words of fewer than three letters are not looked at:
formulas mix scripts freely.
"""

import regex

from postgrad.data.filters.finding import Finding
from postgrad.data.rows import Record, conversations

SHORTEST = 3
_WORD = regex.compile(rf"[\p{{L}}\p{{M}}]{{{SHORTEST},}}")
_LATIN = regex.compile(r"\p{Script=Latin}")
_ENDED = regex.compile(r"[A-Z]{2,}[а-яёіїєґ]+")
LIKE_LATIN = {
    "Cyrillic": frozenset("аеорсухіјѕһԁԛԝӏАВЕЅІЈКМНОРСТУХԌԚԜ"),
    "Greek": frozenset("οΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"),
}
LIKE_OTHER = {
    "Cyrillic": frozenset("aeopcyxilABEIKMHOPCTX"),
    "Greek": frozenset("oABEZHIKMNOPTYX"),
}
_OTHER = {name: regex.compile(rf"\p{{Script={name}}}") for name in LIKE_LATIN}


def is_disguised(word: str) -> bool:
    """Whether the word mixes scripts in look-alikes."""
    latin = _LATIN.findall(word)
    if not latin or _ENDED.fullmatch(word):
        return False
    for name, letters in _OTHER.items():
        other = letters.findall(word)
        if other and len(other) <= len(latin) and LIKE_LATIN[name].issuperset(other):
            return True
        if other and len(latin) <= len(other) and LIKE_OTHER[name].issuperset(latin):
            return True
    return False


def check(record: Record) -> Finding | None:
    for messages in conversations(record):
        for index, message in enumerate(messages):
            text = message.content
            if text.isascii() or not any(letters.search(text) for letters in _OTHER.values()):
                continue
            count = sum(map(is_disguised, _WORD.findall(text)))
            if count:
                return "look-alike letters of another script", f"messages[{index}], words: {count}"
    return None
