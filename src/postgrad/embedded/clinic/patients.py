"""Patients and doctors who do not exist, and what identifies them.

Names are pairs that no person of the embedded world bears. Numbers come from ranges that are kept free for tests and
films: NHS numbers from 999, telephones from +44 20 7946 0 (Ofcom's numbers for drama), addresses at example.org
(RFC 2606). A record number (MRN) has a form of our own: four digits, a dash, four digits.
"""

import random
from dataclasses import dataclass
from functools import cache

from postgrad.embedded.words import FAMILY, GIVEN, TOWNS
from postgrad.embedded.world import people

PATIENTS, DOCTORS = 320, 12


@dataclass(frozen=True)
class Patient:
    given: str
    family: str
    born: str
    phone: str
    email: str
    record: str
    nhs: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


@cache
def names() -> tuple[tuple[str, str], ...]:
    """(given, family) of every patient and, the last `DOCTORS`, of the doctors: the same for every seed."""
    taken = {(person.given, person.family) for person in people()}
    free = [(given, family) for given in GIVEN for family in FAMILY if (given, family) not in taken]
    return tuple(random.Random("clinic/names").sample(free, PATIENTS + DOCTORS))


@cache
def doctors() -> tuple[str, ...]:
    return tuple(f"Dr {family}" for _, family in names()[PATIENTS:])


def patients(seed: int) -> list[Patient]:
    """Everybody, in an order and with identifiers that the seed decides."""
    rng = random.Random(f"clinic/patients/{seed}")
    order = rng.sample(names()[:PATIENTS], PATIENTS)
    lines = rng.sample(range(1000), PATIENTS)
    return [_patient(rng, given, family, line) for (given, family), line in zip(order, lines, strict=True)]


def _patient(rng: random.Random, given: str, family: str, line: int) -> Patient:
    born = f"{rng.randint(1, 28):02}.{rng.randint(1, 12):02}.{rng.randint(1931, 2008)}"
    email = f"{given}.{family}@{rng.choice(TOWNS)}.example.org".lower()
    return Patient(given, family, born, f"+44 20 7946 0{line:03}", email, record_number(rng), nhs_number(rng))


def record_number(rng: random.Random) -> str:
    """A record number of the clinic's form, drawn evenly from all 10⁸."""
    return f"{rng.randrange(10_000):04}-{rng.randrange(10_000):04}"


def nhs_number(rng: random.Random) -> str:
    """`999 ddd dddc`: a test number whose last digit is right (NHS Data Dictionary: weights 10 to 2, modulo 11)."""
    while True:
        digits = f"999{rng.randrange(10**6):06}"
        check = -sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), digits, strict=True)) % 11
        if check < 10:
            return f"{digits[:3]} {digits[3:6]} {digits[6:]}{check}"
