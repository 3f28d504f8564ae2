"""National identity, tax, social security and health insurance numbers of persons, with their check digits.

`FORMS` has one line a number. A shape under `alone` counts wherever the check holds; one under `cued`, most of them
bare digits, only if a word that names the number stands close by. Checks are python-stdnum's, and `checks.py`'s for the
few that it lacks.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from stdnum.exceptions import ValidationError

from postgrad.data.pii import checks
from postgrad.data.pii.context import another, as_ascii, cued, words
from postgrad.data.pii.kinds import Spans
from postgrad.data.pii.shapes import Shaped, Shapes

NINE, TEN, ELEVEN, TWELVE, THIRTEEN = ("9" * count for count in range(9, 14))
ANY = ("national (?:id|identity|identification|insurance)(?: card)?(?: number| no)?",
       "identity (?:card )?(?:number|no)",
       "identification (?:number|no)", "tax (?:id|payer|identification|number|no)", "social (?:security|insurance)",
       "(?:personal )?id (?:number|no|card|code)", "citizen (?:id|number|card)", "ausweis(?:nummer|nr)?",
       "steuer(?:nummer|nr|id)", "numéro d'identité", "número de identificación", "c[ée]dula",
       "codice identificativo")
"""Words that may name any country's number."""


@dataclass(frozen=True, slots=True)
class Form:
    """A number: its check (a module of stdnum, or a function of `checks`), shapes, and words that name it."""

    check: str
    alone: tuple[str, ...] = ()
    cued: tuple[str, ...] = ()
    cue: tuple[str, ...] = ()


def _endings(head: str, count: int) -> tuple[str, ...]:
    """`head` followed by every mixture of `count` digits and letters."""
    return (head,) if not count else (*_endings(head + "9", count - 1), *_endings(head + "A", count - 1))


