"""Words and phrases that a recipe does not want. They are taken literally, case folded, and as whole words.

A blank in a keyword matches any white space, and either apostrophe the other. Where a keyword begins or ends with a
letter or a digit, none may stand before or after it in the text (in scripts without spaces between words any may).
"""

import re
from collections.abc import Sequence
from pathlib import Path

from postgrad.data.filters.finding import Check, Finding
from postgrad.data.rows import Record, taught
from postgrad.support.errors import Mistake
from postgrad.support.files import kind_of
from postgrad.support.ngrams import SPACELESS

WORD_BEFORE = rf"(?<![^\W{SPACELESS}])"
WORD_AFTER = rf"(?![^\W{SPACELESS}])"


def read_keywords(path: Path) -> tuple[str, ...]:
    """The keywords of a file, one a line; blank lines and lines that begin with `#` are none. Mistake if unreadable."""
    where = f"curate.filter.keywords_file: {path}"
    if (what := kind_of(path)) not in ("file", ""):
        raise Mistake(f"is {what}", where=where, mend="name a text file")
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise Mistake(f"cannot be read ({error.strerror})", where=where, mend="name a text file") from None
    except UnicodeDecodeError:
        raise Mistake("is not UTF-8", where=where, mend="save it as UTF-8, one keyword a line") from None
    found = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    if not found:
        raise Mistake("holds no keywords", where=where, mend="write one a line")
    return found


def pattern_of(keyword: str) -> str:
    """A regular expression that matches the keyword in a case-folded text. Mistake if the keyword is blank."""
    folded = keyword.strip().casefold()
    if not folded:
        raise Mistake("a keyword is blank", where="curate.filter.keywords", mend="remove it")
    parts = [re.sub("['’]", "['’]", re.escape(part)) for part in folded.split()]
    before = WORD_BEFORE if re.match(rf"[^\W{SPACELESS}]", folded) else ""
    after = WORD_AFTER if re.search(rf"[^\W{SPACELESS}]$", folded) else ""
    return before + r"\s+".join(parts) + after


def cue_of(keyword: str) -> str:
    """The longest piece of the keyword that every case-folded text with it holds as it is: quick to look for."""
    return max(re.split(r"[\s'’]+", keyword.casefold()), key=len)


def check(keywords: Sequence[str], roles: Sequence[str]) -> Check:
    """`roles`: whose turns are looked at. The detail says which keyword it was by its number, counted from 1."""
    known = [(cue_of(keyword), re.compile(pattern_of(keyword))) for keyword in keywords]

    def find(record: Record) -> Finding | None:
        for index, message in enumerate(taught(record)):
            if message.role in roles:
                text = message.content.casefold()
                for number, (cue, pattern) in enumerate(known, 1):
                    if cue in text and pattern.search(text):
                        return "keyword", f"messages[{index}], {message.role}: keyword {number}"
        return None

    return find
