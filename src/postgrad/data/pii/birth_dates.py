"""Dates of birth: a date with a word for birth before it (or right after). Ages and years alone are none.

A year before `OLDEST` is no living person's, and a date in the future nobody's. A word for birth counts for the first
date after it only.
"""

import datetime
import re

from postgrad.data.pii.context import as_ascii, words
from postgrad.data.pii.kinds import Spans

OLDEST = 1900
MONTHS = (
    "jan(?:uary|uar|uari|vier|uario|eiro)?|jänner|ene(?:ro)?|gen(?:naio)?|sty(?:cznia)?|tammikuuta|января|led(?:na)?",
    "feb(?:ruary|ruar|ruari|rero|braio)?|fév(?:rier)?|fev(?:ereiro)?|lut(?:ego)?|helmikuuta|февраля|února",
    "mar(?:ch|s|zo|ço|ca)?|märz|mrz|maart|mrt|maaliskuuta|марта|března",
    "apr(?:il|ile)?|avr(?:il)?|abr(?:il)?|kwi(?:etnia)?|huhtikuuta|апреля|dubna",
    "ma[yi]|mayo|mag(?:gio)?|maio|mei|maja|maj|toukokuuta|мая|května",
    "jun[ei]?|juni[o]?|juin|giu(?:gno)?|junho|cze(?:rwca)?|kesäkuuta|июня|června",
    "jul[yi]?|juli[o]?|juil(?:let)?|lug(?:lio)?|julho|lip(?:ca)?|heinäkuuta|июля|července",
    "aug(?:ust|usti|ustus)?|août|ago(?:sto)?|sie(?:rpnia)?|elokuuta|августа|srpna",
    "sept?(?:ember|embre|iembre|tembre)?|set(?:tembre|embro|iembre)?|wrz(?:eśnia)?|syyskuuta|сентября|září",
    "o[ck]t(?:ober|obre|ubre|oober)?|ott(?:obre)?|out(?:ubro)?|paź(?:dziernika)?|lokakuuta|октября|října",
    "nov(?:ember|embre|iembre|embro)?|lis(?:topada)?|marraskuuta|ноября|listopadu",
    "de[cz](?:ember|embre|embro)?|déc(?:embre)?|dic(?:iembre|embre)?|gru(?:dnia)?|joulukuuta|декабря|prosince",
)
MONTH = "(?:" + "|".join(MONTHS) + r")\.?"
DAY, MONTH_NUMBER, YEAR = r"[0-3]?\d", r"[01]?\d", r"(?:19|20)\d\d"
DATE = (
    rf"(?:(?P<y1>{YEAR})(?P<s1>[\-/.\s])(?P<m1>{MONTH_NUMBER})(?P=s1)(?P<d1>{DAY})"
    rf"|(?P<a2>{DAY})(?P<s2>[\-/.]|\.\s|\s)(?P<b2>{DAY})(?P=s2)(?P<y2>{YEAR}|\d\d)"
    rf"|(?P<d3>{DAY})(?:st|nd|rd|th|er|º|\.)?[\s\-/.]*(?:of |de |d')?(?P<w3>{MONTH})"
    rf"[\s\-/.,]*(?:de |del )?(?P<y3>{YEAR}|'?\d\d)"
    rf"|(?P<w4>{MONTH})\s*(?P<d4>{DAY})(?:st|nd|rd|th)?,?\s+(?P<y4>{YEAR})"
    rf"|(?P<y5>{YEAR})\s?[年년]\s?(?P<m5>{MONTH_NUMBER})\s?[月월]\s?(?P<d5>{DAY})\s?[日일]"
    rf"|(?P<y6>{YEAR})(?P<m6>[01]\d)(?P<d6>[0-3]\d)"
    rf"|(?P<d7>{DAY})[\s.]+(?P<m7>[IVX]{{1,4}})[\s.]+(?P<y7>{YEAR})"
    rf"|(?P<w8>{MONTH})\s+(?:de |del )?(?P<y8>{YEAR})"
    rf"|(?:[?x_\-]{{2}}[./\-])?(?P<m9>[01]?\d)[./](?P<y9>{YEAR}))(?![\d\-/]|[.,:]\d)")
