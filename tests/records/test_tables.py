"""Records survive Parquet unchanged, whatever their text; a file of another kind or a broken one is refused."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.records import tables
from postgrad.records import types as t
from postgrad.support.errors import Failure
from postgrad.support.hashing import canonical_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ORIGIN = st.builds(t.Origin, TEXT, TEXT, st.integers(0, 2**40))
MESSAGES = st.lists(st.builds(t.Message, st.sampled_from(["user", "assistant"]), TEXT), max_size=3).map(tuple)
PARENTS = st.lists(ORIGIN, max_size=3).map(tuple)
JSON = st.recursive(st.none() | st.booleans() | st.integers(-2**53, 2**53) | TEXT,
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=5)
META = st.dictionaries(TEXT, JSON, max_size=3)
NUMBERS = st.lists(st.floats(-50, 0, width=32), max_size=4).map(tuple)
TURN = st.builds(t.Turn, TEXT, st.lists(st.integers(0, 2**31 - 1), max_size=4).map(tuple),
                 st.lists(st.booleans(), max_size=4).map(tuple), NUMBERS, NUMBERS)
VERDICT = st.builds(t.Verdict, st.sampled_from(["ok", "error"]), st.none() | st.floats(0, 1),
                    st.dictionaries(TEXT, st.floats(0, 1), max_size=2), TEXT, TEXT, st.integers(1, 9), TEXT)
RECORDS: dict[type, st.SearchStrategy[Any]] = {
    t.Example: st.builds(t.Example, TEXT, PARENTS, MESSAGES, TEXT, TEXT, TEXT, META),
    t.Preference: st.builds(t.Preference, TEXT, PARENTS, MESSAGES, TEXT, TEXT, TEXT, st.none() | TEXT, st.none() | TEXT,
                            st.none() | TEXT, st.none() | st.booleans(), META),
    t.Problem: st.builds(t.Problem, TEXT, PARENTS, MESSAGES, JSON, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, META),
    t.Completion: st.builds(t.Completion, TEXT, st.integers(0, 99), TEXT, st.integers(0, 99), META,
                            st.integers(0, 2**62), st.lists(TURN, max_size=2).map(tuple), st.just("stop")),
    t.Verdict: VERDICT,
    t.Rating: st.builds(t.Rating, TEXT, TEXT, TEXT, st.none() | st.floats(1, 5), TEXT),
    t.LedgerEntry: st.builds(t.LedgerEntry, ORIGIN, TEXT, st.just("drop"), TEXT, TEXT),
    t.Outcome: st.builds(t.Outcome, TEXT, st.floats(0, 1), TEXT, st.none() | VERDICT),
}


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_records_come_back_as_they_went(kind: type, data: st.DataObject) -> None:
    records = data.draw(st.lists(RECORDS[kind], max_size=4))
    with TemporaryDirectory() as folder:
        path = Path(folder, "records.parquet")
        assert tables.write_records(path, kind, records) == len(records)
        assert list(tables.read_records(path, kind)) == records


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    rating = t.Rating("c", "rules", "honesty", 4.0, "says what it knows")
    for name in ("one", "two"):
        tables.write_records(tmp_path / name, t.Rating, [rating] * 100)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def rows_of(lengths: list[int]) -> list[t.Rating]:
    return [t.Rating(str(number), "rules", "honesty", 4.0, "é" * length) for number, length in enumerate(lengths)]


@given(st.lists(st.integers(0, 30), max_size=40), st.lists(st.integers(1, 9), min_size=1))
@settings(max_examples=50, deadline=None)
def test_a_group_has_as_many_rows_as_fit_however_they_were_cut(lengths: list[int], cuts: list[int]) -> None:
    """Row by row, by the texts' bytes and 8 for the number: a row that is too long for any group has its own."""
    records, expected = rows_of(lengths), [[]] if lengths else []
    for row in records:
        size = sum(8 + len((r.completion + r.judge + r.aspect + r.rationale).encode()) for r in [*expected[-1], row])
        if expected[-1] and (size > 100 or len(expected[-1]) == 3):
            expected.append([])
        expected[-1].append(row)
    table, pieces, start = tables.table_of(t.Rating, records), [], 0
    for length in cuts * 40:
        pieces.append(table.slice(start, length))
        start += length
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(tables, "BYTES_A_GROUP", 100)
        patch.setattr(tables, "ROWS_A_GROUP", 3)
        one, other = Path(folder, "one"), Path(folder, "other")
        assert tables.write_records(one, t.Rating, records) == len(records)
        assert tables.write_tables(other, t.Rating, pieces) == len(records)
        assert one.read_bytes() == other.read_bytes()
        batches = list(tables.read_batches(one, t.Rating))
        assert [list(tables.records_of(t.Rating, batch)) for batch in batches] == expected


def test_ordinary_rows_lie_in_groups_of_20_000(tmp_path: Path) -> None:
    table = tables.table_of(t.Rating, rows_of([7] * 100) * 405)
    tables.write_tables(tmp_path / "made", t.Rating, iter([table.slice(0, 15_000), table.slice(15_000)]))
    schema = table.schema.with_metadata({"postgrad": "Rating/1"})
    with pq.ParquetWriter(tmp_path / "plain", schema, compression="zstd") as writer:
        for start in (0, 20_000, 40_000):
            writer.write_table(table.cast(schema).slice(start, 20_000))
    assert (tmp_path / "made").read_bytes() == (tmp_path / "plain").read_bytes()


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_rows_bytes_are_those_of_its_texts_and_numbers(data: st.DataObject) -> None:
    row = data.draw(RECORDS[t.Completion])
    said = [row.prompt_id, row.model_key, row.finish_reason, canonical_json(row.sampling), *(x.text for x in row.turns)]
    numbers = 4 + 4 + 8 + sum(4 * len(x.token_ids) + len(x.own) + 4 * len(x.logprobs) + 4 * len(x.policy_logprobs)
                              for x in row.turns)
    two = tables.table_of(t.Completion, [row, row])
    assert tables._row_bytes(two.slice(1)).tolist() == [sum(len(text.encode()) for text in said) + numbers]


def test_another_kind_is_refused(tmp_path: Path) -> None:
    tables.write_records(tmp_path / "ratings", t.Rating, [])
    with pytest.raises(Failure, match="holds Rating/1, wanted Verdict/1"):
        list(tables.read_records(tmp_path / "ratings", t.Verdict))


def test_a_truncated_file_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "ratings"
    tables.write_records(path, t.Rating, [t.Rating("c", "rules", "honesty", 4.0, "")])
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(Failure, match="cannot be read") as caught:
        list(tables.read_records(path, t.Rating))
    assert "\n" not in str(caught.value)
