"""Direct preference optimisation: chosen answers made likelier than rejected ones, held to a reference.

Two steps. `reference` computes the reference's log-probabilities once; `run` trains. In both, a pair's prompt is
computed once: chosen and rejected are child segments of it.

Inputs: `model` (model/), `preferences` (preferences.parquet), and for `run` also `reference` (reference.parquet).
Config of `reference`: template, max_length, micro_batch_tokens. Of `run`: the same, loss ("dpo_norm" | "dpo"), beta,
nll, learning_rate, epochs, batch_size (pairs), schedule, warmup, weight_decay, clip_norm, seed, dtype.

reference.parquet   row (of preferences.parquet), content_id, chosen_logprob, rejected_logprob (float32, nats, sums),
chosen_tokens, rejected_tokens; pairs longer than max_length have no row
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor

from postgrad.chat import Template, Tokenizer
from postgrad.chat import template as find_template
from postgrad.models import load
from postgrad.models.deterministic import make_deterministic
from postgrad.models.logprobs import batch_logprobs
from postgrad.models.packed import PackedBatch, Segment, pack
from postgrad.records.tables import read_records
from postgrad.records.types import Preference
from postgrad.support.errors import Failure
from postgrad.support.resources import Resources
from postgrad.training import losses
from postgrad.training.loop import Micro, Optimisation, Update, train
from postgrad.training.packing import first_fit_decreasing, step_rows
from postgrad.training.rows import answer, finish, need_context, need_rows, prompt_ids

SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("content_id", pa.string()),
        ("chosen_logprob", pa.float32()),
        ("rejected_logprob", pa.float32()),
        ("chosen_tokens", pa.int32()),
        ("rejected_tokens", pa.int32()),
    ]
)
SEGMENTS = 3  # of a pair: prompt, chosen, rejected


@dataclass(frozen=True, slots=True)
class Pair:
    """A preference as tokens; `chosen` and `rejected` hold the answers' ids with their end token."""

    row: int
    name: str
    prompt: list[int]
    chosen: Sequence[int]
    rejected: Sequence[int]

    @property
    def tokens(self) -> int:
        return len(self.prompt) + len(self.chosen) + len(self.rejected)


def read_pairs(
    path: Path, template: Template, tokenizer: Tokenizer, max_length: int
) -> tuple[list[Pair], dict[str, int]]:
    """The pairs of a preferences file whose longer side fits `max_length`, and how many were left out, and why.

    A side that was cut off before it said anything has no token to learn from.
    """
    pairs: list[Pair] = []
    left = {"rows_too_long": 0, "rows_without_answer": 0}
    for row, preference in enumerate(read_records(path, Preference)):
        if preference.chosen is None or preference.rejected is None:
            mend = "give `dpo` the pairs of a `prefer` stage"
            raise Failure(f"row {row + 1} is not a pair", where=str(path), mend=mend)
        prompt = prompt_ids(preference.prompt, template, tokenizer)
        chosen, rejected = (_side(preference, side, text, template, tokenizer)
                            for side, text in (("chosen", preference.chosen), ("rejected", preference.rejected)))
        if len(prompt) + max(len(chosen), len(rejected)) > max_length:
            left["rows_too_long"] += 1
        elif not chosen or not rejected:
            left["rows_without_answer"] += 1
        else:
            pairs.append(Pair(row, preference.content_id, prompt, chosen, rejected))
    need_rows(len(pairs), "pair", path)
    return pairs, left


def _side(preference: Preference, side: str, text: str, template: Template, tokenizer: Tokenizer) -> Sequence[int]:
    """One side's ids; an answer that was cut off at its length limit did not end, so it has no end token here."""
    ids = answer(text, preference.prompt, template, tokenizer, 0).ids
    return ids[:-1] if preference.meta.get(side, {}).get("finish_reason") == "length" else ids


def pack_pairs(pairs: Sequence[Pair]) -> PackedBatch:
    """Pair i is segments 3i (prompt), 3i + 1 (chosen) and 3i + 2 (rejected)."""
    segments: list[Segment] = []
    for pair in pairs:
        parent = len(segments)
        segments.append(Segment(pair.prompt, [False] * len(pair.prompt)))
        segments += [Segment(ids, [True] * len(ids), parent) for ids in (pair.chosen, pair.rejected)]
    return pack(segments)


def pair_logprobs(model: Any, batch: PackedBatch) -> tuple[Tensor, Tensor]:
    """Summed log-probabilities of the chosen and the rejected answers, [B] each, of a batch that `pack_pairs` made."""
    sums = losses.sequence_sums(batch_logprobs(model, batch), batch.owner, len(batch.lengths))
    return sums[1::SEGMENTS], sums[2::SEGMENTS]


