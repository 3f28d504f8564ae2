"""Dates as people write them in figures and words, in a dozen languages, and the day of the calendar that they mean."""

import datetime
import re

PIVOT = 30
"""Two digits above it are a year of the twentieth century."""
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
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
MONTH = "(?:" + "|".join(MONTHS) + r")\.?"
DAY, MONTH_NUMBER, YEAR = r"[0-3]?\d", r"[01]?\d", r"(?:19|20)\d\d"
TH = r"(?:st|nd|rd|th|er|º|ª|:?e|:a|\.)?"
END = r"(?![\d\-/]|[.,:]\d)"
DATE = (
    rf"(?:(?P<y1>{YEAR})(?P<s1>[\-/.\s])(?P<m1>{MONTH_NUMBER})(?P=s1)(?P<d1>{DAY})"
    rf"|(?P<a2>{DAY})(?P<s2>[\-/.]|\.\s|\s|\s?/\s?)(?P<b2>{DAY})(?P=s2)(?P<y2>{YEAR}|\d\d)"
    rf"|(?P<d3>{DAY}){TH}[\s\-/.]*(?:of |de |d')?(?P<w3>{MONTH})"
    rf"[\s\-/.,]*(?:de |del )?(?P<y3>{YEAR}|'?\d\d)"
    rf"|(?P<w4>{MONTH})[\s\-]*(?P<d4>{DAY}){TH},?[\s\-]+(?P<y4>{YEAR})"
    rf"|(?P<y5>{YEAR})\s?[年년]\s?(?P<m5>{MONTH_NUMBER})\s?[月월]\s?(?P<d5>{DAY})\s?[日일]"
    rf"|(?P<y6>{YEAR})(?P<m6>[01]\d)(?P<d6>[0-3]\d)"
    rf"|(?P<d7>{DAY})[\s.]+(?P<m7>[IVX]{{1,4}})[\s.]+(?P<y7>{YEAR})"
    rf"|(?P<w8>{MONTH}),?\s+(?:of |de |del )?(?P<y8>{YEAR}|'\d\d)"
    rf"|(?:[?x_\-]{{2}}[./\-])?(?P<m9>[01]?\d)[./\-](?P<y9>{YEAR})"
    rf"|(?P<y0>{YEAR})-(?P<m0>[01]\d)){END}")
DATES = re.compile(rf"(?<![0-9A-Za-z_/\-])(?<!\d[.,])(?:{DATE})", re.IGNORECASE)
DATE_LIKE = re.compile(
    r"\d(?:(?<=1)9\d\d|(?<=2)0\d\d|\d?(\s?[./\-])\s?\d\d?\1\s?\d\d|\d{5}|\W{0,3}+[^\W\d]{3,}+\W{0,3}+\d\d)"
    r"|'(?<=[^\W\d]{3} ')\d\d")
"""Cheap first look: only texts with such a stretch can hold a date with a year."""
YEARLESS = re.compile(
    rf"(?<![\w/\-])(?:(?:the )?{DAY}{TH}\s?(?:of |de )?{MONTH}|{MONTH}\s{DAY}{TH}"
    rf"|{DAY}[./]{MONTH_NUMBER}\.?)(?![\w/\-]|[.,:]\d|,?\s*(?:of |de |del )?\d{{3,4}})", re.IGNORECASE)
ODD = re.compile(
    rf"(?<![\w./\-])(?:\d{{1,4}}([./\-])\d{{1,2}}\1\d{{1,4}}|[0-3]\d[01]\d\d\d|\d\d[01]\d[0-3]\d|[0-3]\d[01]\d{YEAR}"
    rf"|(?:明治|大正|昭和|平成|令和|[MTSHR])\d{{1,2}}[年./\-]\d\d?[月./\-]\d\d?日?){END}")
"""What only a word right before it makes a date: six digits, other calendars, days that do not exist."""


def parse(match: re.Match[str]) -> tuple[int, int, int] | None:
    """(year, month, day) of a match of `DATES`, day before month where both can be, day 1 where none is said; None if
    there is no such day.
    """
    said = {name: value for name, value in match.groupdict().items() if value is not None}
    which = next(name[1] for name in said if name[0] == "y")
    year = int(said["y" + which].strip("'"))
    if year < 100:
        year += 1900 if year > PIVOT else 2000
    if which == "2":
        day, month = int(said["a2"]), int(said["b2"])
        if month > 12:
            day, month = month, day
    else:
        day, month = int(said.get("d" + which, 1)), _month(said)
    try:
        datetime.date(year, month, day)
    except ValueError:
        return None
    return year, month, day


def _month(said: dict[str, str]) -> int:
    """From figures, Roman ones, or a name; 0 for none."""
    word = next(value for name, value in said.items() if name[0] in "mw")
    if word.isdigit():
        return int(word)
    if word.upper() in ROMAN:
        return ROMAN.index(word.upper()) + 1
    return next((number for number, names in enumerate(MONTHS, 1)
                 if re.fullmatch(f"(?:{names})\\.?", word, re.IGNORECASE)), 0)
