"""Rows in another order, some several times: held to indexing, with one bucket and with many."""

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.data import gather as module
from postgrad.data.gather import gather


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=60), st.integers(1, 20), st.integers(1, 2000), st.integers(0, 9))
def test_the_rows_are_those_that_indexing_gives(
    tmp_path_factory: pytest.TempPathFactory, times: list[int], batch: int, size: int, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("gather")
    order = list(range(len(times)))
    random.Random(seed).shuffle(order)
    table = pa.table({"text": [f"row {i}" for i in range(len(times))], "more": [[i, i] for i in range(len(times))]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BUCKET_BYTES", 100)
        got = [(epoch, text) for epoch, part in gather(
            table.to_batches(batch), np.array(order, np.int64), np.array(times, np.int64), size, folder)
            for text in part["text"].to_pylist()]
    epochs = range(max(times, default=0))
    assert got == [(epoch, f"row {i}") for epoch in epochs for i in order if times[i] > epoch]
    assert not list(folder.iterdir())


def test_buckets_lie_in_the_folder_that_is_given_and_nothing_is_left_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    opened = module.tempfile.TemporaryFile

    def file(**more: object) -> object:
        asked.append(more["dir"])
        return opened(**more)

    monkeypatch.setattr(module.tempfile, "TemporaryFile", file)
    monkeypatch.setattr(module, "BUCKET_BYTES", 10)
    batches = pa.table({"n": list(range(100))}).to_batches(7)
    rows = gather(batches, np.arange(100)[::-1].copy(), np.ones(100, np.int64), 1000, tmp_path)
    assert [n for _, part in rows for n in part["n"].to_pylist()] == list(range(100))[::-1]
    assert asked == [tmp_path] * 100 and not list(tmp_path.iterdir())
