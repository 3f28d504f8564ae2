"""Counts and draws against plain Python over the same rows."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.inspection.data_stats import Lengths, Stats
from postgrad.inspection.draw import Draw, any_turn, numbers, shuffled, turns
from postgrad.records.tables import table_of
from postgrad.records.types import Example, Message, Preference, content_id

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
TURNS = st.lists(st.tuples(st.sampled_from(["user", "assistant", "system"]), TEXT), min_size=1, max_size=4)


def example(said: list[tuple[str, str]]) -> Example:
    messages = tuple(Message(role, text) for role, text in said)  # type: ignore[arg-type]
    return Example(content_id(messages), (), messages, "s", "MIT", "c")


def batches(records: list[Example], size: int) -> list[pa.RecordBatch]:
    return [batch for start in range(0, len(records), size)
            for batch in table_of(Example, records[start : start + size]).combine_chunks().to_batches()]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(TURNS, min_size=1, max_size=20), st.integers(1, 7))
def test_counts_are_those_of_plain_python(rows: list[list[tuple[str, str]]], size: int) -> None:
    stats = Stats(count_tokens=lambda text: text.count("e"))
    for batch in batches([example(row) for row in rows], size):
        stats.add("examples", batch, numbers(batch))
    assert stats.rows == len(rows)
    assert stats.repeated == len(rows) - len({tuple(row) for row in rows})
    assert sorted(stats.turns.counts.elements()) == sorted(map(len, rows))
    assert sorted(stats.chars.counts.elements()) == sorted(sum(len(text) for _, text in row) for row in rows)
    assert sorted(stats.tokens.counts.elements()) == sorted(sum(text.count("e") for _, text in row) for row in rows)
    assert stats.roles.total() == sum(map(len, rows))


@given(st.lists(st.integers(0, 40), min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_the_smallest_length_that_the_share_does_not_exceed(lengths: list[int], share: float) -> None:
    made = Lengths()
    made.add(np.array(lengths))
    found = made.quantile(share)
    assert sum(one <= found for one in lengths) >= share * len(lengths)
    assert found == min(lengths) or sum(one < found for one in lengths) < share * len(lengths)


def test_words_stand_between_white_space_and_preferences_count_the_chosen_answer() -> None:
    prompt = (Message("user", "one two\tthree\n\nfour"),)
    record = Preference(content_id(prompt), (), prompt, "s", "MIT", "c", "five six", "never counted at all")
    stats = Stats()
    for batch in table_of(Preference, [record]).to_batches():
        stats.add("preferences", batch, numbers(batch))
    assert (stats.words.total, stats.turns.total, dict(stats.roles)) == (6, 2, {"user": 1, "assistant": 1})


def mixed(value: int, key: int) -> int:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014), in whole numbers."""
    mask = 2**64 - 1
    value ^= key
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & mask
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & mask
    return value ^ (value >> 31)


@given(st.lists(st.integers(0, 2**60 - 1), min_size=1, max_size=30), st.integers(-5, 5))
def test_numbers_are_shuffled_as_published(values: list[int], seed: int) -> None:
    key = int(hashlib.sha256(str(seed).encode()).hexdigest()[:16], 16)
    assert shuffled(np.array(values, dtype=np.uint64), seed).tolist() == [mixed(value, key) for value in values]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=60), st.integers(1, 8), st.integers(1, 9), st.integers(0, 3), st.data())
def test_a_draw_is_the_smallest_hashes_whatever_the_batches(
    texts: list[int], size: int, batch_size: int, seed: int, data: st.DataObject
) -> None:
    records = [example([("user", f"text {text}")]) for text in texts]
    allowed = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    draw, start = Draw(size, seed), 0
    for batch in batches(records, batch_size):
        draw.offer(batch, numbers(batch), np.array(allowed[start : start + batch.num_rows], dtype=bool))
        start += batch.num_rows
    eligible = {record.content_id for record, may in zip(records, allowed, strict=True) if may}
    hashes = {one: int(shuffled(np.array([int(one[:15], 16)], dtype=np.uint64), seed)[0]) for one in eligible}
    assert [row["content_id"] for row in draw.rows()] == sorted(eligible, key=hashes.__getitem__)[:size]


def test_other_seeds_draw_other_rows() -> None:
    records = [example([("user", f"text {number}")]) for number in range(200)]
    found = []
    for seed in (0, 1):
        draw = Draw(5, seed)
        for batch in batches(records, 64):
            draw.offer(batch, numbers(batch))
        found.append({row["content_id"] for row in draw.rows()})
    assert found[0] != found[1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["aB", "b", "", "xAbx", "ba"]), min_size=1, max_size=3), min_size=1))
def test_a_text_is_looked_for_in_every_turn(rows: list[list[str]]) -> None:
    for batch in batches([example([("user", text) for text in row]) for row in rows], 1000):
        assert any_turn(batch, "AB").tolist() == [any("ab" in text.lower() for text in row) for row in rows]


def test_a_row_is_read_in_order() -> None:
    row = {"prompt": [{"role": "user", "content": "q"}], "chosen": "a", "rejected": "b", "completion": None}
    assert turns(row) == [("user", "q"), ("chosen", "a"), ("rejected", "b")]


@pytest.mark.parametrize(("text", "confidence", "said"), [("abc " * 9, 0.9, "xx"), ("abc " * 9, 0.4, "unsure"),
                                                          ("1 2 3 4", 0.9, "too short")])  # fmt: skip
def test_languages_are_those_of_the_identifier_where_it_is_sure(text: str, confidence: float, said: str) -> None:
    stats = Stats()
    for batch in batches([example([("user", text)])], 10):
        stats.add("examples", batch, numbers(batch))
    stats.look_at_languages(lambda _: ("xx", confidence))
    assert dict(stats.languages) == {said: 1}
