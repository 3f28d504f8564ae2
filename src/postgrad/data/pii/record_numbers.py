"""Numbers of patients, cases and specimens in medical notes: a word that names one, then a number.

Words that other trades use as well (case, file, account, visit), words without a "number" after them (chart, dossier),
a "number" that nothing names, and numbers known by their shape alone count only in a text that speaks of patients.
"""

import math
import re
from collections.abc import Iterator

from postgrad.data.pii import record_words as words
from postgrad.data.pii.context import another, as_ascii, small
from postgrad.data.pii.kinds import Spans

KEY = r"[\s_\-]?(?:id|nr|no|num|number|nummer|key|code)"
HEADING = re.compile(rf"(?:{words.HEADINGS}(?:{KEY})?|{words.NUMBERED}{KEY})\.?", re.IGNORECASE)
MOST_PARTS = 32
"""After the first: an object identifier of DICOM (64 characters) has no more."""
END = r"(?![^\W\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]|[@%]|[.,:]\d)"
GROUPS = rf"(?:[A-Za-z]{{1,5}}[\-/ ])?\d{{2,4}}(?: \d{{2,4}}){{1,3}}{END}"
PIECE = (r"(?=[A-Za-z\-/. ]{0,8}\d)(?:[A-Za-z]{1,5}[\-/ ])*[A-Za-z]{0,5}\d[0-9A-Za-z]*"
         rf"(?:[\-/._:][A-Za-z]*\d[0-9A-Za-z]*){{0,{MOST_PARTS}}}(?:-[A-Za-z]{{1,2}})?{END}")
DONATION = rf"[a-z]\d{{4}} ?\d\d ?\d{{3}} ?\d{{3}}(?: ?[0-9a-z*])?{END}"
"""ISBT 128: facility, year, serial number, check character."""
VALUE = rf"(?P<value>{DONATION}|{GROUPS}|{PIECE})"
LINK = (r"(?:[^\n\d]{0,25}\?\s*\n[^\W\d][\w ]{0,15}:\s*(?:it'?s\s|it is\s|yes,?\s)?"
        r"|[\s:.,=#\"'(|\-]{0,6}(?:(?:is|was|reads|ist|lautet|est|es|è|é|är|er|to|jest|:)\s+)?[\"'#]?)")
"""Between word and number: signs and a verb, or a question that another speaker answers."""
OF = r"(?:d['’]|d[eui]l?\s|de\sla\s|du\s|della\s|di\s|do\s|da\s|van\s|av\s)?"
NUMBER = rf"{words.NUMBER}(?![^\W\d_])"
NUMBERED = re.compile(rf"{NUMBER}{LINK}(?!{NUMBER}){VALUE}")
"""A word for "number" and its number; what stands before tells whose it is."""
NAME = re.compile(rf"(?<![^\W_])(?:{'|'.join(words.NAMED)})[\s_\-.'’]*{OF}$")
COMPOUND = re.compile(rf"(?<![^\W_])[^\W\d_]{{0,20}}(?:{words.STEMS})[^\W\d_]{{0,16}}-?$")
SHARED_NAME = re.compile(rf"(?<![^\W_]){words.SHARED}[\s_\-.]*$")
OTHER_NAME = re.compile(rf"(?<![^\W\d_]){words.OTHER}[\s_\-.:]*$")
NAME_WITHIN = 48
ALONE, ATTACHED = re.compile(rf"{words.SIGNS}(?![^\W\d_])"), re.compile(
    r"(?:nummer|nr|n?ro|numero|(?:sor)?szám\w*|azonosító|kennung)(?![^\W\d_])")
"""The words for "number" that count where no known name stands before them, by themselves or as a word's end."""
WHOLE_RECORD = re.compile(
    rf"(?<![^\W_])(?:{words.WHOLE}(?![^\W\d_])|{words.REFERENCES}/"
    rf"|{words.SIGNS}\s?{OF}(?:{'|'.join(words.NAMED)})(?![^\W\d_])){LINK}{VALUE}")
HOOK = re.compile(
    rf"(?<![^\W_])(?:(?:{words.WORDS}|{words.SIGNS})(?![^\W\d_])|[n#№](?:[°º.]|(?<=[#№]))|{words.REFERENCES}/)")
"""What the two patterns around it begin with: a quick look first."""
UNSPACED_RECORD = re.compile(rf"(?:{'|'.join(words.UNSPACED)})(?:は|为|是|은|는)?{LINK}{VALUE}")
PLAIN_RECORD = re.compile(
    rf"(?<![^\W_])(?:{words.PLAIN}(?![^\W\d_])[\s:.=#]{{1,3}}|{words.SIGNS}\s?{OF}{words.SHARED}(?![^\W\d_]){LINK})"
    rf"(?!{NUMBER}){VALUE}")
SHAPED_HINT = re.compile(r"-\d{4}")
SHAPED_RECORD = re.compile(
    rf"(?<![\w.\-/@#$€£+])(?P<value>(?:[A-Z]{{1,3}}-?\d\d|\d\d[A-Z]{{1,2}})-\d{{4,7}}){END}")