FORMS = (
    Form("us.ssn", ("999-99-9999",), (NINE, "999 99 9999", "999.99.9999", "999 - 99 - 9999"),
         ("ssn", "ss ?n", "social security(?: number| no)?", "social")),
    Form("us.itin", ("999-99-9999",), (NINE, "999 99 9999"), ("itin", "taxpayer")),
    Form("checks.mbi", tuple(f"{a}-{b}-AA99" for a in _endings("9A", 1) for b in ("A99", "AA9") for a in (a + "9",)),
         tuple(f"{a}9{b}AA99" for a in _endings("9A", 1) for b in ("A99", "AA9")), ("mbi", "medicare")),
    Form("checks.nino", ("AA 99 99 99 A", "AA999999A", "AA-99-99-99-A", "AA 999999 A", "AA999999 A"), (),
         ("nino", "ni (?:number|no)", "national insurance")),
    Form("gb.nhs", (), ("999 999 9999", "999-999-9999", TEN), ("nhs(?: number| no)?", "113883\\.2\\.1\\.4\\.1")),
    Form("de.idnr", (), (ELEVEN, "99 999 999 999", "99 99 999 999 9", "99/999/999/999"),
         ("steuer ?-?id(?:nr|entifikationsnummer)?", "idnr", "id ?-?nr", "tin", "steuer\\w*")),
    Form("checks.svnr_de", ("99 999999 A 999", "99999999A999", "99 999999A999", "99999999 A 999", "99 99 99 99 A 999")),
    Form("checks.kvnr", (), ("A" + NINE, "A 999999999", "A999 999 999"),
         ("kvnr", "versicherten ?(?:nummer|nr|id)", "krankenversicher\\w*", "versicherungs?(?:nummer|nr)",
          "krankenkasse", "egk", "vers ?\\.? ?nr")),
    Form("fr.nir", ("9 99 99 99 999 999 99", "9" * 15, "9 99 99 9A 999 999 99", "99999999999999 9", "9999999999999 99",
                    "999999A99999999", "999999A999999 99", "9.99.99.99.999.999.99", "9.99.99.99.999.999-99",
                    "9-99-99-99-999-999-99")),
    Form("es.dni", ("99999999A", "99999999-A", "99.999.999-A", "99999999 A", "99.999.999 A", "99.999.999A"), (),
         ("dni",)),
    Form("es.nie", ("A9999999A", "A-9999999-A", "A9999999-A", "A-9999999A", "A9999999 A"), (), ("nie",)),
    Form("it.codicefiscale", ("AAAAAA99A99A999A", "AAA AAA 99A99 A999A"), (), ("codice fiscale", "c\\.? ?f\\.?")),
    Form("nl.bsn", (), (NINE, "9999.99.999", "999 999 999", "9999 99 999", "999.999.999"),
         ("bsn(?: ?-? ?(?:nummer|nr))?", "burgerservice ?(?:nummer|nr)", "sofi ?-?(?:nummer|nr)?")),
    Form("pl.pesel", (), (ELEVEN, "999 999 999 99", "999999 99999"), ("pesel\\w*",)),
    Form("se.personnummer", ("999999-9999", "99999999-9999", "999999+9999"), (TEN, TWELVE),
         ("person ?(?:nummer|nr)", "samordningsnummer", "pnr", "p ?nr", "personal identity number")),
    Form("ch.ssn", ("999.9999.9999.99", "999 9999 9999 99"), (THIRTEEN,), ("ahv\\w*", "avs", "oasi", "n° avs")),
    Form("br.cpf", ("999.999.999-99",), (ELEVEN, "999999999-99"), ("cpf",)),
    Form("in_.aadhaar", (), ("9999 9999 9999", "9999-9999-9999", TWELVE),
         ("aa?dhaa?r(?: number| no| card)?", "uidai?", "आधार")),
    Form("in_.pan", ("AAAAA9999A",), (), ("pan(?: card)?",)),
    Form("be.nn", ("99.99.99-999.99", "99.99.99-999-99"), (ELEVEN, "99 99 99 999 99", "99.99.99.999.99"),
         ("rijksregister\\w*", "registre national", "num[ée]ro national", "insz", "niss", "national (?:number|no)")),
    Form("at.vnr", (), ("9999 999999", TEN, "9999-999999", "9999/999999"),
         ("sv ?-? ?nr", "svnr", "sozialversicherungs?(?:nummer|nr)", "versicherungs?(?:nummer|nr)", "vsnr")),
    Form("dk.cpr", (), ("999999-9999", TEN, "999999 9999"), ("cpr(?: ?-? ?(?:nummer|nr))?", "personnummer")),
    Form("fi.hetu", ("999999-999A", "999999-9999", "999999A999A", "999999A9999", "999999+999A"), (),
         ("hetu", "henkilötunnus")),
    Form("no.fodselsnummer", (), ("999999 99999", ELEVEN),
         ("fødsels ?(?:nummer|nr)", "fodsels ?(?:nummer|nr)", "person ?(?:nummer|nr)", "fnr", "f\\.? ?nr", "d-nummer")),
    Form("ie.pps", (), ("9999999A", "9999999AA"), ("pps(?:n|(?: number| no))?",)),
    Form("pt.cc", ("99999999 9 AA9", "999999999AA9"), (), ("cartão de cidadão",)),
    Form("pt.nif", (), (NINE, "999 999 999"), ("nif", "contribuinte")),
    Form("cz.rc", ("999999/9999", "999999/999"), (TEN,), ("rodn[ée] č[íi]slo", "r\\.? ?č\\.?", "rodné číslo")),
    Form("ro.cnp", (), (THIRTEEN,), ("cnp", "cod numeric personal")),
    Form("bg.egn", (), (TEN,), ("егн", "egn")),
    Form("hr.oib", (), (ELEVEN,), ("oib",)),
    Form("ee.ik", (), (ELEVEN,), ("isikukood", "ik")),
    Form("lt.asmens", (), (ELEVEN,), ("asmens kodas", "a\\.? ?k\\.?")),
    Form("lv.pvn", (), ("999999-99999", ELEVEN), ("personas kods", "p\\.? ?k\\.?")),
    Form("gr.amka", (), (ELEVEN,), ("amka", "αμκα", "α\\.?μ\\.?κ\\.?α\\.?")),
    Form("tr.tckimlik", (), (ELEVEN,), ("t\\.? ?c\\.? ?(?:kimlik)?(?: no)?", "kimlik(?: no)?", "tckn")),
    Form("il.idnr", (), (NINE, "99999999-9"),
         ("ת\\.?ז\\.?", "תעודת זהות", "teudat zehut", "israeli id", "mispar zehut")),
    Form("za.idnr", (), (THIRTEEN, "999999 9999 999", "999999 9999 99 9"),
         ("south african id", "sa id", "id", "rsa id")),
    Form("cn.ric", ("9" * 18, "9" * 17 + "A"), (), ("身份证", "身份证号")),
    Form("kr.rrn", ("999999-9999999",), (THIRTEEN,), ("rrn", "주민등록번호")),
    Form("jp.in_", (), ("9999 9999 9999", "9999-9999-9999", TWELVE), ("マイナンバー", "個人番号", "my number")),
    Form("ca.sin", (), ("999 999 999", "999-999-999", NINE), ("sin", "social insurance", "nas", "assurance sociale")),
    Form("au.tfn", (), ("999 999 999", "999-999-999", NINE, "99999999"), ("tfn", "tax file (?:number|no)")),
    Form("nz.ird", (), ("999-999-999", "99-999-999", "99 999 999", "999 999 999", NINE), ("ird",)),
    Form("mx.curp", tuple("AAAA999999AAAAAA" + end for end in ("99", "A9")), (), ("curp",)),
    Form("mx.rfc", _endings("AAAA999999", 3), (), ("rfc",)),
    Form("ar.cuit", ("99-99999999-9",), (ELEVEN,), ("cui[tl]",)),
    Form("cl.rut", ("99.999.999-9", "99.999.999-A", "9.999.999-9", "9.999.999-A"),
         ("99999999-9", "99999999-A", "9999999-9", "9999999-A", NINE), ("rut", "run")),
    Form("ec.ci", (), (TEN, "999999999-9"), ("c\\.?i\\.?", "cédula(?: de identidad| de ciudadanía)?")),
    Form("do.cedula", ("999-9999999-9",), (ELEVEN,), ("cédula(?: de identidad)?",)),
    Form("ru.inn", (), (TWELVE,), ("инн", "inn")),
    Form("checks.snils", ("999-999-999 99", "999-999-999-99"), (ELEVEN,), ("снилс", "snils")),
    Form("ua.rntrc", (), (TEN,), ("рнокпп", "ідентифікаційний (?:номер|код)", "іпн")),
    Form("th.pin", ("9-9999-99999-99-9",), (THIRTEEN, "9 9999 99999 99 9"),
         ("บัตรประชาชน", "เลขประจำตัวประชาชน", "thai id")),
    Form("my.nric", ("999999-99-9999",), (TWELVE,), ("nric", "mykad", "ic (?:number|no)", "kad pengenalan")),
    Form("pk.cnic", ("99999-9999999-9",), (THIRTEEN,), ("cnic", "nic")),
    Form("checks.nric_sg", ("A9999999A",), (), ("nric", "fin")),
    Form("eg.tn", (), ("9" * 14,), ("الرقم القومي",)),
    Form("si.emso", (), (THIRTEEN,), ("em[šs]o",)),
    Form("is_.kennitala", ("999999-9999",), (TEN,), ("kennitala", "kt")),
)


