"""Conditions and verdicts against what the licences' own texts and Creative Commons' chart say."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.support.licence_verdict import verdict
from postgrad.support.licences import NAMED, SPDX, address, conditions, describe, spdx_id

MANY = [*SPDX, "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0", "llama3.1", "made-up"]


@pytest.mark.parametrize(
    ("licences", "summary", "commercial"),
    [
        ({"a": "Apache-2.0", "b": "MIT"}, "Free to use, also commercially; give credit.", True),
        ({"a": "CC0-1.0"}, "Free to use, also commercially.", True),
        ({"a": "MIT", "b": "CC-BY-SA-4.0"}, "Free to use, also commercially; read strictly, to be shared", True),
        ({"a": "MIT", "b": "CC-BY-NC-4.0"}, "Not for commercial use.", False),
        ({"a": "CC-BY-NC-SA-4.0", "b": "made-up-1.0"}, "Not for commercial use. Unclear: at least one", False),
        ({"a": "CC-BY-ND-4.0", "b": "CC-BY-NC-4.0"}, "For your own use", False),
        ({"a": "research only", "b": "MIT"}, "For research only", False),
        ({"a": "llama3.1"}, "Use within the special terms", False),
        ({"a": "llama3.1", "b": "made-up"}, "Unclear", False),
        ({"a": "MIT", "b": "unknown"}, "Unclear", False),
        ({"a": ""}, "Unclear", False),
        ({}, "No licence is on record", False),
    ],
)
def test_verdicts(licences: dict[str, str], summary: str, commercial: bool) -> None:
    found = verdict(licences)
    assert found.summary.startswith(summary)
    assert found.commercial is commercial


def test_every_cause_is_named() -> None:
    found = verdict({"web": "CC-BY-NC-4.0", "forum": "CC-BY-SA-4.0", "code": "GPL-3.0-only", "other": "weird"})
    for name in ("web (CC-BY-NC-4.0)", "forum (CC-BY-SA-4.0)", "other (weird)"):
        assert any(name in point for point in found.points)


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [  # Creative Commons' chart of which licences may be remixed together, row by row of the share-alike ones
        ("CC-BY-SA-4.0", "CC0-1.0", ""),
        ("CC-BY-SA-4.0", "CC-BY-4.0", ""),
        ("CC-BY-SA-4.0", "CC-BY-SA-3.0", ""),
        ("CC-BY-SA-4.0", "CC-BY-NC-4.0", "do not go"),
        ("CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", "do not go"),
        ("CC-BY-SA-4.0", "CC-BY-ND-4.0", "may not go"),
        ("CC-BY-NC-SA-4.0", "CC-BY-NC-4.0", ""),
        ("CC-BY-NC-SA-4.0", "CC-BY-4.0", ""),
        ("CC-BY-NC-SA-4.0", "CC-BY-NC-SA-3.0", ""),
        ("CC-BY-SA-4.0", "GPL-3.0-or-later", ""),  # one way, by CC's list of compatible licences
        ("GPL-2.0-only", "Apache-2.0", "do not go"),  # FSF's list
        ("GPL-2.0-only", "GPL-3.0-only", "may not be compatible"),
        ("GPL-2.0-or-later", "GPL-3.0-only", ""),
        ("CC-BY-SA-4.0", "ODbL-1.0", "may not be compatible"),
        ("CC-BY-SA-4.0", "llama3.1", "may not go"),
        ("MIT", "CC-BY-NC-4.0", ""),
    ],
)
def test_licences_that_cannot_be_heeded_together(left: str, right: str, said: str) -> None:
    for one, other in ((left, right), (right, left)):
        found = verdict({"a": one, "b": other}).conflicts
        assert [said in conflict for conflict in found] == [True] if said else found == ()


def test_the_terms_of_named_licences_are_told_with_their_source() -> None:
    points = verdict({"chats": "OpenAI terms: outputs not for competing models", "base": "Llama 3.1 Community"}).points
    assert any("compete with OpenAI" in point and "https://openai.com" in point for point in points)
    assert any("name that begins with Llama" in point and "https://www.llama.com" in point for point in points)
    assert all(entry.source for entry in NAMED)


def test_expressions_and_case() -> None:
    assert describe("mit") == describe("MIT") == describe("MIT OR CC-BY-NC-4.0") == "credit the authors"
    assert describe("MIT AND CC-BY-NC-4.0") == "no commercial use, credit the authors"
    assert describe("(MIT OR Apache-2.0) AND CC-BY-NC-4.0") == describe("CC-BY-NC-4.0")
    assert describe("MIT OR Apache-2.0 AND CC-BY-NC-4.0") == describe("MIT OR (GPL-3.0-only)") == "credit the authors"
    assert describe("GPL-2.0-only WITH Classpath-exception-2.0") == describe("GPL-2.0+") == describe("GPL-2.0-only")
    for broken in ("", "()", "(MIT", "MIT)", "MIT OR", "AND", "MIT Apache-2.0", "(MIT AND GPL-3.0-only", "MIT WITH"):
        assert describe(broken) == "not known here", broken
    assert describe("Gemma 3 Terms of Use") == describe("gemma") == "terms of its own, read them"
    assert describe("gemma 4") == "not known here"  # Apache-2.0 by now, which the recipe is to say
    assert describe("LicenseRef-house-rules") == "terms of its own, read them"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("apache license, version 2.0", "Apache-2.0"),
        ("MIT License", "MIT"),
        ("CC BY-NC-SA 4.0", "CC-BY-NC-SA-4.0"),
        ("Creative Commons Attribution-ShareAlike 3.0 Unported", "CC-BY-SA-3.0"),
        ("cc-by-3.0-igo", "CC-BY-3.0-IGO"),
        ("cc-by", None),
        ("weird", None),
    ],
)
def test_common_names_are_taken_to_spdx(text: str, found: str | None) -> None:
    assert spdx_id(text) == found
    assert address(text) == (f"https://spdx.org/licenses/{found}.html" if found else None)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(MANY), min_size=1, max_size=5), st.sampled_from(MANY))
def test_one_more_source_never_frees(licences: list[str], more: str) -> None:
    before = verdict({str(index): name for index, name in enumerate(licences)})
    after = verdict({**{str(index): name for index, name in enumerate(licences)}, "more": more})
    assert after.commercial <= before.commercial
    assert conditions(f"{licences[0]} AND {more}") == conditions(licences[0]) | conditions(more)
    assert conditions(f"{licences[0]} OR {more}") in (conditions(licences[0]), conditions(more))
