"""The one training loop. An algorithm hands in its updates (packed rows) and its loss; the rest is here.

A loss returns this micro-batch's share of the step's loss: the algorithm divides by counts of the whole optimiser step,
so gradients and figures simply add up over micro-batches.

    OUT/metrics.jsonl   one line an optimiser step; the same bytes whenever the same step is computed
    OUT/timings.jsonl   its clock readings: {step, seconds, tokens}
"""

import json
import math
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from postgrad.models.packed import PackedBatch
from postgrad.support.errors import Failure
from postgrad.support.progress import Progress
from postgrad.training import checkpoints
from postgrad.training.schedules import Schedule, learning_rate

CHECKPOINT_SECONDS = 15.0
CHECKPOINT_SHARE = 0.05  # of the time, at most, goes into checkpoints
BETAS, EPSILON = (0.9, 0.999), 1e-8
LOGS = ("metrics.jsonl", "timings.jsonl")
ROWS_NAMED = 8


@dataclass(frozen=True)
class Optimisation:
    """AdamW and the course of its learning rate. `clip_norm` bounds the norm of the whole gradient."""

    learning_rate: float
    schedule: Schedule
    warmup: float
    weight_decay: float
    clip_norm: float

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Optimisation":
        """A stage's settings, of which these are a part."""
        return cls(**{name: config[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Micro:
    """Rows computed together: the packed tokens, what the loss needs besides, and the rows' names for a message."""

    batch: PackedBatch
    data: Mapping[str, Tensor]
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Update:
    """One optimiser step. Without micro-batches the weights stay as they are. `notes` go into the step's metrics."""

    micros: Sequence[Micro]
    notes: Mapping[str, float] = field(default_factory=dict)


Loss = Callable[[Any, Micro], tuple[Tensor, Mapping[str, Tensor]]]
"""(model, micro-batch) → its share of the step's loss, and its shares of figures for the metrics."""


def train(
    model: Any,
    steps: int,
    update: Callable[[int], Update],
    loss: Loss,
    settings: Optimisation,
    *,
    out: Path,
    work: Path,
    progress: Progress,
    by_tokens: bool = True,
) -> None:
    """Train `model` in place for `steps` optimiser steps, going on from the newest checkpoint in `work`.

    `update(step)` is asked for each step once, in order, when its turn comes. `progress` counts tokens or steps.
    Failure if a loss or a gradient is not finite: the weights are then those before that step.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        parameters, lr=0.0, betas=BETAS, eps=EPSILON, weight_decay=settings.weight_decay, fused=True)
    remembered = checkpoints.restore(work, model, optimizer) or {"done": 0, "bytes": {}, "progress": 0}
    logs = {name: _open_at(work / name, remembered["bytes"].get(name, 0)) for name in LOGS}
    advanced = remembered["progress"]
    progress.skip(advanced)
    saved, pause = time.monotonic(), CHECKPOINT_SECONDS
    try:
        for step in range(remembered["done"], steps):
            began = time.monotonic()
            todo = update(step)
            rate = learning_rate(step, steps, settings.learning_rate, settings.schedule, settings.warmup)
            figures = _step(model, parameters, optimizer, todo, loss, rate, settings.clip_norm, step)
            tokens = sum(micro.batch.tokens for micro in todo.micros)
            line = {"step": step + 1, **figures, "learning_rate": rate, "tokens": tokens, **todo.notes}
            _write(logs["metrics.jsonl"], line)
            _write(logs["timings.jsonl"], {"step": step + 1, "seconds": time.monotonic() - began, "tokens": tokens})
            amount = tokens if by_tokens else 1
            advanced += amount
            progress.advance(amount, loss=figures["loss"])
            if time.monotonic() - saved >= pause and step + 1 < steps:
                before = time.monotonic()
                sizes = {name: _sync(file) for name, file in logs.items()}
                checkpoints.save(work, step + 1, model, optimizer, {"bytes": sizes, "progress": advanced})
                saved = time.monotonic()
                pause = max(CHECKPOINT_SECONDS, (saved - before) / CHECKPOINT_SHARE)
    finally:
        for file in logs.values():
            file.close()
    for name in LOGS:
        shutil.copyfile(work / name, out / name)


def _step(
    model: Any, parameters: Sequence[Tensor], optimizer: torch.optim.Optimizer, todo: Update, loss: Loss, rate: float,
    clip: float, step: int,
) -> dict[str, float]:
    """Gradient of the whole step, clipped, and one move of the weights; returns the step's figures."""
    totals: dict[str, float] = {"loss": 0.0, "grad_norm": 0.0}
    if not todo.micros:
        return totals
    optimizer.zero_grad(set_to_none=True)
    for number, micro in enumerate(todo.micros):
        value, figures = loss(model, micro)
        if not math.isfinite(value.item()):
            raise _not_finite(f"the loss is {value.item()}", step, micro.rows, f"micro-batch {number + 1}")
        value.backward()
        for name, figure in {"loss": value, **figures}.items():
            totals[name] = totals.get(name, 0.0) + figure.item()
    norm = torch.nn.utils.clip_grad_norm_(parameters, clip).item()
    if not math.isfinite(norm):
        rows = tuple(row for micro in todo.micros for row in micro.rows)
        raise _not_finite(f"the gradient's norm is {norm}", step, rows, "all its micro-batches")
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    totals["grad_norm"] = norm
    return totals


def _not_finite(what: str, step: int, rows: Sequence[str], where: str) -> Failure:
    more = f" and {len(rows) - ROWS_NAMED} more" if len(rows) > ROWS_NAMED else ""
    named = ", ".join(row[:12] for row in rows[:ROWS_NAMED]) + more
    return Failure(f"{what}; rows {named}", where=f"optimiser step {step + 1}, {where}",
                   mend="lower the learning rate, or look for these content ids in what the stage trains on")


def _open_at(path: Path, size: int) -> Any:
    """A log file cut to what the checkpoint knew of, open for appending."""
    path.touch()
    file = path.open("r+b")
    file.truncate(size)
    file.seek(size)
    return file


def _sync(file: Any) -> int:
    """Have the log on the disk, and give its size: a checkpoint must not know of lines that a power cut can take."""
    os.fsync(file.fileno())
    return int(file.tell())


def _write(file: Any, line: Mapping[str, Any]) -> None:
    file.write((json.dumps(line) + "\n").encode())
    file.flush()
