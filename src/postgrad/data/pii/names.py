"""Names of a user's own list, found as people write them.

A list has one person a line, and may give further forms of that person after semicolons: `Anna Smith; Annie`. Of a
name with several parts these are found: the whole in any case and with any of `-`, `.`, `_` or a line break between its
parts, `Smith, Anna`, `A. Smith`, and a part alone after a title (`Mrs Smith`). A name of one word must begin with a
capital (unless the list has it in small letters), and if it is an everyday word as well, stand where the capital says
something: not at the start of a sentence (`COMMON`), or only after a title (`CAPITALS`). So `Anna Smith's`, `Annas` and
`ANNA` are found, `anna` alone is not. Accents may be missing (`Jose`, `Muller`, `Mueller`).
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from postgrad.data.pii.context import UNSPACED
from postgrad.data.pii.kinds import Spans
from postgrad.support.errors import Mistake
from postgrad.support.files import kind_of

WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f])*")
GAP = re.compile(r"[ \t\u00a0\-\u2010\u2011._'’]{1,2}|[ \t]?\n[ \t]?")
COMMA = re.compile(r",[ \t\u00a0]?")
TITLE = re.compile(
    r"\b(?:mrs?|ms|mx|miss|dr|prof|sir|lady|patient(?:in)?|pt|herrn?|frau|fr|hr|mme|mlle|monsieur|madame|sra?|srta|señora?|don|"
    r"doña|sig(?:\.?ra)?|signora?|dott(?:\.?ssa)?|dhr|mevr|mw|pan[ia]?|fru|nurse|sister|brother|uncle|aunt)\.?\s+$",
    re.IGNORECASE)
COMMON = frozenset(re.findall(r"\w+", """
    mark bill art grace hope faith joy rose dawn summer autumn rich frank grant chase chip guy jack josh pat ray rob
    sue drew miles brown black white green gray grey young long short strong little small king queen bishop pope price
    page park parks hill hills wood woods forest field fields banks brooks rivers stone snow frost winter bell ball bush
    berry bird fox wolf lamb fish cook baker miller carpenter mason farmer fisher hunter gardener turner walker porter
    potter church temple house hall love day week best good noble case major lane street cross max olive ivy daisy lily
    violet ruby pearl amber crystal heather iris victor earl duke dean norm gene harry don dick bob penny carol holly
    blanc noir petit grand roi boulanger berger fontaine blanco rubio delgado moreno cruz campo paz luz rosa flores rey
    rossi bianchi costa will
    """))
"""Everyday words that are names too. At the start of a sentence the capital says nothing."""
CAPITALS = frozenset(re.findall(r"\w+", """
    may april june august french england holland ireland london paris florence virginia georgia austin dallas jordan
    israel chad india china christian german roman klein groß lang kurz jung schwarz weiß weiss braun grün koch bauer
    schneider weber fischer schmied wagner becker richter kaiser könig vogel fuchs stein berg wald sommer herbst winter
    sonntag montag freitag ernst engel arzt graf adler wolf jäger müller bischof hahn hase stern wolff
    """))
"""Words that have a capital anyway: months, places, peoples, German nouns."""
START = re.compile(r"(?:^|[.!?…:]|\n|[\-*•>]\s)[\s\"'“„«(\[*_]*$")
SHORTEST_PART = 2


def fold(word: str) -> str:
    """Lower case without accents."""
    if word.isascii():
        return word.lower()
    parted = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in parted if not unicodedata.combining(letter))


COMMON_FOLDED, CAPITALS_FOLDED = frozenset(map(fold, COMMON)), frozenset(map(fold, CAPITALS))
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae"})


def _spellings(word: str) -> set[str]:
    """The folded ways to write a word: `muller` and `mueller` for Müller."""
    return {fold(word), fold(unicodedata.normalize("NFC", word).lower().translate(UMLAUTS))}


@dataclass(frozen=True, slots=True)
class _Form:
    """Folded words in order. `comma`: one stands behind so many words. `initial`: the first is one letter. `alone`: one
    word, which must begin with a capital; `part`: and follow a title. `person`: who it is, or the word itself where
    several share it."""

    words: tuple[str, ...]
    person: str
    alone: bool = False
    comma: int = 0
    initial: bool = False
    part: bool = False


class Names:
    """A list of names, ready to be looked for."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._forms: dict[str, list[_Form]] = {}
        unspaced: dict[str, str] = {}
        parts: dict[str, set[str]] = {}
        for line in lines:
            said = [form.strip() for form in line.partition("#")[0].split(";") if form.strip()]
            for form in said:
                person = said[0].casefold()
                if UNSPACED.search(form):
                    unspaced[form] = person
                else:
                    self._add(form, person, parts)
        for part, persons in parts.items():
            person = next(iter(persons)) if len(persons) == 1 else part
            self._put(_Form((part,), person, alone=True, part=True))
        for forms in self._forms.values():
            forms.sort(key=lambda form: (-len(form.words), form.part, form.alone))
        self._firsts = frozenset(self._forms)
        self._persons = unspaced
        longest_first = sorted(unspaced, key=lambda form: (-len(form), form))
        self._unspaced = re.compile("|".join(map(re.escape, longest_first))) if unspaced else None

    def _put(self, form: _Form) -> None:
        forms = self._forms.setdefault(form.words[0], [])
        if form not in forms:
            forms.append(form)

    def _add(self, form: str, person: str, parts: dict[str, set[str]]) -> None:
        said = WORD.findall(form)
        spelt = [tuple(sorted(_spellings(word))) for word in said]
        if len(said) == 1:
            for word in spelt[0]:
                self._put(_Form((word,), person, alone=not form.islower()))
            return
        for word, spellings in zip(said, spelt, strict=True):
            if len(word) >= SHORTEST_PART and not word.islower():  # not the "van" of a name
                for spelling in spellings:
                    parts.setdefault(spelling, set()).add(person)
        for index in range(max(map(len, spelt), default=0)):
            whole = tuple(spellings[min(index, len(spellings) - 1)] for spellings in spelt)
            self._put(_Form(whole, person))
            for cut in range(1, len(whole)):  # Smith, Anna Maria; García Márquez, Gabriel
                self._put(_Form((*whole[cut:], *whole[:cut]), person, comma=len(whole) - cut))
            self._put(_Form((whole[0][0], *whole[1:]), person, initial=True))

    def find(self, text: str) -> Spans:
        """Start and end of each name, without a possessive ending."""
        return [(start, end) for start, end, _ in self._find(text)]

    def person(self, said: str) -> str:
        """Whose name was found: the same text for all forms of one person. Of a found stretch only."""
        return next((person for _, _, person in self._find(said)), None) or " ".join(map(fold, WORD.findall(said)))

    def _find(self, text: str) -> list[tuple[int, int, str]]:
        found: list[tuple[int, int, str]] = []
        if self._unspaced is not None:
            found += [(*match.span(), self._persons[match.group()]) for match in self._unspaced.finditer(text)]
        seen = WORD.findall(fold(text))
        if self._firsts.isdisjoint(seen) and not any(word.endswith("s") and word[:-1] in self._firsts for word in seen):
            return found
        words = [(match.start(), match.end(), fold(match.group())) for match in WORD.finditer(text)]
        index = 0
        while index < len(words):
            match = self._at(text, words, index)
            if match is None:
                index += 1
            else:
                last, end, person = match
                found.append((words[index][0], end, person))
                index = last + 1
        return found

    def _at(self, text: str, words: list[tuple[int, int, str]], index: int) -> tuple[int, int, str] | None:
        """(index of the last word, end, person) of the longest form that begins with this word."""
        first = words[index][2]
        # A German or Scandinavian genitive: the "s" stays outside.
        for begin, cut in ((first, 0), (first[:-1], 1)) if first.endswith("s") else ((first, 0),):
            for form in self._forms.get(begin, ()):
                last = index + len(form.words) - 1
                if last >= len(words) or (cut and last > index):
                    continue
                said = [word for _, _, word in words[index : last + 1]]
                ends_in_s = last > index and said[-1] == form.words[-1] + "s"
                if last > index and (tuple(said[1:-1]) != form.words[1:-1]
                                     or (said[-1] != form.words[-1] and not ends_in_s)):
                    continue
                if self._fits(text, words[index : last + 1], form):
                    return last, words[last][1] - (1 if ends_in_s or cut else 0), form.person
        return None

    def _fits(self, text: str, words: list[tuple[int, int, str]], form: _Form) -> bool:
        for number, ((_, end, _), (start, _, _)) in enumerate(pairwise(words)):
            if not (COMMA if form.comma == number + 1 else GAP).fullmatch(text, end, start):
                return False
        start = words[0][0]
        if form.initial:
            return _capital(text[start]) and _capital(text[words[1][0]])
        return not form.alone or self._meant(text, start, words[0][2], form.part)

    @staticmethod
    def _meant(text: str, start: int, word: str, part: bool) -> bool:
        """Whether one word alone is a name here."""
        if not _capital(text[start]):
            return False
        before = text[max(0, start - 16) : start]
        if TITLE.search(before):
            return True
        if part or word in CAPITALS_FOLDED:
            return False
        return word not in COMMON_FOLDED or START.search(before) is None


def _capital(letter: str) -> bool:
    """Whether a letter is not a small one (some scripts have none)."""
    return not letter.islower()


@lru_cache(maxsize=4)
def names_of(lines: tuple[str, ...]) -> Names:
    """The list made ready once for the same lines."""
    return Names(lines)


def read_names(path: Path) -> tuple[str, ...]:
    """The lines of a file of names. Mistake if it cannot be read, is not UTF-8, or holds none."""
    if (what := kind_of(path)) not in ("file", ""):
        raise Mistake(f"is {what}", where=f"names {path}", mend="name a text file")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise Mistake(f"cannot be read ({error.strerror})", where=f"names {path}", mend="check the path") from error
    except UnicodeDecodeError as error:
        raise Mistake("is not UTF-8", where=f"names {path}", mend="save it as UTF-8") from error
    said = tuple(line.strip() for line in lines if WORD.search(line.partition("#")[0]))
    if not said:
        raise Mistake("holds no names", where=f"names {path}", mend="write one a line")
    return said