def reference(inputs: Mapping[str, Path], config: Mapping[str, Any], resources: Resources) -> None:
    """The step that computes the reference's log-probabilities: write reference.parquet to `resources.out`.

    Each packed batch is one entry of a journal, so that a killed step computes none twice.
    """
    make_deterministic(resources.threads)
    loaded, template = load(inputs["model"] / "model"), find_template(config["template"])
    pairs, _ = read_pairs(
        inputs["preferences"] / "preferences.parquet", template, loaded.tokenizer, config["max_length"]
    )
    need_context(loaded, max(len(pair.prompt) + max(len(pair.chosen), len(pair.rejected)) for pair in pairs))
    journal = resources.journal("reference")
    found: dict[int, tuple[float, float]] = {}
    with resources.progress("reference", sum(pair.tokens for pair in pairs), "tokens") as progress:
        for number, members in enumerate(
            first_fit_decreasing([pair.tokens for pair in pairs], config["micro_batch_tokens"])
        ):
            chosen = [pairs[member] for member in members]
            tokens = sum(pair.tokens for pair in chosen)
            known = journal.get(str(number))
            if known is None:
                with torch.no_grad():
                    known = [side.tolist() for side in pair_logprobs(loaded.model, pack_pairs(chosen))]
                journal.append(str(number), known)
                progress.advance(tokens)
            else:
                progress.skip(tokens)
            found |= {pair.row: sums for pair, *sums in zip(chosen, *known, strict=True)}
    table = [{"row": pair.row, "content_id": pair.name, "chosen_logprob": found[pair.row][0],
              "rejected_logprob": found[pair.row][1], "chosen_tokens": len(pair.chosen),
              "rejected_tokens": len(pair.rejected)} for pair in pairs]
    pq.write_table(pa.Table.from_pylist(table, schema=SCHEMA), resources.out / "reference.parquet", compression="zstd")


def run(inputs: Mapping[str, Path], config: Mapping[str, Any], resources: Resources) -> None:
    """The step that trains: write model/, metrics.jsonl, timings.jsonl and summary.json to `resources.out`."""
    make_deterministic(resources.threads)
    loaded, template = load(inputs["model"] / "model"), find_template(config["template"])
    path = inputs["preferences"] / "preferences.parquet"
    pairs, left = read_pairs(path, template, loaded.tokenizer, config["max_length"])
    known = pq.read_table(inputs["reference"] / "reference.parquet", schema=SCHEMA).to_pylist()
    if [(pair.row, pair.name, len(pair.chosen), len(pair.rejected)) for pair in pairs] != [
        (row["row"], row["content_id"], row["chosen_tokens"], row["rejected_tokens"]) for row in known
    ]:
        raise Failure(
            "the reference is of other pairs", where=str(inputs["reference"]), mend="run the reference step anew"
        )
    against = torch.tensor([[row["chosen_logprob"], row["rejected_logprob"]] for row in known])
    plan = step_rows(len(pairs), config["batch_size"], config["epochs"], config["seed"])
    tokens = sum(pairs[row].tokens for step in plan for row in step)
    settings = Optimisation.of(config)

    def update(step: int) -> Update:
        return dpo_update(pairs, against, plan[step], config["micro_batch_tokens"])

    def loss(model: Any, micro: Micro) -> tuple[Tensor, dict[str, Tensor]]:
        return dpo_loss(model, micro, config["loss"], config["beta"], config["nll"])

    with resources.progress("dpo", tokens, "tokens") as progress:
        train(
            loaded.model, len(plan), update, loss, settings, out=resources.out, work=resources.work, progress=progress
        )
    finish(loaded, resources.out, template, config.get("dtype", "float32"), {
        "rows": len(pairs), **left, "steps": len(plan), "tokens": tokens})


def dpo_update(pairs: Sequence[Pair], against_P2: Tensor, chosen: Sequence[int], micro_batch_tokens: int) -> Update:
    """One optimiser step over the chosen pairs; `against_P2` holds the reference's (chosen, rejected) of all pairs."""
    micros: list[Micro] = []
    for members in first_fit_decreasing([pairs[row].tokens for row in chosen], micro_batch_tokens):
        numbers = [chosen[member] for member in members]
        lengths = torch.tensor(
            [[len(pairs[row].chosen), len(pairs[row].rejected)] for row in numbers], dtype=torch.float32
        )
        data = {"reference": against_P2[numbers], "tokens": lengths, "share": torch.tensor(1.0 / len(chosen))}
        micros.append(
            Micro(pack_pairs([pairs[row] for row in numbers]), data, tuple(pairs[row].name for row in numbers))
        )
    return Update(micros, {"pairs": len(chosen)})


def dpo_loss(model: Any, micro: Micro, kind: str, beta: float, nll: float) -> tuple[Tensor, dict[str, Tensor]]:
    """Share of the step's mean loss over pairs, with the shares of its accuracy, margin and rewards.

    `nll` weighs the chosen answer's negative log-likelihood a token, added to the preference loss so that it cannot
    win by making both sides unlikely (Pang et al. 2024, arXiv:2404.19733, eq. 1; Llama 3 used 0.2,
    arXiv:2407.21783, section 4.1.4). 0 is Tülu 3's loss.

    `chosen_logprob` and `rejected_logprob` are means per token: DPO may lower both while the margin grows.
    """
    chosen, rejected = pair_logprobs(model, micro.batch)
    against, tokens, share = micro.data["reference"], micro.data["tokens"], micro.data["share"]
    if kind == "dpo_norm":
        terms = losses.dpo_norm(chosen, rejected, against[:, 0], against[:, 1], beta, tokens[:, 0], tokens[:, 1])
    else:
        terms = losses.dpo(chosen, rejected, against[:, 0], against[:, 1], beta)
    loss = terms.loss - nll * chosen / tokens[:, 0]
    margin = terms.chosen_reward - terms.rejected_reward
    figures = {
        "accuracy": (margin > 0).float(), "margin": margin, "chosen_reward": terms.chosen_reward,
        "rejected_reward": terms.rejected_reward, "chosen_logprob": chosen.detach() / tokens[:, 0],
        "rejected_logprob": rejected.detach() / tokens[:, 1]}
    return loss.sum() * share, {name: value.sum() * share for name, value in figures.items()}
