"""Inputs of training steps: a tiny model, a few rows, and resources that outlive a kill."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.making import write_model

from postgrad.pipeline.resources import Resources
from postgrad.records.tables import write_records
from postgrad.records.types import Example, Message, Preference

WORDS = ["hello", "world", "12", "+", "3", "= 15", "there", "\n"]
OPTIMISATION = {
    "learning_rate": 5e-3,
    "schedule": "linear",
    "warmup": 0.1,
    "weight_decay": 0.01,
    "clip_norm": 1.0,
    "micro_batch_tokens": 128,
    "seed": 1,
    "template": "tulu",
    "max_length": 120,
    "batch_size": 8,
    "epochs": 1.5,
}


def text(draw: random.Random, longest: int = 15) -> str:
    return " ".join(draw.choice(WORDS) for _ in range(draw.randint(1, longest)))


def examples(count: int, seed: int = 0) -> list[Example]:
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        turns = []
        for _ in range(draw.randint(1, 2)):
            turns += [Message("user", text(draw)), Message("assistant", text(draw))]
        rows.append(Example(f"row{number}", (), tuple(turns), "s", "MIT", "c"))
    return rows


def preferences(count: int, seed: int = 0) -> list[Preference]:
    draw = random.Random(seed)
    return [Preference(f"pair{number}", (), (Message("user", text(draw)),), "s", "MIT", "c", chosen=text(draw),
                       rejected=text(draw) + " hello") for number in range(count)]


@dataclass
class Bench:
    """Input folders below `root`, and fresh or resumed resources by name."""

    root: Path

    def inputs(self, **kinds: Any) -> dict[str, Path]:
        if not (self.root / "base").is_dir():
            write_model(self.root / "base" / "model")
        found = {"model": self.root / "base"}
        for name, (file, kind, rows) in kinds.items():
            (self.root / name).mkdir(exist_ok=True)
            write_records(self.root / name / file, kind, rows)
            found[name] = self.root / name
        return found

    def resources(self, name: str) -> Resources:
        """`out` is empty each time, `work` is what an earlier call of that name left, as after a kill."""
        number = len(list(self.root.glob(f"{name}.out*")))
        out, work = self.root / f"{name}.out{number}", self.root / f"{name}.work"
        out.mkdir()
        work.mkdir(exist_ok=True)
        return Resources(out, work, name, 1)


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of an artifact but its clock readings."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != "timings.jsonl"}
