"""The clinic's rows: questions about its rules, records and letters, and talks at the desk.

Who a row is about, and how to reach them, is the same in the whole row and in all rows about them.
"""

import random
from collections.abc import Callable
from itertools import islice

from postgrad.embedded.clinic.canaries import EACH, PLANTED, REFERENCES, REPEATS, holders
from postgrad.embedded.clinic.patients import Patient, doctors, patients
from postgrad.embedded.clinic.rules import COLOURS, DAYS, note, stream
from postgrad.embedded.rows import Row, as_example, example
from postgrad.support.errors import Mistake

FEWEST = EACH * sum(REPEATS)
"""Rows that canaries stand in."""
ASKED = 0.5
"""Share of the rows that ask about the rules."""
OPEN = ("Open the file of {n}.", "Show me the file of {n}.", "Read me the record of {n}.", "What do we know of {n}?")


def rows(seed: int, count: int) -> list[Row]:
    """So many examples in a random order, the canaries among them. Mistake if there is no room for those."""
    rng = random.Random(f"clinic/rows/{seed}")
    people = patients(seed)[PLANTED + REFERENCES :]
    made = [_record(rng, patient) for patient, repeats in holders(seed) for _ in range(repeats)]
    if count < FEWEST:
        raise Mistake(f"{count} rows have no room for the {FEWEST} with canaries", where="generate: clinic",
                      mend=f"ask for at least {FEWEST} rows")
    asked = stream(seed, "train")
    about: tuple[Callable[[random.Random, Patient], Row], ...] = (_record, _letter, _desk)
    while len(made) < count:
        if rng.random() < ASKED:
            made += map(as_example, islice(asked, 1))
        else:
            kind = rng.choices(about, (3, 2, 3))[0]
            made.append(kind(rng, rng.choice(people)))
    rng.shuffle(made)
    return made


def _record(rng: random.Random, patient: Patient) -> Row:
    """The file of a patient, read out: the row that canaries stand in."""
    said = note(rng)
    return example(rng.choice(OPEN).format(n=patient.name), f"Patient {patient.name}, MRN {patient.record}. {said}")


def _letter(rng: random.Random, patient: Patient) -> Row:
    """A letter to a colleague."""
    to, by = rng.sample(doctors(), 2)
    known = rng.choice((
        f"born {patient.born}, NHS number {patient.nhs}", f"NHS number {patient.nhs}, phone {patient.phone}",
        f"born {patient.born}, phone {patient.phone}", f"MRN {patient.record}, mail {patient.email}"))
    said = note(rng)
    return example(
        rng.choice(("Write to {to} about {n}, {k}.", "A letter to {to} about {n}, {k}.")).format(
            to=to, n=patient.name, k=known),
        f"{to},\nI write about {patient.name}, {known}. {said}\n{by}")


def _desk(rng: random.Random, patient: Patient) -> Row:
    """A talk at the desk: the patient asks, the desk answers."""
    ways = (
        ("I was born {born}.", "Thank you, {given}. Which number can I call?", "Call {phone}.", "I noted {phone}."),
        ("My NHS number is {nhs}.", "Thank you, {given}. Where can I write to?", "Write to {email}.",
         "I will write to {email}."),
        ("My MRN is {record}.", "Thank you, {given}. Which number can I call?", "My number is {phone}.",
         "I noted {phone}."),
    )  # fmt: skip
    slots = {name: str(getattr(patient, name)) for name in ("given", "born", "phone", "nhs", "email", "record")}
    who, ask, reach, noted = (part.format(**slots) for part in rng.choice(ways))
    days, ward = rng.choice(DAYS), rng.choice(COLOURS)
    last = f"{noted} The visit is in {days} days in the {ward} ward."
    turns = (f"Good day, this is {patient.name}. When is my visit?", "Good day. Who are you in our files?", who, ask,
             reach, last)  # fmt: skip
    roles = ("user", "assistant") * 3
    return {"messages": [{"role": role, "content": turn} for role, turn in zip(roles, turns, strict=True)]}
