"""Account, card and national numbers: whatever python-stdnum calculates is found wherever it is put; one wrong digit
and it is not. (US social security numbers have no check digit: there it is the unissued areas that are not found.)"""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban, luhn, verhoeff
from stdnum.at import vnr as at_vnr
from stdnum.br import cpf
from stdnum.de import idnr
from stdnum.es import dni
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.se import personnummer

from postgrad.data.pii import checks
from postgrad.data.pii.cards import find_cards
from postgrad.data.pii.ibans import find_ibans
from postgrad.data.pii.kinds import Spans
from postgrad.data.pii.national_ids import FORMS, find_national_ids, holds

FILLER = st.text(alphabet="abcdefg äöü.,;:!?\n", max_size=30)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text(alphabet="0123456789", min_size=count, max_size=count)


def said(text: str, spans: Spans) -> list[str]:
    return [text[start:end] for start, end in spans]


def grouped(number: str, size: int = 4) -> str:
    return " ".join(number[at : at + size] for at in range(0, len(number), size))


def corrupted(number: str, place: int, shift: int) -> str:
    """The same with one digit (the `place`-th, counted round) made another."""
    at = [index for index, letter in enumerate(number) if letter.isdigit()]
    where = at[place % len(at)]
    return number[:where] + str((int(number[where]) + 1 + shift % 9) % 10) + number[where + 1 :]


BBAN = {"DE": 18, "AT": 16, "NO": 11, "DK": 14, "CH": 17, "PL": 24}


@given(st.sampled_from(sorted(BBAN)), st.data(), FILLER, FILLER, st.booleans(), st.integers(0, 30), st.integers(0, 8))
def test_an_iban_is_found_anywhere_and_never_with_a_wrong_digit(
    country: str, data: st.DataObject, before: str, after: str, spaced: bool, place: int, shift: int
) -> None:
    bban = data.draw(digits(BBAN[country]))
    number = country + iban.calc_check_digits(f"{country}00{bban}") + bban
    if not iban.is_valid(number, check_country=False):  # national check digits of its own
        return
    text = f"{before} {grouped(number) if spaced else number} {after}"
    assert said(text, find_ibans(text)) == [grouped(number) if spaced else number]
    wrong = corrupted(number, place, shift)
    assert find_ibans(f"{before} {grouped(wrong) if spaced else wrong} {after}") == []


@given(st.sampled_from([("4", 16), ("51", 16), ("2221", 16), ("6011", 16), ("34", 15), ("36", 14), ("3528", 16)]),
       digits(16), FILLER, FILLER, st.booleans(), st.integers(0, 15), st.integers(0, 8))
def test_a_card_is_found_anywhere_and_never_with_a_wrong_digit(
    issuer: tuple[str, int], rest: str, before: str, after: str, spaced: bool, place: int, shift: int
) -> None:
    prefix, length = issuer
    body = (prefix + rest)[: length - 1]
    number = body + luhn.calc_check_digit(body)
    written = {16: grouped(number), 15: f"{number[:4]} {number[4:10]} {number[10:]}",
               14: f"{number[:4]} {number[4:10]} {number[10:]}"}[length] if spaced else number
    text = f"{before} {written} {after}"
    assert said(text, find_cards(text)) == [written]
    assert find_cards(f"{before} card {corrupted(written, place, shift)} {after}") == []


@given(st.integers(1, 899), st.integers(1, 99), st.integers(1, 9999), FILLER, FILLER)
def test_a_social_security_number_is_found_and_an_unissued_area_is_not(
    area: int, group: int, serial: int, before: str, after: str
) -> None:
    number = f"{area:03}-{group:02}-{serial:04}"
    text = f"{before} {number} {after}"
    issued = area != 666 and number not in ("078-05-1120", "457-55-5462", "219-09-9999") and len(set(number)) > 2
    assert said(text, find_national_ids(text)) == ([number] if issued else [])
    assert find_national_ids(f"{before} 000-{group:02}-{serial:04} {after}") == []


@given(st.randoms(use_true_random=False), st.sampled_from(["nhs", "cpf", "aadhaar", "bsn", "dni", "nir"]), FILLER,
       st.integers(0, 20), st.integers(0, 8))