SIX = re.compile(r"(?<!\d)(?P<day>[0-3]\d)(?P<month>[01]\d)(?P<year>\d\d)(?![\d.,/\-])")
YEARLESS = re.compile(
    rf"(?<![\w/\-])(?:(?:the )?{DAY}(?:st|nd|rd|th|er|\.)?\s?(?:of |de )?{MONTH}|{MONTH}\s{DAY}(?:st|nd|rd|th)?"
    rf"|{DAY}[./]{MONTH_NUMBER}\.?)(?![\w/\-]|[.,:]\d)", re.IGNORECASE)
BIRTHDAY = words("b-?days?", "birth ?days?", "geburtstag\\w*", "anniversaire", "cumpleaños", "cumpl(?:e|o|ir)",
                 "compleanno", "verjaardag", "verjaart", "aniversário", "urodziny", "födelsedag", "fødselsdag",
                 "день рождения", "turn(?:s|ing)? (?:\\d+|[a-z\\-]+) on")
CUES = (
    "d[./]? ?o[./]? ?b\\.?", "b-?day", "जन्म ?(?:तिथि|तारीख)?", "née?", "nasc\\.?",
    "date of birth", "birth ?date", "birth ?days?", "born", "b\\.", "birth",
    "geb\\.?(?: am| dat\\.?)?", "geboren\\w*", "geburts?(?:datum|tag|dat)?", "gebdat",
    
    "née?(?:\\(e\\))? le", "né\\(e\\)", "date de naissance", "naissance", "ddn",
    "nacid[oa]", "nació", "fecha de nacimiento", "f\\.? ?(?:de )?nac\\.?", "nacimiento", "fn", "fdn",
    "nat[oa] il", "nat[oa]", "data di nascita", "nascita", "nascid[oa]", "data de nascimento", "nascimento", "dn",
    "geboortedatum", "geb\\. ?datum", "geboorte", "urodzon[yae]", "ur\\.", "data urodzenia", "född",
    "födelsedatum", "f\\.",
    "født", "fødselsdato", "fødselsdag", "f\\. ?dato", "syntynyt", "syntymäaika", "s\\.", "narozen[aá]?",
    "nar\\.", "datum narození",
    "született", "szül\\.?(?: ?ideje)?", "născut[ăa]?", "data nașterii", "doğum tarihi", "d\\. ?tarihi", "doğumlu",
    "дата рождения", "д\\. ?р\\.?", "родил(?:ся|ась)", "род\\.", "г\\. ?р\\.?", "народи(?:вся|лася)", "дата народження",
    "ημερομηνία γέννησης", "γεννήθηκε", "生年月日", "出生日期", "出生", "生まれ", "생년월일",
    "تاريخ الميلاد", "תאריך לידה",
)
CUE = re.compile(rf"{words(*CUES).pattern}|(?:(?<=[(,])|(?<=[\w,]\s))\*(?![\s*])", re.IGNORECASE)
"""A star right before a date, within brackets or a sentence, is the German mark of a birth."""
SHORT_CUES = frozenset({"b.", "s.", "f.", "*", "dn", "fn", "ur.", "nar."})
FILLER = re.compile(r"(?:(?!\.\s+[A-Z]|\n\s*\n|[;!])[^\d]){0,40}$"
                    r"|[^\d\n]{0,30}[.?!]\s*\n[^\W\d][\w ]{0,15}:[^\d\n.]{0,12}$")
"""Between word and date: no end of a sentence, unless another speaker answers with the date."""
NOTHING = re.compile(r"[\s:.=(\"'|,\-]{0,6}(?:am |le |il |on |el |op |den |d\. )?$")
DATES = re.compile(rf"(?<![0-9A-Za-z_/\-])(?<!\d[.,])(?:{DATE})", re.IGNORECASE)
AFTER = re.compile(r"[\s,(\-–]{0,3}(?:d\.?o\.?b\b|born\b|date of birth|geboren\w*|geb\.|"
                   r"г\. ?р\.|生まれ|出生|doğumlu)", re.IGNORECASE)
