from pathlib import Path

import pytest

from data.making import example
from postgrad.data.ledger import Ledger
from postgrad.data.rows import entry
from postgrad.records.tables import table_of
from postgrad.records.types import Example, LedgerEntry, Origin
from postgrad.support.errors import Failure


def test_the_balance_is_kept_or_the_step_fails(tmp_path: Path) -> None:
    with Ledger("step", tmp_path) as ledger:
        row = example("a", "b")
        ledger.add(entry(row, "step", "drop", "why"))
        ledger.add(entry(row, "step", "make", "epoch 2"))
        kept = sum(map(len, ledger.kept([table_of(Example, [row]), table_of(Example, [row])])))
        counts = ledger.close(rows_in=2, rows_made=1, rows_kept=kept)
        assert (counts["rows_in"], counts["rows_made"], counts["rows_kept"], counts["rows_dropped"]) == (2, 1, 2, 1)
        assert counts["by_reason"] == {"why": 1} and counts["by_source"] == {"s": {"made": 1, "kept": 2, "dropped": 1}}
        for wrong in ((3, 1, 2), (2, 0, 2), (2, 1, 1), (1, 0, 0)):
            with pytest.raises(Failure, match="rows went missing"):
                ledger.close(*wrong)


def test_entries_come_back_as_they_were_whatever_their_text(tmp_path: Path) -> None:
    entries = [LedgerEntry(Origin("s\n", "f", i), "step", "drop", "r\u2028", "d\x00\ud800") for i in range(5)]
    with Ledger("step", tmp_path) as ledger:
        for one in entries:
            ledger.add(one)
        assert list(ledger.entries()) == entries