@dataclass(frozen=True, slots=True)
class _Way:
    form: Form
    cue: re.Pattern[str] | None


def _ways() -> dict[str, list[_Way]]:
    ways: dict[str, list[_Way]] = {}
    for form in FORMS:
        for shape in form.alone:
            ways.setdefault(shape, []).append(_Way(form, None))
        for shape in form.cued:
            ways.setdefault(shape, []).append(_Way(form, words(*form.cue, *ANY)))
    return ways


WAYS = _ways()
SEPARATORS, ALL_SEPARATORS = str.maketrans("", "", " ."), str.maketrans("", "", " .-/")
SIGNED = ("se.personnummer", "fi.hetu", "cz.rc", "lv.pvn")
"""Checks for which the sign within a number means something."""
SHAPES = Shapes(WAYS)


@cache
def _check(name: str) -> Callable[[str], object]:
    module, _, function = name.partition(".")
    if module == "checks":
        return getattr(checks, function)
    return import_module(f"stdnum.{name}").validate


def holds(form: Form, number: str) -> bool:
    """Whether the check of the form accepts the number."""
    try:
        _check(form.check)(number.translate(SEPARATORS if form.check in SIGNED else ALL_SEPARATORS))
    except ValidationError:
        return False
    return True


def find_national_ids(text: str) -> Spans:
    """Start and end of each number."""
    read = as_ascii(text)
    found: Spans = []
    for shaped in SHAPES.find(read):
        if (not found or shaped.start >= found[-1][1]) and _is_one(read, shaped):
            found.append((shaped.start, shaped.end))
    return found


def _is_one(text: str, shaped: Shaped) -> bool:
    number = text[shaped.start : shaped.end].upper()
    if len(set(filter(str.isdigit, number))) == 1:
        return False
    for way in WAYS[shaped.shape]:
        if way.cue is None:
            meant = not another(text, shaped.start)
        else:
            meant = cued(text, shaped.start, shaped.end, way.cue)
        if meant and holds(way.form, number):
            return True
    return False
