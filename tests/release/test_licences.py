"""The verdict's words against what the licences' own texts say."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.support.licences import KNOWN, class_of, describe, verdict


@pytest.mark.parametrize(
    ("licences", "summary", "commercial"),
    [
        ({"a": "Apache-2.0", "b": "MIT"}, "Free to use, also commercially; give credit.", True),
        ({"a": "CC0-1.0"}, "Free to use, also commercially.", True),
        ({"a": "MIT", "b": "CC-BY-SA-4.0"}, "Free to use, also commercially; read strictly, to be shared", True),
        ({"a": "MIT", "b": "CC-BY-NC-4.0"}, "Not for commercial use.", False),
        ({"a": "CC-BY-NC-SA-4.0", "b": "made-up-1.0"}, "Not for commercial use.", False),
        ({"a": "CC-BY-ND-4.0", "b": "CC-BY-NC-4.0"}, "For your own use", False),
        ({"a": "llama3.1"}, "Use within the special terms", False),
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
    assert any("may not be compatible" in point for point in found.points)


def test_expressions_and_case() -> None:
    assert describe("mit") == describe("MIT") == describe("MIT OR CC-BY-NC-4.0")
    assert describe("MIT AND CC-BY-NC-4.0") == "no commercial use"
    assert describe("(MIT OR Apache-2.0) AND CC-BY-NC-4.0") == "no commercial use"
    assert describe("MIT OR Apache-2.0 AND CC-BY-NC-4.0") == describe("MIT OR (GPL-3.0-only)") == "credit the authors"
    for broken in ("", "()", "(MIT", "MIT)", "MIT OR", "AND", "MIT Apache-2.0", "(MIT AND GPL-3.0-only"):
        assert describe(broken) == "not known here"
    assert describe("LicenseRef-house-rules") == "terms of its own, read them"


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from([*KNOWN, "made-up"]), min_size=1, max_size=5), st.sampled_from([*KNOWN, "made-up"]))
def test_one_more_source_never_frees(licences: list[str], more: str) -> None:
    before = verdict({str(index): name for index, name in enumerate(licences)})
    after = verdict({**{str(index): name for index, name in enumerate(licences)}, "more": more})
    assert after.commercial <= before.commercial
    assert class_of(f"{licences[0]} AND {more}") == max(class_of(licences[0]), class_of(more))
