"""Formats of preferences: two answers to one prompt, several with ratings, or one with a label.

As problems such rows give their prompt alone.
"""

import re
from itertools import takewhile
from math import isfinite
from typing import Any

from postgrad.data.formats.detect import ASKED, SYSTEM, pick
from postgrad.data.formats.fields import given, in_order, listed, messages, meta, system, text, turns
from postgrad.data.formats.parsed import Kind, Parsed
from postgrad.data.raw import Broken, type_name
from postgrad.records.types import Message
from postgrad.support.hashing import hash_text

Turns = tuple[Message, ...]
TRANSCRIPT = re.compile(r"(?:^|\n\n)(Human|Assistant):")


def preference(row: dict[str, Any], kind: Kind) -> Parsed:
    """`chosen` and `rejected`: texts beside a prompt, lists of messages with or without it, or HH-RLHF's transcripts,
    whose common beginning is the prompt.
    """
    for name in ("chosen", "rejected"):
        if not given(row, name):
            raise Broken("null field" if name in row else "missing field", name)
    there = [name for name in row if given(row, name)]
    asked = pick(there, ASKED)
    sides = [_side(row, name) for name in ("chosen", "rejected")]
    if all(len(side) == 1 and side[0].role == "assistant" for side in sides):
        said = turns(row, asked or ASKED[0], "user")
        prompt = said if said[0].role == "system" else (*system(row, *SYSTEM), *said)
    else:
        shared = tuple(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(*sides, strict=False)))
        prompt = shared[: min(map(len, sides)) - 1]
        if any(len(side) != len(prompt) + 1 or side[-1].role != "assistant" for side in sides):
            raise Broken("answers differ before the last turn", f"from turn {len(shared) + 1} on")
    return _pair(prompt, sides[0][-1].content, sides[1][-1].content, row, kind)


def _side(row: dict[str, Any], name: str) -> Turns:
    value = row[name]
    if not isinstance(value, str):
        return messages(row, name)
    if not TRANSCRIPT.match(value):
        return (Message("assistant", value),)
    _, *parts = TRANSCRIPT.split(value)
    return tuple(Message("user" if who == "Human" else "assistant", said.strip())
                 for who, said in zip(parts[::2], parts[1::2], strict=True))


def ultrafeedback(row: dict[str, Any], kind: Kind) -> Parsed:
    """`instruction` and rated `completions`: the best by the mean of its aspects, against one of the lower ones, drawn
    by the prompt's hash. `overall_score` counts only where aspects have no ratings: hundreds of its tens are ones
    (https://huggingface.co/datasets/argilla/ultrafeedback-binarized-preferences).
    """
    asked = text(row, "instruction")
    rated: list[tuple[float, str]] = []
    for index, item in enumerate(listed(row.get("completions"), "completions", "completions")):
        if not isinstance(item, dict):
            raise Broken("wrong type", f"completions[{index}] is {type_name(item)}, wanted an object")
        rating = score(item)
        if rating is not None:
            rated.append((rating, text(item, "response")))
    best = max(rated, key=lambda one: one[0], default=None)
    lower = [one for one in rated if best and one[0] < best[0]]
    if best is None or not lower:
        raise Broken("no completion is rated below another", f"{len(rated)} have ratings")
    rejected = lower[int(hash_text(asked)[:15], 16) % len(lower)]
    return _pair((Message("user", asked),), best[1], rejected[1], row, kind)


def score(completion: dict[str, Any]) -> float | None:
    """What a completion is rated, if it is."""
    aspects = completion.get("annotations")
    ratings = [_number(aspect.get("Rating")) for aspect in aspects.values() if isinstance(aspect, dict)
               ] if isinstance(aspects, dict) else []
    told = [rating for rating in ratings if rating is not None]
    return sum(told) / len(told) if told else _number(completion.get("overall_score"))


def _number(value: Any) -> float | None:
    """A finite number, or the text of one; None for anything else."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _pair(prompt: Turns, chosen: str, rejected: str, row: dict[str, Any], kind: Kind) -> Parsed:
    asked = in_order(prompt, "problems")
    if len(asked) != len(prompt):
        raise Broken("wrong role order", "the prompt ends with assistant, wanted user")
    if kind != "preferences":
        return Parsed(asked, meta=meta(row))
    for name, answer in (("chosen", chosen), ("rejected", rejected)):
        if not answer.strip():
            raise Broken("empty answer", f"{name} is blank")
    if chosen.strip() == rejected.strip():
        raise Broken("equal answers", "chosen and rejected say the same")
    return Parsed(asked, chosen=chosen, rejected=rejected, meta=meta(row))


def unpaired(row: dict[str, Any], kind: Kind) -> Parsed:
    """`prompt`, `completion` and whether it is a good one."""
    answer = turns(row, "completion", "assistant")
    if len(answer) != 1 or answer[0].role != "assistant":
        raise Broken("wrong role order", "completion is not one assistant turn")
    if not given(row, "label"):
        raise Broken("null field" if "label" in row else "missing field", "label")
    good = label(row["label"])
    if good is None:
        raise Broken("wrong type", f"label is {type_name(row['label'])}, wanted true or false")
    prompt = in_order(turns(row, "prompt", "user"), "problems")
    if kind != "preferences":
        return Parsed(prompt, meta=meta(row))
    if not answer[0].content.strip():
        raise Broken("empty answer", "completion is blank")
    return Parsed(prompt, completion=answer[0].content, label=good, meta=meta(row))


def label(value: Any) -> bool | None:
    """Whether it calls a completion good; None if it is no such thing."""
    return {"true": True, "false": False, "1": True, "0": False}.get(str(value).strip().lower())