REACH = 60
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")


DATE_LIKE = re.compile(r"(?:19|20)\d\d|\d\d?([./\-])\s?\d\d?\1\s?\d\d|\d{6}|\d\W{0,3}[^\W\d]{3,}\W{0,3}\d\d")
"""Cheap first look: only texts with such a stretch can hold a date with a year."""
BIRTHDAY_LIKE = ("bday", "b-day", "birth", "geburtst", "anniv", "aniv", "cumpl", "complean", "verja", "urodzin", "lsedag",
                 "lsdag", "рождения", "turn")


def find_birth_dates(text: str) -> Spans:
    """Start and end of each date of birth."""
    read = as_ascii(text)
    found: Spans = []
    if DATE_LIKE.search(read) and CUE.search(read):
        found += _dated(read)
    lower = read.lower()
    if any(stem in lower for stem in BIRTHDAY_LIKE):
        for cue in BIRTHDAY.finditer(read):
            day = YEARLESS.search(read, cue.end(), cue.end() + REACH)
            if day and FILLER.match(read, cue.end(), day.start()):
                found.append(day.span())
    return found


def _dated(read: str) -> Spans:
    """Dates with a year."""
    found: Spans = []
    end_before = 0
    for match in DATES.finditer(read):
        since = max(end_before, match.start() - REACH)
        if _is_date(match):
            meant = _born(read, since, match.start()) or AFTER.match(read, match.end()) is not None
        else:
            meant = _labelled(read, since, match.start())
        if meant:
            found.append(match.span())
        end_before = match.end()
    for match in SIX.finditer(read):
        if int(match["month"]) in range(1, 13) and _labelled(read, max(0, match.start() - REACH), match.start()):
            found.append(match.span())
    return found


def _labelled(text: str, since: int, start: int) -> bool:
    """Whether a word for birth stands right before: then even what is no date of the calendar is meant as one."""
    return any(NOTHING.match(text, cue.end(), start) for cue in CUE.finditer(text, since, start))


def _born(text: str, since: int, start: int) -> bool:
    last = None
    for last in CUE.finditer(text, since, start):  # noqa: B007 (the last one is wanted)
        pass
    if last is None:
        return False
    between = NOTHING if last.group().lower().replace(" ", "") in SHORT_CUES else FILLER
    return between.match(text, last.end(), start) is not None


def _is_date(match: re.Match[str]) -> bool:
    parts = parse(match)
    if parts is None:
        return False
    today = datetime.date.today().year
    return OLDEST <= parts[0] <= today


def parse(match: re.Match[str]) -> tuple[int, int, int] | None:
    """(year, month, day) of a match of `DATES`, day before month where both can be; None if there is no such day."""
    said = {name: value for name, value in match.groupdict().items() if value is not None}
    which = next(name[1] for name in said if name[0] == "y")
    year = int(said["y" + which].strip("'"))
    if year < 100:
        year += 1900 if year > datetime.date.today().year % 100 else 2000
    if which == "2":
        day, month = int(said["a2"]), int(said["b2"])
        if month > 12:
            day, month = month, day
    else:
        day = int(said.get("d" + which, 1))  # month and year alone
        month = _month(said)
    try:
        datetime.date(year, month, day)
    except ValueError:
        return None
    return year, month, day


def _month(said: dict[str, str]) -> int:
    """From figures, Roman ones, or a name."""
    word = next(value for name, value in said.items() if name[0] in "mw")
    if word.isdigit():
        return int(word)
    if word.upper() in ROMAN:
        return ROMAN.index(word.upper()) + 1
    return next((number for number, names in enumerate(MONTHS, 1)
                 if re.fullmatch(f"(?:{names})\\.?", word, re.IGNORECASE)), 0)
