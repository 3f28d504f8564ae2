"""Records survive Parquet unchanged, whatever their text; a file of another kind or a broken one is refused."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.records import tables
from postgrad.records import types as t
from postgrad.support.errors import Failure

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