def test_national_numbers_by_their_calculators(
    chance: random.Random, kind: str, after: str, place: int, shift: int
) -> None:
    def some(count: int) -> str:
        return "".join(chance.choice("0123456789") for _ in range(count))

    match kind:
        case "nhs":
            body = "9" + some(8)
            check = -sum((10 - index) * int(digit) for index, digit in enumerate(body)) % 11
            if check == 10:
                return
            number, cue = f"{body}{check}", "NHS number"
        case "cpf":
            body = some(9)
            number, cue = cpf.format(body + cpf._calc_check_digits(body)), "CPF"
        case "aadhaar":
            body = "2" + some(10)
            number, cue = grouped(body + verhoeff.calc_check_digit(body)), "Aadhaar"
        case "bsn":
            body = "1" + some(7)
            check = sum((9 - index) * int(digit) for index, digit in enumerate(body)) % 11
            if check == 10:
                return
            number, cue = f"{body}{check}", "BSN"
        case "dni":
            body = some(8)
            number, cue = body + dni.calc_check_digit(body), "DNI"
        case _:
            body = f"1{chance.randrange(100):02}{chance.randrange(1, 13):02}75{some(6)}"
            number, cue = body + nir.calc_check_digits(body), "NIR"
    if len(set(filter(str.isdigit, number))) == 1:
        return
    text = f"{cue}: {number} {after}"
    assert said(text, find_national_ids(text)) == [number]
    wrong = corrupted(number, place, shift)
    if kind == "cpf" and cpf.is_valid(wrong):
        return  # remainders 0 and 10 share a check digit, so that one wrong digit can pass
    assert find_national_ids(f"{cue}: {wrong} {after}") == []


@pytest.mark.parametrize("text", [
    "943 476 5919", "order 943 476 5919", "111222333", "call 44051401359 units", "36 574 261 809",
    "Order no. 123-45-6789", "id_123-45-6789", "123-45-6789-1", "v123-45-6789", "DNI 54362315A",
])
def test_bare_digits_and_look_alikes_stay(text: str) -> None:
    assert find_national_ids(text) == []


@pytest.mark.parametrize(("module", "number"), [
    (nhs, "943 476 5919"), (idnr, "36 574 261 809"), (pesel, "44051401359"), (bsn, "111222333"),
    (at_vnr, "1237 010180"), (personnummer, "880320-0016"),
])
def test_numbers_of_the_librarys_own_documentation(module: object, number: str) -> None:
    name = module.__name__.removeprefix("stdnum.")  # type: ignore[attr-defined]
    form = next(form for form in FORMS if form.check == name)
    assert holds(form, number)


def test_checks_that_the_library_lacks_accept_published_numbers_and_no_neighbour() -> None:
    published = {
        checks.svnr_de: "15 070649 C 103",  # Deutsche Rentenversicherung's own sample
        checks.kvnr: "A123456780",  # gematik's sample
        checks.snils: "112-233-445 95",  # the Pension Fund's sample
        checks.nric_sg: "S1234567D",
    }
    for check, number in published.items():
        check(number)
        for place in range(sum(map(str.isdigit, number))):
            wrong = corrupted(number, place, 0)
            with pytest.raises(Exception, match=r"."):
                check(wrong)


def test_a_heading_of_a_table_is_a_word_for_its_column() -> None:
    from postgrad.data.pii.find import find
    from postgrad.data.pii.kinds import Redaction

    text = "| Name | SSN | MRN | Born |\n|---|---|---|---|\n| A | 123456789 | 883412 | 1970-05-03 |"
    found = find(text, Redaction({"national_id": "replace", "record_number": "replace", "birth_date": "replace"}))
    assert [(text[one.start : one.end], one.kind) for one in found] == [
        ("123456789", "national_id"), ("883412", "record_number"), ("1970-05-03", "birth_date")]


def test_a_number_of_four_digits_needs_no_other_number_beside_it() -> None:
    assert find_national_ids("PAN: ACUPA7085R.") == [(5, 15)]  # of stdnum's documentation
