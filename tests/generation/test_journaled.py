"""A journalled run that is cut anywhere and resumed gives what an undisturbed one gives, and computes nothing twice."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from generation.making import Loaded, requests
from postgrad.generation.journaled import BATCH_SLOTS, batches, from_json, generate_journaled, to_json
from postgrad.generation.native import NativeEngine
from postgrad.generation.protocol import Sampling
from postgrad.pipeline.journal import Journal
from postgrad.records.tables import read_records, write_records
from postgrad.records.types import Completion

SAMPLING = Sampling(max_tokens=8, stop_ids=(11, 12, 13, 14, 15))


class Killed(Exception):
    pass


class Counting(NativeEngine):
    calls = 0

    def generate(self, *args: Any, **named: Any) -> list[Completion]:
        self.calls += 1
        return super().generate(*args, **named)


def test_a_killed_run_goes_on_to_the_same_bits(loaded: Loaded, tmp_path: Path) -> None:
    asked = requests(50, group=2)
    whole = generate_journaled(NativeEngine(loaded, "k", 4), asked, SAMPLING, Journal(tmp_path / "a"))
    parts = len(batches(asked, 4))
    for reached in range(parts):
        path = tmp_path / f"cut{reached}"
        journal = Journal(path)
        keep = journal.append

        def append(key: str, payload: Any, done: Journal = journal, keep: Any = keep, reached: int = reached) -> None:
            if len(done) == reached:
                raise Killed
            keep(key, payload)

        journal.append = append  # type: ignore[method-assign]
        with pytest.raises(Killed):
            generate_journaled(NativeEngine(loaded, "k", 4), asked, SAMPLING, journal)
        journal.close()
        engine = Counting(loaded, "k", 4)
        assert generate_journaled(engine, asked, SAMPLING, Journal(path)) == whole
        assert engine.calls == parts - reached
        again = Counting(loaded, "k", 4)
        assert generate_journaled(again, asked, SAMPLING, Journal(path)) == whole
        assert again.calls == 0


def test_what_another_model_or_sampling_or_seed_said_is_not_taken(loaded: Loaded, tmp_path: Path) -> None:
    asked, journal = requests(8), Journal(tmp_path / "j")
    generate_journaled(NativeEngine(loaded, "k", 4), asked, SAMPLING, journal)
    other_seeds = requests(8, seed=1)
    for engine, sampling, wanted in (
        (Counting(loaded, "other", 4), SAMPLING, asked), (Counting(loaded, "k", 4, policy_step=1), SAMPLING, asked),
        (Counting(loaded, "k", 4), Sampling(max_tokens=7), asked), (Counting(loaded, "k", 4), SAMPLING, other_seeds)):
        generate_journaled(engine, wanted, sampling, journal)
        assert engine.calls == 1


def test_batches_hold_everything_once_in_order_and_part_no_group() -> None:
    for group, slots in ((1, 3), (4, 3), (7, 2), (40, 2)):
        asked = requests(280, group=group)
        made = batches(asked, slots)
        assert [request for batch in made for request in batch] == asked
        for batch, following in pairwise(made):
            assert len(batch) >= slots * BATCH_SLOTS
            assert batch[-1].prompt_id != following[0].prompt_id
    assert batches([], 4) == []


def test_completions_survive_json_and_parquet_to_the_bit(loaded: Loaded, tmp_path: Path) -> None:
    made = NativeEngine(loaded, "k", 4).generate(requests(6), SAMPLING)
    assert [from_json(to_json(completion)) for completion in made] == made
    write_records(tmp_path / "c.parquet", Completion, made)
    assert list(read_records(tmp_path / "c.parquet", Completion)) == made
