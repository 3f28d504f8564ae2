"""Supervised fine-tuning: the assistant's turns of a mixture are trained on, many conversations packed in a row.

Inputs: `model` (an artifact with model/), `examples` (one with examples.parquet).
Config: learning_rate, epochs, batch_size (conversations), max_length (tokens), loss ("sum" | "mean"), schedule, warmup,
weight_decay, clip_norm, micro_batch_tokens, seed, template, dtype ("float32" | "bfloat16", of the saved weights).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from postgrad.chat import template as find_template
from postgrad.models import load
from postgrad.models.deterministic import make_deterministic
from postgrad.models.logprobs import batch_logprobs
from postgrad.models.packed import pack
from postgrad.records.tables import read_records
from postgrad.records.types import Example
from postgrad.support.resources import Resources
from postgrad.training import losses
from postgrad.training.loop import Micro, Optimisation, Update, train
from postgrad.training.packing import first_fit_decreasing, step_rows
from postgrad.training.rows import Conversation, conversation, finish, need_context, need_rows


def run(inputs: Mapping[str, Path], config: Mapping[str, Any], resources: Resources) -> None:
    """The step: write model/, metrics.jsonl, timings.jsonl and summary.json to `resources.out`."""
    make_deterministic(resources.threads)
    loaded, template = load(inputs["model"] / "model"), find_template(config["template"])
    rows: list[Conversation] = []
    names: list[str] = []
    untrained = 0
    for example in read_records(inputs["examples"] / "examples.parquet", Example):
        row = conversation(example.messages, template, loaded.tokenizer, config["max_length"])
        if row.trained:
            rows.append(row)
            names.append(example.content_id)
        else:
            untrained += 1
    need_rows(len(rows), "conversation", inputs["examples"])
    need_context(loaded, max(len(row.segment.ids) for row in rows))
    plan = step_rows(len(rows), config["batch_size"], config["epochs"], config["seed"])
    tokens = sum(len(rows[row].segment.ids) for step in plan for row in step)
    settings = Optimisation.of(config)

    def update(step: int) -> Update:
        return sft_update(rows, names, plan[step], config["loss"], config["micro_batch_tokens"])

    with resources.progress("sft", tokens, "tokens") as progress:
        train(
            loaded.model,
            len(plan),
            update,
            sft_loss,
            settings,
            out=resources.out,
            work=resources.work,
            progress=progress,
        )
    finish(
        loaded,
        resources.out,
        template,
        config.get("dtype", "float32"),
        {
            "rows": len(rows),
            "rows_without_trained_tokens": untrained,
            "rows_cut": sum(row.cut for row in rows),
            "steps": len(plan),
            "tokens": tokens,
            "trained_tokens": sum(rows[row].trained for step in plan for row in step),
        },
    )


def sft_update(
    rows: Sequence[Conversation], names: Sequence[str], chosen: Sequence[int], loss: str, micro_batch_tokens: int
) -> Update:
    """One optimiser step over the chosen rows."""
    tokens = sum(rows[row].trained for row in chosen)
    micros: list[Micro] = []
    for members in first_fit_decreasing([len(rows[row].segment.ids) for row in chosen], micro_batch_tokens):
        numbers = [chosen[member] for member in members]
        batch = pack([rows[row].segment for row in numbers])
        lengths = torch.tensor([rows[row].trained for row in numbers])
        weight = losses.sft_weights(batch.owner, lengths, tokens, len(chosen), "mean" if loss == "mean" else "sum")
        micros.append(Micro(batch, {"weight": weight}, tuple(names[row] for row in numbers)))
    return Update(micros, {"trained_tokens": tokens})


def sft_loss(model: Any, micro: Micro) -> tuple[Tensor, dict[str, Tensor]]:
    """Share of the step's negative log-likelihood, in nats."""
    return losses.sft(batch_logprobs(model, micro.batch), micro.data["weight"]), {}
