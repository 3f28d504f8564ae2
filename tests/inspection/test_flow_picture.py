"""The river says all that was changed, its numbers add up for a reader, and its words stand apart and inside."""

import html
import re

import pytest
from drawn_text import outside, overlapping, texts

from postgrad.inspection import flow_picture
from postgrad.inspection.curation import Passage
from postgrad.inspection.mixture import Share
from postgrad.inspection.palette import kind_roles

WIDTHS = (640.0, 372.0)
KINDS = ("birth_date", "email", "name", "phone", "record_number", "national_id", "iban", "card", "ip", "mac")
WAY = [
    Passage("read", "filter", 20_000, 19_643, 0,
            {"missing field": 9, "too short": 200, "too long": 110, "language not wanted": 30, "keyword": 8}, {}, {}),
    Passage("read", "redact", 19_643, 19_539, 0, {"holds email, record_number and national_id": 104},
            {f"{kind} replaced": 20 - place for place, kind in enumerate(KINDS)}, {}),
    Passage("mixture", "mix", 19_539, 15_805, 581, {"over the aim of its source": 4315}, {}, {}),
]  # fmt: skip


def said(svg: str) -> str:
    """What stands beside the river."""
    return " ".join(one.words for one in texts(svg) if one.left > 150).replace("\u00a0", " ").replace("\u202f", "")


@pytest.mark.parametrize("width", WIDTHS)
def test_everything_that_was_changed_is_listed(width: float) -> None:
    words = said(flow_picture.river(WAY, width))
    for place, kind in enumerate(KINDS):
        assert f"{20 - place} {kind.replace('_', ' ')} replaced" in words


def test_what_does_not_fit_is_counted_and_told_by_the_tooltip() -> None:
    changed = {f"a long reason to change rows of kind {number}": 90 - number for number in range(30)}
    svg = flow_picture.river([Passage("read", "redact", 100, 100, 0, {}, changed, {})], WIDTHS[1])
    listed = sum(f"{90 - number} a long reason" in said(svg) for number in range(30))
    assert 0 < listed < 30 and f"and {30 - listed} more" in said(svg)
    tips = [html.unescape(tip) for tip in re.findall(r'data-tip="([^"]*)"', svg)]
    assert any(all(reason in tip for reason in changed) for tip in tips)


def test_rows_copies_and_losses_add_up_on_the_picture() -> None:
    words = said(flow_picture.river(WAY, WIDTHS[1]))
    assert "19539 rows +581 copies −4315 over the aim of its source 15805 rows kept 581 of them copies" in words
    assert 19_539 + 581 - 4315 == 15_805


@pytest.mark.parametrize("width", WIDTHS)
def test_words_stand_inside_and_apart(width: float) -> None:
    svg = flow_picture.river([*WAY, Passage("late", "decontaminate", 900, 400, 0, {"overlaps": 500}, {}, {})], width)
    assert not outside(svg) and not overlapping(svg)
    beside = [one for one in texts(svg) if one.left > width * 0.4]
    rows = [index for index, one in enumerate(beside) if re.fullmatch(r"[\d\u202f]+ rows", one.words)]
    assert all(beside[index].y - beside[index - 1].y > 15 for index in rows if index)


def test_a_long_capability_stands_inside() -> None:
    share = Share("instruction_following_with_hard_constraints", "", 10, 1000, 1.0, 0.2, 0.3)
    svg = flow_picture.shares([share], kind_roles([share.name]))
    assert not outside(svg) and not overlapping(svg)
