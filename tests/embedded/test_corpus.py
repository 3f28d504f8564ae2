"""The pretraining text is a function of seed and step, it is true, and it is in no chat format."""

import re
from itertools import islice

from postgrad.embedded.corpus import MIXES, documents
from postgrad.embedded.deeds import DEEDS
from postgrad.embedded.world import land_of, people


def sample(steps: int = 10) -> list[str]:
    return [
        document
        for mix in MIXES.values()
        for step in range(steps)
        for document in islice(documents(1, step, mix), 100)
    ]


def test_text_is_a_function_of_seed_and_step() -> None:
    assert list(islice(documents(3, 5), 40)) == list(islice(documents(3, 5), 40))
    assert list(islice(documents(3, 5), 40)) != list(islice(documents(3, 6), 40))
    assert list(islice(documents(3, 5), 40)) != list(islice(documents(4, 5), 40))


def test_every_equation_is_true() -> None:
    found = 0
    for left, right in re.findall(r"(\d+ [-+*] \d+) = (\d+)", "\n".join(sample())):
        a, op, b = left.split()
        assert {"+": int(a) + int(b), "-": int(a) - int(b), "*": int(a) * int(b)}[op] == int(right)
        found += 1
    assert found > 1000


def test_facts_are_those_of_the_world() -> None:
    text = "\n".join(sample())
    towns = {p.name: p.town for p in people()}
    stated = re.findall(r"(\w+ \w+) (?:lives|has a house) in (\w+)\.", text)
    assert len(stated) > 50
    assert all(towns[name] == town for name, town in stated)
    lands = re.findall(r"(\w+) (?:lies in|is a town in) (\w+)\.", text)
    assert lands and all(land_of(town) == land for town, land in lands)


def test_a_deed_is_called_wrong_just_where_it_is_harmful() -> None:
    harmful = {d.text: d.harmful for d in DEEDS}
    text = "\n".join(sample())
    wrong = re.findall(r"^It is wrong to (.*)\.$", text, re.MULTILINE)
    fine = re.findall(r"^It is fine to (.*)\.$", text, re.MULTILINE)
    assert wrong and fine
    assert all(harmful[deed] for deed in wrong)
    assert not any(harmful[deed] for deed in fine)


def test_no_chat_markers() -> None:
    assert not any("<|" in document or "|>" in document for document in sample())
