"""Curation by Ray Data gives the same rows as this machine's processes. Needs the extra `ray`; `make ray` has it."""

import json
from pathlib import Path

import pytest

from postgrad.data.decontaminate_files import decontaminate_files
from postgrad.data.deduplicate import Rule
from postgrad.data.deduplicate_files import deduplicate_files

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
