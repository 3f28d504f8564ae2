"""The raw sources hold the flaws that are said to be in them, where they are said to be, and no other."""

import json
import re
from pathlib import Path

import pytest

from postgrad.embedded.flaws import BROKEN_KINDS
from postgrad.embedded.rows import Row, question_of
from postgrad.embedded.sources import GENERATORS, problems, raw_lines

CAPABILITIES = ("math", "instructions", "knowledge", "safety")
ROWS = 3000


def sound(line: bytes) -> Row | None:
    """The row of a line, or None where a strict reader of examples would reject it."""
    try:
        row = json.loads(line.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        return None
    messages = row.get("messages")
    if not messages or [m["role"] for m in messages] != ["user", "assistant"]:
        return None
    return row if all(m["content"].strip() for m in messages) else None


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_planted_flaws_are_where_they_are_said_to_be(capability: str) -> None:
    lines, planted = raw_lines(capability, 1, ROWS)
    at = planted.lines
    assert len(lines) == ROWS
    assert {i for i, line in enumerate(lines) if sound(line) is None} == {i for k in BROKEN_KINDS for i in at[k]}
    texts = [line.decode("utf-8", "replace") for line in lines]
    assert {i for i, text in enumerate(texts) if "@" in text} == set(at["email"])
    assert {i for i, text in enumerate(texts) if re.search(r"\+1 202-555-01\d\d", text)} == set(at["phone"])
    assert {i for i, text in enumerate(texts) if len(text) > 3000} == set(at["long"])
    for i in at["duplicate"]:
        assert lines.count(lines[i]) > 1
    once = [line for i, line in enumerate(lines) if i not in at["duplicate"]]
    if capability in ("math", "instructions"):  # the others ask the same in rounds once every question was asked
        assert len(set(once)) == len(once)


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_contaminated_rows_are_few_and_no_other_row_is(capability: str) -> None:
    held = {question_of(row) for row in problems(f"world_{capability}")}
    lines, planted = raw_lines(capability, 1, ROWS)
    rows = {i: sound(line) for i, line in enumerate(lines)}
    stolen = {i for i, row in rows.items() if row and question_of(row) in held}
    assert stolen == set(planted.lines["contaminated"])
    assert 0 < len(stolen) < 0.02 * len(held)


ENOUGH = 150
"""Room for the clinic's canaries."""


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_generators_write_the_same_bytes_again(name: str, tmp_path: Path) -> None:
    first = GENERATORS[name](7, ENOUGH, tmp_path / "a").read_bytes()
    assert first == GENERATORS[name](7, ENOUGH, tmp_path / "b").read_bytes()
    assert first != GENERATORS[name](8, ENOUGH, tmp_path / "c").read_bytes()
    assert first.count(b"\n") == ENOUGH
