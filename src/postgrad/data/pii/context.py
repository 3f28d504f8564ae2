"""What stands around a number: the words that make it one of a kind, and those that make it another thing.

Digits of other scripts and dashes of all sorts are read as ASCII ones (`as_ascii`: the same length, so that places in
the one text are places in the other).
"""

import re
import unicodedata

BEFORE, AFTER = 60, 25
"""How far a word may stand from its number, in characters."""
LONG_NUMBER = re.compile(r"\d(?:[ .\-/]?\d){5}")
OTHER_NUMBER = re.compile(
    r"(?:\b(?:order|invoice|part|item|article|product|serial|model|sku|tracking|parcel|shipment|ticket|issue|batch|lot|"
    r"isbn|issn|doi|ean|upc|gtin|asin|imei|catalog(?:ue)?|version|build|"
    r"commit|reference|r[ée]f|vat|ein|siren|siret|kvk|transaction|booking|"
    r"organisations?|handelsregister|ust|artikel|bestell|rechnungs?|auftrags?|serien|teile|sendungs?|chargen?|commande|facture|colis|article|série|"
    r"pedido|factura|artículo|serie|ordine|fattura|articolo|bestelling|factuur|zamówieni[ea]|faktur[ay]|заказ|счёт|счет|"
    r"артикул)"
    r"[\s\-_.]*(?:(?:number|num|no|nr|nummer|numéro|número|numero|id|code|key|n°|nº|№)\b)?[\s.:#=°ºn]*)$",
    re.IGNORECASE)
"""A word before a number that says what else it is."""


class _Ascii(dict[int, int]):
    """Code point → the ASCII one that it is read as; looked up once a character."""

    def __missing__(self, code: int) -> int:
        character = chr(code)
        if character.isdecimal():
            read = ord(str(unicodedata.decimal(character)))
        elif unicodedata.category(character) == "Pd" or character in "\u2212\u00ad":
            read = ord("-")
        elif unicodedata.category(character) == "Zs":
            read = ord(" ")
        elif 0xFF01 <= code <= 0xFF5E:
            read = code - 0xFEE0
        else:
            read = code
        self[code] = read
        return read


class _Small(dict[int, int]):
    """Code point → that of its small letter; the two that regular expressions take for an i and an s as well."""

    def __missing__(self, code: int) -> int:
        self[code] = small = ord({"ı": "i", "ſ": "s"}.get(chr(code), chr(code).lower()[0]))
        return small


_ASCII, _SMALL = _Ascii(), _Small()


def as_ascii(text: str) -> str:
    """The text with digits of any script, dashes, blanks and full-width forms as ASCII; the same length."""
    return text if text.isascii() else text.translate(_ASCII)


def small(text: str) -> str:
    """The text in small letters, the same length: patterns without IGNORECASE are several times faster."""
    return text.lower() if text.isascii() else text.translate(_SMALL)


def compact(text: str) -> str:
    """Its letters and digits alone, in capitals: a number without its grouping."""
    return "".join(filter(str.isalnum, as_ascii(text))).upper()


def cued(text: str, start: int, end: int, cue: re.Pattern[str]) -> bool:
    """Whether a word of `cue` stands shortly before the place, with no other long number between, or right after."""
    before = small(text[max(0, start - BEFORE) : start])
    last = None
    for last in cue.finditer(before):  # noqa: B007 (the last one is wanted)
        pass
    if last is not None and not LONG_NUMBER.search(before, last.end()):
        return True
    after = re.match(r"\s?[(\[,]\s?([^\n)\]\d]{1,25})", small(text[end : end + AFTER]))
    return after is not None and cue.search(after.group(1)) is not None


def another(text: str, start: int) -> bool:
    """Whether the words right before the place say that it is an order number, a version or the like."""
    return OTHER_NUMBER.search(text[max(0, start - 30) : start]) is not None


UNSPACED = re.compile(r"[\u0590-\u06ff\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
"""Scripts that put letters right before or behind a word: Hebrew, Arabic, Thai, Japanese, Chinese, Korean."""


def words(*alternatives: str) -> re.Pattern[str]:
    """A pattern, of a text in small letters, for any of these, each beginning and ending a word; a blank in them is any
    gap, hyphen or `_`."""
    said = [one.replace(" ", r"[\s_\-]*") for one in alternatives]
    spaced = "|".join(one for one in said if not UNSPACED.search(one))
    unspaced = "".join(f"|{one}" for one in said if UNSPACED.search(one))
    return re.compile(rf"(?<![^\W\d_])(?:{spaced})(?![^\W\d_]){unspaced}")
