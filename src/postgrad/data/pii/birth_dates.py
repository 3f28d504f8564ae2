"""Dates of birth: a date with a word for birth before it or after it. Ages and years alone are none.

A year before `OLDEST` is no living person's. A word for birth counts for the first date after it only.
"""

import re

from postgrad.data.pii.apart import is_apart
from postgrad.data.pii.context import as_ascii, small, words
from postgrad.data.pii.dates import DATE_LIKE, DATES, ODD, YEARLESS, parse
from postgrad.data.pii.kinds import Spans

OLDEST = 1900
CUES = (
    "d[./]? ?o[./]? ?b\\.?", "b-?day", "जन्म ?(?:तिथि|तारीख)?", "née?", "nasc\\.?",
    "date of birth", "birth ?date", "d\\.? ?b\\.", "b\\.? ?d\\.", "birth ?days?", "born", "b\\.", "birth",
    "geb\\.?(?: am| dat\\.?)?", "geboren\\w*",
    "geburts? ?(?:datum|tag|dat)?\\w*", "gebdat\\w*", "gebtag", "jg\\.",
    "née?(?:\\(e\\))? le", "né\\(e\\)", "date de naissance", "naissance", "ddn",
    "nacid[oa]", "nació", "fecha de nacimiento", "f\\.? ?(?:de )?nac\\.?", "nacimiento", "fn", "fdn",
    "nat[oa] il", "nat[oa]", "data di nascita", "nascita", "nascid[oa]", "data de nascimento", "nascimento", "dn",
    "geboortedatum", "geb\\. ?datum", "geboorte", "urodzon[yae]", "ur\\.", "data urodzenia", "född",
    "födelsedatum", "f\\.",
    "født", "fødselsdato", "fødselsdag", "f\\. ?d\\.", "fødd", "f\\. ?dato", "syntynyt", "syntymäaika", "s\\.",
    "narozen[aá]?",
    "nar\\.", "datum narození", "dat\\. ?nar\\.",
    "született", "szül\\.?(?: ?ideje)?", "născut[ăa]?", "data nașterii", "doğum tarihi", "d\\. ?tarihi", "doğumlu",
    "дата рожд\\w*",
    "д\\. ?р\\.?", "родил(?:ся|ась)", "род\\.", "г\\. ?р\\.?", "народи(?:вся|лася)", "дата народження",
    "ημερομηνία γέννηση[ςσ]", "γεννήθηκε", "生年月日", "出生日期", "出生", "生まれ", "생년월일",
    "تاريخ الميلاد", "תאריך לידה",
)
CUE = re.compile(rf"{words(*CUES).pattern}|(?:(?<=[(,])|(?<=[\w,]\s))\*(?![\s*])")
"""A star right before a date, within brackets or a sentence, is the German mark of a birth."""
SHORT_CUES = frozenset({"b.", "s.", "f.", "*", "dn", "fn", "ur.", "nar.", "jg.", "bd.", "b.d.", "d.b.", "db."})
BIRTHDAY = words("b-?days?", "birth ?days?", "geburtstag\\w*", "anniversaire", "cumpleaños", "cumpl(?:e|o|ir)",
                 "compleanno", "compi[eo]", "verjaardag", "verjaart", "jarig", "aniversário", "fa[zç]o? anos",
                 "urodziny", "födelsedag", "fyller", "fødselsdag", "syntymäpäivä", "день рождения", "narozeniny",
                 "turn(?:s|ing|ed)? (?:\\d+|[a-z\\-]+),? on")
BIRTHDAY_LIKE = ("bday", "b-day", "birth", "geburtst", "anniv", "aniv", "cumpl", "comp", "verja", "jarig", "anos",
                 "urodzin",                 "lsedag", "fyller", "lsdag", "syntym", "рождения", "narozenin", "turn")
"""Parts of the words of `BIRTHDAY`: a cheap first look."""
NOT_YET = re.compile(r"(?:expected|due|estimated|errechnet\w*|voraussichtlich\w*|prévue?|prevista|verwachte?|terme)\W*"
                     r"(?:date\W+of\W*)?$", re.IGNORECASE)
FILLER = re.compile(r"(?:(?!\.\s+[A-Z]|\n\s*\n|[;!])[^\d]){0,40}$"
                    r"|[^\d\n]{0,30}[.?!]\s*\n[^\W\d][\w ]{0,15}:[^\d\n.]{0,12}$")
"""Between word and date: no end of a sentence, unless another speaker answers with the date."""
NOTHING = re.compile(r"[\s:.=(\"'|,\-]{0,6}(?:am |le |il |on |el |op |den |d\. )?$")
AFTER = re.compile(
    r"[\s,(\-–]{0,3}(?:d\.?o\.?b\b|born\b|date of birth|geb\.|г\. ?р\.|生まれ|出生|doğumlu)"
    r"|(?:(?!\.\s)[^\d;\n(]){0,45}?\b(?:geboren\w*|born|was born|est née?|nació|è nat[oa]|nasceu|geboren|urodził\w*|"
    r"föddes|fødtes|родил(?:ся|ась)|narodil\w*|dünyaya)\b", re.IGNORECASE)
"""After a date: a word for birth at once, or in its clause."""
REACH = 60


def find_birth_dates(text: str) -> Spans:
    """Start and end of each date of birth."""
    read = as_ascii(text)
    low = small(read)
    found: Spans = []
    if DATE_LIKE.search(read) and CUE.search(low):
        found += _dated(read, low)
    if any(stem in low for stem in BIRTHDAY_LIKE):
        for cue in BIRTHDAY.finditer(low):
            day = YEARLESS.search(read, cue.end(), cue.end() + REACH)
            if day and FILLER.match(read, cue.end(), day.start()):
                found.append(day.span())
    return found


def _dated(text: str, low: str) -> Spans:
    """Dates with a year, and whatever stands where a date of birth is announced."""
    found: Spans = []
    judged: Spans = []
    end_before = 0
    for match in DATES.finditer(text):
        since = max(end_before, match.start() - REACH)
        day = parse(match)
        if day is not None:
            judged.append(match.span())
            if day[0] >= OLDEST and (
                    _born(text, low, since, match.start()) or AFTER.match(text, match.end(), match.end() + REACH)):
                found.append(match.span())
        end_before = match.end()
    for pattern in (ODD, YEARLESS):
        for match in pattern.finditer(text):
            if is_apart(match.span(), judged) and _labelled(text, low, max(0, match.start() - REACH), match.start()):
                found.append(match.span())
    return found


def _labelled(text: str, low: str, since: int, start: int) -> bool:
    """Whether a word for birth stands right before: then even what is no date of the calendar is meant as one."""
    return any(NOTHING.match(text, cue.end(), start) for cue in CUE.finditer(low, since, start))


def _born(text: str, low: str, since: int, start: int) -> bool:
    last = None
    for last in CUE.finditer(low, since, start):  # noqa: B007 (the last one is wanted)
        pass
    if last is None or NOT_YET.search(text, max(0, last.start() - 25), last.start()):
        return False
    between = NOTHING if last.group().replace(" ", "") in SHORT_CUES else FILLER
    return between.match(text, last.end(), start) is not None
