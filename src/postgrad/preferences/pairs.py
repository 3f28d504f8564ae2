"""Ratings to pairs, as Tülu 3 does: the answer with the highest mean against a random one with a strictly lower mean.

Published (Tülu 3, section 5.2; allenai/open-instruct scripts/synth_pref): chosen is the highest mean over the four
aspects, rejected is drawn at random from the others. Two faults of the published script are not repeated: there an
answer that ties with the chosen one may be rejected, and a rating that could not be read counts as -1 in the mean. Here
ties make no pair, and what has no value is left out of the mean. And an answer that was cut off at its length limit is
never chosen, whatever its ratings: its end is not the model's own, and to learn from it would be learning to break off.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from postgrad.records.types import (
    Completion,
    Example,
    Message,
    Preference,
    Rating,
    completion_id,
    content_id,
)  # fmt: skip
from postgrad.support.hashing import hash_text


@dataclass(frozen=True, slots=True)
class Scored:
    """A completion with the mean of its told ratings."""

    completion: Completion
    mean: float


def means(ratings: Iterable[Rating]) -> dict[str, float]:
    """Completion id → mean over the ratings that have a value; a completion without any is not in it."""
    told: dict[str, list[float]] = defaultdict(list)
    for rating in ratings:
        if rating.value is not None:
            told[rating.completion].append(rating.value)
    return {completion: fmean(values) for completion, values in told.items()}


def _draw(scored: Sequence[Scored], rng: random.Random, margin: float, floor: float) -> tuple[Scored, Scored] | None:
    """Chosen and rejected; None if no whole answer reaches `floor` and beats another by `margin`."""
    whole = [one for one in scored if one.completion.finish_reason == "stop"]
    if not whole:
        return None
    best = max(one.mean for one in whole)
    if best < floor:
        return None
    lower = [one for one in scored if one.mean < best and best - one.mean >= margin - 1e-9]
    if not lower:
        return None
    return rng.choice([one for one in whole if one.mean == best]), rng.choice(lower)


def make(
    prompts: Iterable[Example], completions: Iterable[Completion], ratings: Iterable[Rating], seed: int,
    margin: float = 0.0, floor: float = 0.0, names: Mapping[str, str] | None = None,
) -> tuple[list[Preference], dict[str, Any]]:
    """One pair a prompt at most, in the order of the prompts, and what to say of them all.

    `prompts` are examples whose messages end with the user's turn and whose content ids the completions name. Every
    choice is drawn from `seed` and the prompt's id. Texts that are the same make no pair. `margin`: the least
    difference of means; `floor`: the least mean of a chosen answer. `names`: model key → what the pool calls it. The
    statistics: pairs, prompts, prompts_without_pair, capabilities, chosen_by_model, rejected_by_model,
    completions_by_model, mean_margin, mean_chosen, mean_rejected.
    """
    names = names or {}
    mean_of = means(ratings)
    answers: dict[str, list[Scored]] = defaultdict(list)
    asked: Counter[str] = Counter()
    for completion in completions:
        asked[names.get(completion.model_key, completion.model_key)] += 1
        mean = mean_of.get(completion_id(completion))
        if mean is not None:
            answers[completion.prompt_id].append(Scored(completion, mean))
    pairs: list[Preference] = []
    drawn: list[tuple[Scored, Scored]] = []
    total = 0
    for prompt in prompts:
        total += 1
        scored = answers.get(prompt.content_id, [])
        rng = random.Random(hash_text(f"pairs/{seed}/{prompt.content_id}"))
        pair = _draw(scored, rng, margin, floor) if len(scored) > 1 else None
        if pair is None or pair[0].completion.text == pair[1].completion.text:
            continue
        drawn.append(pair)
        pairs.append(_preference(prompt, *pair, names))
    return pairs, _statistics(pairs, drawn, total, asked, names)


def _preference(prompt: Example, chosen: Scored, rejected: Scored, names: Mapping[str, str]) -> Preference:
    texts = [Message("assistant", one.completion.text) for one in (chosen, rejected)]
    meta = {
        side: {
            "model": names.get(one.completion.model_key, one.completion.model_key), "mean": one.mean,
            "completion": completion_id(one.completion), "finish_reason": one.completion.finish_reason}
        for side, one in (("chosen", chosen), ("rejected", rejected))}
    return Preference(
        content_id((*prompt.messages, *texts)), prompt.parents, prompt.messages, prompt.source, prompt.licence,
        prompt.capability, chosen=texts[0].content, rejected=texts[1].content, meta=meta)


def _statistics(
    pairs: Sequence[Preference], drawn: Sequence[tuple[Scored, Scored]], prompts: int, asked: Counter[str],
    names: Mapping[str, str],
) -> dict[str, Any]:
    def by_model(side: int) -> dict[str, int]:
        keys = (pair[side].completion.model_key for pair in drawn)
        return dict(sorted(Counter(names.get(key, key) for key in keys).items()))

    def mean(values: list[float]) -> float | None:
        return round(fmean(values), 6) if values else None

    return {
        "pairs": len(pairs), "prompts": prompts, "prompts_without_pair": prompts - len(pairs),
        "capabilities": dict(sorted(Counter(pair.capability for pair in pairs).items())),
        "chosen_by_model": by_model(0), "rejected_by_model": by_model(1),
        "completions_by_model": dict(sorted(asked.items())),
        "mean_margin": mean([chosen.mean - rejected.mean for chosen, rejected in drawn]),
        "mean_chosen": mean([chosen.mean for chosen, _ in drawn]),
        "mean_rejected": mean([rejected.mean for _, rejected in drawn])}