"""Of laboratories: S21-08844, SP-19-30471, 22H-30417."""
BEHIND_WORD = rf"\((?:{'|'.join(words.NAMED)})[\s_\-.]*{words.NUMBER}?\)"
BEHIND_HINT, BEHIND = re.compile(BEHIND_WORD), re.compile(rf"(?<![\w.\-/]){VALUE}\s?{BEHIND_WORD}")
"""The word in brackets behind its number."""
NEXT = re.compile(rf"\s?(?:,|;|/|&|and|und|et|y|e|en|och|i|or|oder)\s?{VALUE}")
SHAPE = str.maketrans({**dict.fromkeys("0123456789", "9"), **dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A")})
MEDICAL = re.compile(words.MEDICAL)
HINT = re.compile(r"\d(?:[\-/. ]?[A-Za-z]?\d){2,}")
BEFORE, AFTER = 70, 40
LEADING, KNOWN = re.compile(r"([a-z]+) "), re.compile(rf"{words.WHOLE}|{words.PLAIN}|{words.NUMBER}")
CODED = re.compile(r"[A-Za-z]{1,4}-\d")
"""S-014: letters and a hyphen make up for digits."""
FEWEST_DIGITS, FEWEST_SHARED, FEWEST_PLAIN = 3, 4, 5
NOT_A_NUMBER = re.compile(
    r"\s?(?:mg|ml|mm|cm|kg|g|of|years?|jahre?|ans|años|patients|times|x|%|h|min)\b")
DATE = re.compile(r"(?:[A-Za-z]{1,5} )?(?:[0-3]?\d[./\-][0-3]?\d[./\-](?:19|20)?\d\d|(?:19|20)\d\d-\d\d-\d\d)")


def find_record_numbers(text: str) -> Spans:
    """Start and end of each number, without the word that names it."""
    read = as_ascii(text)
    low = small(read)
    sure: Spans = []
    medical: Spans = []
    patterns = []
    if not low.isascii():
        patterns.append(UNSPACED_RECORD)
    if BEHIND_HINT.search(low):
        patterns.append(BEHIND)
    for start, end in _windows(read):
        for match in NUMBERED.finditer(low, start, end):
            fewest = _fewest(low, match)
            (sure if fewest == FEWEST_DIGITS else medical).extend(_listed(read, low, match, fewest))
        for pattern in patterns:
            for match in pattern.finditer(low, start, end):
                sure += _listed(read, low, match, FEWEST_DIGITS)
        if HOOK.search(low, start, end):
            for match in WHOLE_RECORD.finditer(low, start, end):
                sure += _listed(read, low, match, FEWEST_DIGITS)
            for match in PLAIN_RECORD.finditer(low, start, end):
                medical += _listed(read, low, match, FEWEST_PLAIN)
    if SHAPED_HINT.search(read):
        medical += [match.span("value") for match in SHAPED_RECORD.finditer(read) if not another(low, match.start())]
    if medical and MEDICAL.search(low):
        sure += medical
    return list(dict.fromkeys(sure))


def _fewest(low: str, match: re.Match[str]) -> float:
    """How many digits a number behind a word for "number" must have, by what stands before that word: fewer if that is
    of care alone, more if it is nothing, no number is enough if it is another thing."""
    start = match.start()
    before = low[max(0, start - NAME_WITHIN) : start]
    sign = low[start : match.start("value")]
    ends_word = ATTACHED.match(sign) is not None
    if NAME.search(before) or (ends_word and COMPOUND.search(before)):
        return FEWEST_DIGITS
    if SHARED_NAME.search(before):
        return FEWEST_SHARED
    if not (ends_word if before[-1:].isalpha() else ALONE.match(sign)):
        return math.inf
    return math.inf if OTHER_NAME.search(before) or another(low, match.start("value")) else FEWEST_PLAIN


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Where to look: around every stretch that has digits enough, since the patterns are slow."""
    start = end = 0
    for hint in HINT.finditer(text):
        if hint.start() - BEFORE > end:
            if end:
                yield start, end
            start = max(0, hint.start() - BEFORE)
        end = hint.end() + AFTER
    if end:
        yield start, end


def _listed(text: str, low: str, first: re.Match[str], fewest: float) -> Iterator[tuple[int, int]]:
    """The number of a match, and those that follow it in a list of numbers of one form."""
    match: re.Match[str] | None = first
    shape = _shape(text, first)
    while match is not None and _shape(text, match) == shape and _is_number(low, match, fewest):
        start = _start(text, low, match)
        if start is None:
            break
        yield start, match.end("value")
        match = NEXT.match(low, match.end("value"))


def _shape(text: str, match: re.Match[str]) -> str:
    return text[match.start("value") : match.end("value")].translate(SHAPE)


def _start(text: str, low: str, match: re.Match[str]) -> int | None:
    """Where the number begins, behind words for it that the pattern took for its letters; None if they are other words:
    then it is not the number of what was named."""
    start, end = match.span("value")
    while word := LEADING.match(low, start, end):
        if KNOWN.fullmatch(word[1]):
            start = word.end()
        elif text[start] == low[start]:
            return None
        else:
            break
    return start


def _is_number(low: str, match: re.Match[str], fewest: float) -> bool:
    value = match["value"]
    digits = sum(map(str.isdigit, value))
    enough = digits >= fewest or (
        fewest < math.inf and digits >= (FEWEST_DIGITS if CODED.match(value) else FEWEST_SHARED) and value[0].isalpha())
    return (enough and not DATE.fullmatch(value)
            and not NOT_A_NUMBER.match(low, match.end("value")))
