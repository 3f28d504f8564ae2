import pytest

from data.making import example, problem
from postgrad.data.filters import Limits, filter_rows
from postgrad.data.ledger import Ledger
from postgrad.data.rows import Handled, dropped, entry
from postgrad.records.types import LedgerEntry, Origin
from postgrad.support.errors import Failure, Mistake


def test_the_balance_is_kept_or_the_step_fails() -> None:
    with Ledger("step") as ledger:
        row = example("a", "b")
        handled = [Handled(row), dropped(row, "step", "why"), Handled(row, (entry(row, "step", "make", "epoch 2"),))]
        kept = len(list(ledger.kept(ledger.take(handled))))
        counts = ledger.close(rows_in=2, rows_made=1, rows_kept=kept)
        assert (counts["rows_in"], counts["rows_made"], counts["rows_kept"], counts["rows_dropped"]) == (2, 1, 2, 1)
        assert counts["by_reason"] == {"why": 1} and counts["by_source"] == {"s": {"made": 1, "kept": 2, "dropped": 1}}
        for wrong in ((3, 1, 2), (2, 0, 2), (2, 1, 1), (1, 0, 0)):
            with pytest.raises(Failure, match="rows went missing"):
                ledger.close(*wrong)


def test_entries_come_back_as_they_were_whatever_their_text() -> None:
    entries = [LedgerEntry(Origin("s\n", "f", i), "step", "drop", "r\u2028", "d\x00\ud800") for i in range(5)]
    with Ledger("step") as ledger:
        for one in entries:
            ledger.add(one)
        assert list(ledger.entries()) == entries


def reasons(*rows: object, limits: Limits = Limits(), count: object = None) -> list[str]:  # noqa: B008 (frozen)
    return [h.entries[0].reason if h.entries else "" for h in filter_rows(rows, limits, count)]  # type: ignore[arg-type]


def test_empty_and_blank_turns_leave() -> None:
    rows = [
        example("a", ""),
        example("a", " \n\u00a0"),
        example("", "b"),
        problem("  "),
        problem("1"),
        example("a", "b"),
    ]
    assert reasons(*rows) == ["empty turn", "blank turn", "empty turn", "blank turn", "", ""]


def test_limits_are_inclusive() -> None:
    rows = [example("ab", " cd "), example("ab", "c")]
    assert reasons(*rows, limits=Limits(min_chars=4)) == ["", "too short"]
    assert reasons(*rows, limits=Limits(max_tokens=3), count=lambda m: len(m) + len(m[1].content) - 2) == [
        "too long",
        "",
    ]
    with pytest.raises(Mistake):
        reasons(*rows, limits=Limits(max_tokens=3))
