"""The labelled set's own form: offsets, kinds, checksums, halves. The detectors are measured elsewhere."""

import ipaddress
import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from stdnum.at import vnr
from stdnum.be import nn
from stdnum.br import cpf
from stdnum.ch import ssn as ahv
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.in_ import aadhaar
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.se import personnummer
from stdnum.us import ssn

KINDS = {"email", "phone", "iban", "card", "national_id", "ip", "mac", "birth_date", "record_number", "name"}
NATIONAL_IDS = (
    aadhaar,
    ahv,
    bsn,
    codicefiscale,
    cpf,
    cpr,
    dni,
    fodselsnummer,
    hetu,
    idnr,
    nhs,
    nie,
    nir,
    nn,
    pesel,
    personnummer,
    ssn,
    vnr,
)
NINO = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")
LINES: list[dict[str, Any]] = [
    json.loads(line) for line in (Path(__file__).parent / "labelled.jsonl").read_text(encoding="utf-8").splitlines()
]


def texts(field: str, kind: str) -> list[str]:
    return [line["text"][start:end] for line in LINES for start, end, k in line[field] if k == kind]


def is_iban(text: str) -> bool:
    """ISO 13616: first four characters to the end, letters to numbers from 10, the rest by 97 is 1."""
    plain = re.sub(r"[\s.-]", "", text).upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain):
        return False
    return 2 <= int(plain[2:4]) <= 98 and int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def is_card(text: str) -> bool:
    """Luhn: every second digit from the right doubled, digits summed, a multiple of ten."""
    digits = [int(c) for c in re.sub(r"\D", "", text)][::-1]
    total = sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])
    return 13 <= len(digits) <= 19 and total % 10 == 0


def is_national_id(text: str) -> bool:
    plain = re.sub(r"[\s./]", "", text)
    return bool(NINO.fullmatch(plain.replace("-", ""))) or any(
        number.is_valid(form) for number in NATIONAL_IDS for form in (plain, plain.replace("-", ""))
    )


def is_dialled(text: str) -> bool:
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        try:
            if phonenumbers.is_possible_number(phonenumbers.parse(text, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


def test_offsets_lie_in_the_text_sorted_apart_and_tight() -> None:
    for line in LINES:
        marks = [(start, end) for start, end, _ in sorted(line["spans"] + line["lookalikes"])]
        assert line["spans"] == sorted(line["spans"]) and line["lookalikes"] == sorted(line["lookalikes"]), line
        assert all(0 <= start < end <= len(line["text"]) for start, end in marks), line
        assert all(one[1] <= other[0] for one, other in pairwise(marks)), line
        assert all(line["text"][start:end] == line["text"][start:end].strip() for start, end in marks), line


def test_every_line_has_the_fields_and_known_kinds() -> None:
    for line in LINES:
        assert {"text", "spans", "lookalikes", "shape", "split"} <= set(line) <= {
            "text", "spans", "lookalikes", "shape", "split", "names",
        }  # fmt: skip
        assert {kind for _, _, kind in line["spans"] + line["lookalikes"]} <= KINDS
        assert "names" in line or not any(kind == "name" for _, _, kind in line["spans"])


def test_no_text_stands_twice_and_at_most_three_differ_in_digits_alone() -> None:
    assert max(Counter(line["text"] for line in LINES).values()) == 1
    assert max(Counter(re.sub(r"\d", "0", line["text"]) for line in LINES).values()) <= 3


@pytest.mark.parametrize(("kind", "is_valid"), [("iban", is_iban), ("card", is_card)])
def test_labelled_numbers_pass_their_checksum_and_lookalikes_fail(kind: str, is_valid: Any) -> None:
    assert [text for text in texts("spans", kind) if not is_valid(text)] == []
    assert [text for text in texts("lookalikes", kind) if is_valid(text)] == []


def test_labelled_national_ids_are_valid_in_some_country() -> None:
    assert [text for text in texts("spans", "national_id") if not is_national_id(text)] == []


def test_phones_are_possible_in_some_country() -> None:
    assert [text for text in texts("spans", "phone") if not is_dialled(" ".join(text.split()))] == []


def test_addresses_parse() -> None:
    for text in texts("spans", "ip"):
        ipaddress.ip_address(text)
    mac = re.compile(
        r"([0-9a-f]{1,2}:){5}[0-9a-f]{1,2}|([0-9a-f]{2}-){5}[0-9a-f]{2}|([0-9a-f]{4}\.){2}[0-9a-f]{4}", re.I
    )
    assert [text for text in texts("spans", "mac") if not mac.fullmatch(text)] == []


def test_labelled_names_are_of_the_lines_dictionary() -> None:
    for line in LINES:
        known = {frozenset(re.findall(r"\w+", name.casefold())) for name in line.get("names", [])}
        for start, end, kind in line["spans"]:
            if kind == "name":
                assert frozenset(re.findall(r"\w+", line["text"][start:end].casefold())) in known, line


def test_halves_are_even_in_every_shape_and_close_in_every_kind() -> None:
    for shape in {line["shape"] for line in LINES}:
        halves = Counter(line["split"] for line in LINES if line["shape"] == shape)
        assert abs(halves["dev"] - halves["test"]) <= 1, (shape, halves)
    for field in ("spans", "lookalikes"):
        for kind in KINDS:
            halves = Counter(line["split"] for line in LINES for mark in line[field] if mark[2] == kind)
            assert set(halves) <= {"dev", "test"}
            assert abs(halves["dev"] - halves["test"]) <= max(4, 0.2 * halves.total()), (field, kind, halves)


def test_two_lines_in_five_or_more_hold_lookalikes_or_nothing() -> None:
    hard = sum(not line["spans"] or bool(line["lookalikes"]) for line in LINES)
    assert 0.4 <= hard / len(LINES) <= 0.6
