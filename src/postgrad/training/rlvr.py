"""Reinforcement learning with verifiable rewards: GRPO on answers that a verifier judges.

A step: a group of answers to each of several problems is sampled from the policy, verified, and turned into advantages
(reward less the group's mean). Groups whose rewards are all equal teach nothing and are skipped, answers that could not
be verified are left out of their group; both are counted. What is left is trained on with the log-probabilities taken
at sampling as π_sampled, and a KL penalty to the reference, which is the model that the stage began with.

The engine and the verifier are handed in. Config: steps, prompts_per_step, group_size, updates_per_step, advantage
("standardised" | "centred"), kl, clip, clip_high, learning_rate, schedule, warmup, weight_decay, clip_norm,
temperature, max_tokens (of an answer), micro_batch_tokens, seed, template, dtype; `DEFAULTS` says which may be left
out.

Figures of a step, besides the loop's: reward and pass_rate (share with reward ≥ 1) over verified answers, length
(tokens), truncated (share without an end), unverified (share), zero_variance (share of groups skipped), kl and entropy
(nats a trained token), clip_share, mismatch (mean |log π_train − log π_sampled| of the first update of a step).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from postgrad.chat import template as find_template
from postgrad.generation.protocol import Sampling
from postgrad.models import LoadedModel, weights_hash
from postgrad.models.deterministic import make_deterministic
from postgrad.models.logprobs import batch_logprobs, batch_logprobs_and_entropy
from postgrad.models.packed import PackedBatch, Segment, pack
from postgrad.records.types import Completion, Problem
from postgrad.support.errors import Failure, Mistake
from postgrad.support.resources import Resources
from postgrad.training import losses
from postgrad.training.loop import Micro, Optimisation, Update, train
from postgrad.training.packing import first_fit_decreasing
from postgrad.training.rollouts import EngineFactory, Group, Prompt, Verify, gather, prompts_of_step, roll
from postgrad.training.rows import finish, prompt_ids

PASSED = 1.0
DEFAULTS = {"updates_per_step": 1, "advantage": "standardised", "dtype": "float32"}
"""Settings that a caller may leave out: one on-policy update a step, and the GRPO paper's advantage."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A completion to train on."""

    ids: tuple[int, ...]
    own: tuple[bool, ...]
    logprobs: tuple[float, ...]
    advantage: float


@dataclass(frozen=True, slots=True)
class Item:
    """Answers that share a prompt and are computed together."""

    prompt: Prompt
    answers: tuple[Answer, ...]

    @property
    def tokens(self) -> int:
        return len(self.prompt.ids) + sum(len(answer.ids) for answer in self.answers)


def run(
    policy: LoadedModel,
    reference: LoadedModel,
    problems: Sequence[Problem],
    verify: Verify,
    engine_factory: EngineFactory,
    config: Mapping[str, Any],
    resources: Resources,
) -> None:
    """Train `policy` in place and write model/, metrics.jsonl, timings.jsonl, summary.json, rollouts.parquet and
    verdicts.parquet to `resources.out`.

    Mistake if there are no problems. Failure if the engine gives no log-probabilities.
    """
    make_deterministic(resources.threads)
    config = {**DEFAULTS, **config}
    if config["clip_high"] is None:
        config["clip_high"] = config["clip"]
    if not problems:
        raise Mistake("no problems", where="rlvr", mend="name sources of problems with a verifier under `problems`")
    template = find_template(config["template"])
    prompts = [Prompt(problem, tuple(prompt_ids(problem.messages, template, policy.tokenizer))) for problem in problems]
    sampling = Sampling(temperature=config["temperature"], max_tokens=config["max_tokens"],
                        stop_ids=(template.end_id(policy.tokenizer),))
    updates = config["updates_per_step"]
    key = f"rlvr-{weights_hash(policy.model)[:16]}"  # the weights that the stage began with; the step says the rest
    current: dict[int, list[Update]] = {}

    def update(number: int) -> Update:
        step, part = divmod(number, updates)
        if step not in current:
            current.clear()
            chosen = prompts_of_step(prompts, step, config["prompts_per_step"], config["seed"])
            groups = roll(
                chosen,
                engine_factory(policy, key, step),
                verify,
                sampling,
                config["group_size"],
                step=step,
                seed=config["seed"],
                folder=resources.work / "rollouts" / f"{step:08d}",
            )
            current[step] = rlvr_updates(groups, config, reference.model if config["kl"] > 0 else None)
        return current[step][part]

    def loss(model: Any, micro: Micro) -> tuple[Tensor, dict[str, Tensor]]:
        return rlvr_loss(model, micro, config)

    settings = Optimisation.of(config)
    steps = config["steps"] * updates
    with resources.progress("rlvr", steps, "steps") as progress:
        train(policy.model, steps, update, loss, settings, out=resources.out, work=resources.work, progress=progress,
              by_tokens=False)
    gather(resources.work, resources.out)
    finish(policy, resources.out, template, config["dtype"], {
        "problems": len(problems), "steps": steps,
        "completions": config["steps"] * config["prompts_per_step"] * config["group_size"]})


