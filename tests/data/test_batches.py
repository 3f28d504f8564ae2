"""Rows in their Parquet form: what is cut from them is all there, and no more."""

import pickle

import pyarrow as pa

from data.making import batch, example
from postgrad.data.batches import in_pieces


def test_pieces_hold_every_row_once_and_take_nothing_else_along() -> None:
    batches = [batch(*(example(f"{start + row} {'word ' * 100}", row=row) for row in range(rows)))
               for start, rows in ((0, 100), (1000, 7))]
    pieces = list(in_pieces([batches[0], batches[0].slice(0, 0), batches[1]], 30))
    assert [len(piece) for piece in pieces] == [30, 30, 30, 10, 7]
    assert pa.Table.from_batches(pieces).to_pylist() == pa.Table.from_batches(batches).to_pylist()
    assert len(pickle.dumps(pieces[0])) < len(pickle.dumps(batches[0])) / 3
