"""Curation by Ray's actors gives the same rows as this machine's processes. Needs the extra `ray`: see `make ray`."""

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postgrad.data.decontaminate_files import decontaminate_files
from postgrad.data.deduplicate import Rule
from postgrad.data.deduplicate_files import deduplicate_files
from postgrad.support.errors import Failure, Mistake
from postgrad.support.network import NOWHERE, VARIABLE
from postgrad.support.parallel import AHEAD
from postgrad.support.ray_actors import in_order

pytest.importorskip("ray", reason="ray is not installed: `make ray` proves this")
ITEM = "how many apples are left when Tom eats three of the twelve apples that he has"


def rows(path: Path) -> str:
    said = [f"{ITEM} {i}" if i % 7 == 0 else f"say {i % 90} things about number {i % 90} and why" for i in range(500)]
    path.write_text("".join(json.dumps({"prompt": text, "completion": "Yes."}) + "\n" for text in said))
    return str(path)


def files(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in ("kept.jsonl", "ledger.parquet", "report.json")]


def test_the_same_rows_come_out_in_the_same_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postgrad.data.chunks.PIECE_BYTES", 4096)  # several chunks
    train = rows(tmp_path / "train.jsonl")
    (tmp_path / "test.jsonl").write_text(json.dumps({"question": ITEM, "answer": "9"}) + "\n")
    for ray in (None, "local"):
        decontaminate_files([train], [str(tmp_path / "test.jsonl")], tmp_path / f"clean.{ray}", ray=ray, workers=2)
        deduplicate_files([train], tmp_path / f"unique.{ray}", Rule(True, 0.8), ray=ray, workers=2)
    assert files(tmp_path / "clean.local") == files(tmp_path / "clean.None")
    assert files(tmp_path / "unique.local") == files(tmp_path / "unique.None")
    assert len((tmp_path / "clean.local" / "kept.jsonl").read_bytes().splitlines()) == 428


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Actors find the functions of this file."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))


def with_signals(said: str) -> Callable[[int], tuple[int, object, str | None]]:
    if said == "not installed":
        raise Mistake("spaCy model not installed", where="--presidio", mend="install it")
    return lambda number: (number, signal.getsignal(signal.SIGINT), os.environ.get(VARIABLE))


def changed() -> Callable[[int], int]:
    def work(number: int) -> int:
        if number == 3:
            raise Failure("changed while it was read", where="a.jsonl")
        return number

    return work


def connects() -> Callable[[int], str]:
    def work(number: int) -> str:
        with socket.socket() as one:
            one.settimeout(1)
            try:
                one.connect(NOWHERE)
            except OSError as error:
                return str(error)
        return "it answered"

    return work


def dies() -> Callable[[int], int]:
    return lambda number: os._exit(9)


def test_what_an_actor_raises_is_raised_as_it_was() -> None:
    with pytest.raises(Mistake) as mistake:
        list(in_order(with_signals, ("not installed",), range(3), 2))
    assert str(mistake.value) == "--presidio: spaCy model not installed; install it" and mistake.type is Mistake
    with pytest.raises(Failure) as failure:
        list(in_order(changed, (), range(6), 2))
    assert (failure.value.what, failure.value.where) == ("changed while it was read", "a.jsonl")
    with pytest.raises(Failure, match="a worker of the cluster was lost"):
        list(in_order(dies, (), range(3), 1))


def test_actors_keep_to_what_their_parent_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "guarded")
    ((number, handler, network),) = in_order(with_signals, ("",), [7], 1)
    assert (number, handler, network) == (7, signal.SIG_IGN, "guarded")
    (refused,) = in_order(connects, (), [0], 1)
    assert "network: guarded" in refused


def test_pieces_are_taken_as_they_are_needed() -> None:
    taken = []

    def pieces() -> Iterator[int]:
        for number in range(40):
            taken.append(number)
            yield number

    results = in_order(changed, (), (number + 4 for number in pieces()), 2)
    assert next(results) == 4 and len(taken) <= AHEAD * 2
    assert list(results) == list(range(5, 44))