def rlvr_updates(groups: Sequence[Group], config: Mapping[str, Any], reference: Any | None) -> list[Update]:
    """The optimiser steps on one step's groups: `updates_per_step` parts of the groups that have variance."""
    kept = [item for group in groups if (item := _item(group, config["advantage"])) is not None]
    notes = _notes(groups, len(kept))
    count = config["updates_per_step"]
    parts = [kept[start::count] for start in range(count)]
    return [Update(_micros(part, config, reference, first=number == 0), notes) for number, part in enumerate(parts)]


def _item(group: Group, advantage: str) -> Item | None:
    """What a group gives to training; None if its verified rewards are all equal."""
    pairs = [(completion, verdict.reward) for completion, verdict in zip(group.completions, group.verdicts, strict=True)
             if verdict.status == "ok" and verdict.reward is not None]
    if len({reward for _, reward in pairs}) < 2:
        return None
    rewards = torch.tensor([reward for _, reward in pairs], dtype=torch.float64)
    values = losses.advantages(rewards, "centred" if advantage == "centred" else "standardised").tolist()
    return Item(
        group.prompt, tuple(_answer(completion, value) for (completion, _), value in zip(pairs, values, strict=True))
    )


def _answer(completion: Completion, advantage: float) -> Answer:
    turn = completion.turns[-1]
    if not turn.token_ids or not len(turn.token_ids) == len(turn.own) == len(turn.logprobs):
        raise Failure(
            "the engine gave no log-probabilities", where=f"prompt {completion.prompt_id}", mend="use the native engine"
        )
    return Answer(turn.token_ids, turn.own, turn.logprobs, advantage)


def _notes(groups: Sequence[Group], kept: int) -> dict[str, float]:
    verdicts = [verdict for group in groups for verdict in group.verdicts]
    completions = [completion for group in groups for completion in group.completions]
    rewards = [verdict.reward for verdict in verdicts if verdict.status == "ok" and verdict.reward is not None]
    lengths = [len(completion.turns[-1].token_ids) for completion in completions]
    return {
        "reward": sum(rewards) / max(1, len(rewards)),
        "pass_rate": sum(reward >= PASSED for reward in rewards) / max(1, len(rewards)),
        "length": sum(lengths) / len(lengths),
        "truncated": sum(completion.finish_reason == "length" for completion in completions) / len(completions),
        "unverified": 1 - len(rewards) / len(verdicts),
        "zero_variance": 1 - kept / len(groups),
    }


def _split(item: Item, budget: int) -> list[Item]:
    """An item in parts that fit the budget, each with the prompt; an answer that does not fit alone stands alone."""
    parts: list[list[Answer]] = []
    size = budget + 1
    for answer in item.answers:
        if size + len(answer.ids) > budget:
            parts.append([])
            size = len(item.prompt.ids)
        parts[-1].append(answer)
        size += len(answer.ids)
    return [Item(item.prompt, tuple(part)) for part in parts]


def _micros(items: Sequence[Item], config: Mapping[str, Any], reference: Any | None, first: bool) -> list[Micro]:
    """Micro-batches of one optimiser step, with the reference's log-probabilities; each prompt is a parent segment."""
    budget = config["micro_batch_tokens"]
    parts = [part for item in items for part in _split(item, budget)]
    total = sum(sum(answer.own) for part in parts for answer in part.answers)
    micros: list[Micro] = []
    for members in first_fit_decreasing([part.tokens for part in parts], budget):
        chosen = [parts[member] for member in members]
        batch = _pack(chosen)
        answers = [answer for part in chosen for answer in part.answers]
        sampled = [lp for answer in answers for lp, own in zip(answer.logprobs, answer.own, strict=True) if own]
        advantage = [answer.advantage for answer in answers for own in answer.own if own]
        data = {
            "sampled": torch.tensor(sampled),
            "advantage": torch.tensor(advantage),
            "share": torch.tensor(1.0 / total),
            "first": torch.tensor(first),
        }
        if reference is not None:
            with torch.no_grad():
                data["reference"] = batch_logprobs(reference, batch, temperature=config["temperature"])
        micros.append(Micro(batch, data, tuple(part.prompt.problem.content_id for part in chosen)))
    return micros


def _pack(items: Sequence[Item]) -> PackedBatch:
    segments: list[Segment] = []
    for item in items:
        parent = len(segments)
        segments.append(Segment(item.prompt.ids, [False] * len(item.prompt.ids)))
        segments += [Segment(answer.ids, answer.own, parent) for answer in item.answers]
    return pack(segments)


def rlvr_loss(model: Any, micro: Micro, config: Mapping[str, Any]) -> tuple[Tensor, dict[str, Tensor]]:
    """Share of the step's GRPO loss, a mean over all its trained tokens, at the temperature that was sampled with."""
    logprobs, entropy = batch_logprobs_and_entropy(model, micro.batch, temperature=config["temperature"])
    share, sampled = micro.data["share"], micro.data["sampled"]
    terms = losses.grpo(logprobs, sampled, micro.data["advantage"], micro.data.get("reference"), clip=config["clip"],
                        clip_high=config["clip_high"], kl=config["kl"])
    figures = {"kl": terms.kl, "entropy": entropy, "clip_share": terms.clipped.float()}
    if micro.data["first"]:
        figures["mismatch"] = (logprobs.detach() - sampled).abs()
    return terms.loss.sum() * share, {name: value.sum() * share for name, value in figures.items()}
