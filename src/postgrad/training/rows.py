"""Records to token segments, and the files that every training step leaves behind."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from postgrad.chat import Template, Tokenizer
from postgrad.models import LoadedModel, save, weights_hash
from postgrad.models.packed import Segment
from postgrad.records.types import Message, messages_json
from postgrad.support.errors import Failure, Mistake
from postgrad.support.files import write_atomically

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True, slots=True)
class Conversation:
    """One SFT row as tokens."""

    segment: Segment
    trained: int  # tokens trained on
    cut: bool  # longer than allowed, its end is gone


def conversation(
    messages: Sequence[Message], template: Template, tokenizer: Tokenizer, max_length: int
) -> Conversation:
    """Tokens of a conversation, cut at `max_length`; what follows the last trained token is left away."""
    encoded = template.encode(messages_json(tuple(messages)), tokenizer)
    ids, mask = encoded.ids[:max_length], encoded.mask[:max_length]
    end = max((place + 1 for place, trained in enumerate(mask) if trained), default=0)
    trained = sum(mask[1:end])  # a first token has nothing before it to be predicted from
    return Conversation(Segment(ids[:end], mask[:end]), trained, len(encoded.ids) > max_length)


def prompt_ids(messages: Sequence[Message], template: Template, tokenizer: Tokenizer) -> list[int]:
    """Tokens of a prompt up to where the assistant's answer begins: what sampling sees."""
    return template.encode(messages_json(tuple(messages)), tokenizer, generation_prompt=True).ids


def answer(text: str, prompt: Sequence[Message], template: Template, tokenizer: Tokenizer, parent: int) -> Segment:
    """Tokens of an answer to the prompt in segment `parent`, its end token included, all trained on."""
    messages = (*prompt, Message("assistant", text))
    encoded = template.encode(messages_json(messages), tokenizer)
    start = len(prompt_ids(prompt, template, tokenizer))
    end = max(place + 1 for place, trained in enumerate(encoded.mask) if trained)
    return Segment(encoded.ids[start:end], encoded.mask[start:end], parent)


def need_rows(count: int, what: str, where: Path) -> None:
    """Failure if nothing is left to train on."""
    if not count:
        raise Failure(
            f"no {what} to train on", where=str(where), mend="look at the ledger for why rows left, or add data"
        )


def need_context(loaded: LoadedModel, longest: int) -> None:
    """Mistake if a row is longer than the model reads: beyond that its positions mean nothing to it."""
    context = getattr(loaded.config, "max_position_embeddings", None)
    if context and longest > context:
        raise Mistake(f"a row has {longest} tokens, and the model reads {context}", where="max_length",
                      mend=f"set it to {context} or less")


def finish(
    loaded: LoadedModel, out: Path, template: Template, dtype: str, summary: Mapping[str, Any]
) -> None:
    """Write the trained model and summary.json; the summary says the hash of the weights as trained (float32)."""
    save(loaded, out / "model", template=template, dtype=DTYPES[dtype])
    said = {**summary, "parameters": loaded.parameters, "weights": weights_hash(loaded.model)}
    write_atomically(out / "summary.json", (json.dumps(said, indent=2, sort_keys=True) + "\n").encode())
