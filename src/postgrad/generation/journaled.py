"""Generation that a kill cannot cost more than one batch: every engine batch of fixed composition is one journal entry.

What a batch holds follows from the requests and the engine's slots alone, so a resumed run computes the missing batches
exactly as an undisturbed one would have, and the completions are the same to the bit.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from postgrad.generation.protocol import Engine, Request, Sampling
from postgrad.records.types import Completion, Turn
from postgrad.support.hashing import hash_json
from postgrad.support.progress import Progress
from postgrad.support.resources import Journal

BATCH_SLOTS = 4
"""Requests of one batch, in slots: enough to keep every slot busy, few enough that little is lost."""


def batches(requests: Sequence[Request], slots: int) -> list[Sequence[Request]]:
    """The fixed composition: consecutive requests, `BATCH_SLOTS` times the slots each, a prompt's requests never
    parted.

    A prompt's requests stand side by side; a batch grows by what is left of its last prompt.
    """
    size, parts, start = slots * BATCH_SLOTS, [], 0
    while start < len(requests):
        end = min(start + size, len(requests))
        while end < len(requests) and requests[end].ids == requests[end - 1].ids:
            end += 1
        parts.append(requests[start:end])
        start = end
    return parts


def batch_key(engine: Engine, batch: Sequence[Request], sampling: Sampling) -> str:
    """Names everything that a batch's completions follow from."""
    return hash_json([engine.key, sampling.json(), [[r.prompt_id, list(r.ids), r.sample, r.seed] for r in batch]])


def to_json(completion: Completion) -> dict[str, Any]:
    """A completion as JSON; `from_json` gives it back to the bit."""
    return asdict(completion)


def from_json(value: dict[str, Any]) -> Completion:
    turns = tuple(
        Turn(turn["text"], *(tuple(turn[name]) for name in ("token_ids", "own", "logprobs", "policy_logprobs")))
        for turn in value["turns"])
    return Completion(**{**value, "turns": turns})


def generate_journaled(
    engine: Engine, requests: Sequence[Request], sampling: Sampling, journal: Journal, progress: Progress | None = None
) -> list[Completion]:
    """As `engine.generate`, a batch at a time, each noted in `journal` when it is done; what is there is not computed
    again.

    `progress` counts completions.
    """
    completions: list[Completion] = []
    for batch in batches(requests, engine.slots):
        key = batch_key(engine, batch, sampling)
        known = journal.get(key)
        if known is not None:
            completions += map(from_json, known)
            if progress is not None:
                progress.skip(len(batch))
            continue
        made = engine.generate(batch, sampling, None if progress is None else lambda rows, _: progress.advance(rows))
        journal.append(key, [to_json(completion) for completion in made])
        completions += made
    return completions
