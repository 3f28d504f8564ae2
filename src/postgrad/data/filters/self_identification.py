"""Assistants that say they are another model: its name, its maker, the end of its training data.

Tülu 3 took out rows by such keywords (arXiv 2411.15124, section 3.1), and its project later by patterns such as "as an
AI developed by …". The list that ships, `self_identification.txt`, is ours. A text about ChatGPT stays: a pattern wants
the first person, and what stands within quotation marks is someone else's. Only the assistant's turns are looked at.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from postgrad.data.filters.finding import Check, Finding
from postgrad.data.filters.keywords import WORD_AFTER, WORD_BEFORE
from postgrad.data.rows import Record, taught

LIST = Path(__file__).with_name("self_identification.txt")
PARTS = {"names": "another model's name or maker", "cutoff": "end of its training data", "ai": "speaks as an AI"}
"""Part of the list → the reason in the ledger."""
_GAPS = {gap: rf"(?!(?<=\w)\w)[^.!?。！？\n]{{0,{longest}}}?\b" for gap, longest in (("…", 120), ("‥", 40))}
_WORD = re.compile(r"\w+")
SHORT = 5
"""Letters of a name that is looked for as a word: shorter ones are part of too many others."""
_QUOTES = (("“", "”"), ("«", "»"), ("「", "」"), ("『", "』"))
_GERMAN_QUOTES = (("„", "“"), *_QUOTES[1:])  # whose end is the others' beginning


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of one part by their names. A text that holds none of the cues matches none of them.

    `cues` are looked for anywhere in the text in lower case without blanks and hyphens, `words` as whole words.
    """

    named: tuple[tuple[str, re.Pattern[str]], ...]
    cues: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()

    def may_match(self, text: str) -> bool:
        if not self.cues:
            return True
        lower = text.lower()
        joined = "".join(lower.split()).replace("-", "")
        return any(cue in joined for cue in self.cues) or not self.words.isdisjoint(_WORD.findall(lower))


def _sections() -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in LIST.read_text("utf-8").splitlines():
        if line.startswith("[") and line.endswith("]"):
            lines = sections.setdefault(line[1:-1], [])
        elif line and not line.startswith("#"):
            lines.append(line)
    return sections


def _any_of(names: Sequence[str]) -> str:
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return "(?:" + "|".join(re.sub(r"\\?[ -]", "[ -]?", re.escape(name)) for name in longest_first) + ")" + WORD_AFTER


def _compiled(text: str, lists: Mapping[str, str]) -> re.Pattern[str]:
    for name in lists:
        text = text.replace(f"{{{name}}}", f"\0{name}\0")
    text = text.replace(" ?", r"\s?").replace(" ", r"\s+").replace("'", "['’]")
    for gap, expression in _GAPS.items():
        text = text.replace(gap, expression)
    for name, alternatives in lists.items():
        text = text.replace(f"\0{name}\0", alternatives)
    return re.compile(f"{WORD_BEFORE}(?:{text}){WORD_AFTER}", re.IGNORECASE)


def _named(lines: Sequence[str], lists: Mapping[str, str]) -> Iterator[tuple[str, re.Pattern[str]]]:
    for line in lines:
        name, text = line.split(maxsplit=1)
        yield name, _compiled(text, lists)


@cache
def patterns() -> dict[str, Patterns]:
    """The list that ships, by its parts."""
    sections = _sections()
    models, makers = [*sections["sure"], *sections["others"]], [*sections["makers"], *sections["companies"]]
    lists = {"sure": _any_of(sections["sure"]), "model": _any_of(models), "maker": _any_of(sections["makers"]),
             "company": _any_of(makers)}
    made = {part: Patterns(tuple(_named(sections[part], lists))) for part in PARTS}
    joined = {re.sub("[ -]", "", name).lower() for name in (*models, *makers)}
    words = frozenset(name for name in joined if name.isalpha() and name.isascii() and len(name) <= SHORT)
    made["names"] = replace(made["names"], cues=tuple(sorted(joined - words)), words=words)
    made["cutoff"] = replace(made["cutoff"], cues=tuple("".join(cue.split()) for cue in sections["cutoff cues"]))
    return made


def _is_quoted(text: str, start: int) -> bool:
    """Whether a quotation that began on the same line is still open at `start`."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    pairs = _GERMAN_QUOTES if "„" in before else _QUOTES
    return before.count('"') % 2 == 1 or any(before.rfind(begin) > before.rfind(end) for begin, end in pairs)


def found_in(text: str, part: str) -> Iterator[str]:
    """The names of the patterns of a part that the text matches outside quotations."""
    known = patterns()[part]
    if not known.may_match(text):
        return
    for name, pattern in known.named:
        if any(not _is_quoted(text, match.start()) for match in pattern.finditer(text)):
            yield name


def check(parts: Sequence[str]) -> Check:
    def find(record: Record) -> Finding | None:
        for index, message in enumerate(taught(record)):
            if message.role == "assistant":
                for part in parts:
                    name = next(found_in(message.content, part), None)
                    if name is not None:
                        return PARTS[part], f"messages[{index}]: {name}"
        return None

    return find
