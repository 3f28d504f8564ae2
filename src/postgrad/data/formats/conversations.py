"""Formats of one conversation a row, with its answer: what SFT trains on, and what can be asked again."""

import re
from typing import Any

from postgrad.data.formats.detect import ANSWER, PROMPT, SYSTEM, pick
from postgrad.data.formats.fields import (
    given,
    in_order,
    listed,
    message,
    messages,
    meta,
    optional,
    system,
    text,
    turns,
    unpacked,
)
from postgrad.data.formats.parsed import Kind, Parsed
from postgrad.data.raw import Broken, type_name
from postgrad.records.types import Message, Role

CALCULATOR = re.compile(r"<<[^<>\n]*>>")
FINAL_ANSWER = "####"
SHAREGPT: dict[str, Role] = {
    "system": "system", "human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant",
    "chatgpt": "assistant", "bing": "assistant", "bard": "assistant", "model": "assistant", "bot": "assistant"}
"""What ShareGPT's files call who speaks."""


def openai(row: dict[str, Any], kind: Kind) -> Parsed:
    """`messages`."""
    return Parsed(in_order(messages(row, "messages"), kind), meta=meta(row))


def sharegpt(row: dict[str, Any], kind: Kind) -> Parsed:
    """`conversations` of `from` and `value`, or of `role` and `content`."""
    name = pick(row, ("conversations", "conversation"))
    if name is None:
        raise Broken("missing field", "conversations")
    said = []
    for index, turn in enumerate(listed(row[name], name, "turns")):
        openai_form = isinstance(turn, dict) and "from" not in turn and "role" in turn
        names = ("role", "content") if openai_form else ("from", "value")
        said.append(message(turn, f"{name}[{index}]", SHAREGPT, *names))
    opening = () if said[0].role == "system" else system(row, *SYSTEM)
    return Parsed(in_order((*opening, *said), kind), meta=meta(row))


def alpaca(row: dict[str, Any], kind: Kind) -> Parsed:
    """`instruction`, `input` (or `context`) below it, `output`, and earlier rounds in `history`."""
    asked = text(row, "instruction")
    more = [below for name in ("input", "context") if (below := optional(row, name)).strip()]
    if len(more) > 1:
        raise Broken("ambiguous row", "both input and context say something")
    rounds: list[Message] = []
    history = unpacked(row.get("history")) or []
    if not isinstance(history, list):
        raise Broken("wrong type", f"history is {type_name(history)}, wanted a list of rounds")
    for index, turn in enumerate(history):
        if not isinstance(turn, list) or len(turn) != 2 or not all(isinstance(said, str) for said in turn):
            raise Broken("wrong type", f"history[{index}] is {type_name(turn)}, wanted two texts")
        rounds += [Message("user", turn[0]), Message("assistant", turn[1])]
    answer = text(row, pick([name for name in row if given(row, name)], ("output", "response")) or "output")
    prompt = "\n\n".join([asked, *more]) if asked.strip() else "".join(more)
    said = (*system(row, *SYSTEM), *rounds, Message("user", prompt), Message("assistant", answer))
    return Parsed(in_order(said, kind), meta=meta(row))


def prompt_completion(row: dict[str, Any], kind: Kind) -> Parsed:
    """A prompt and an answer under any of their names, each a text or a list of messages."""
    there = [name for name in row if given(row, name)]
    asked = turns(row, pick(there, PROMPT) or PROMPT[0], "user")
    answer = turns(row, pick(there, ANSWER) or ANSWER[0], "assistant")
    opening = () if asked[0].role == "system" else system(row, *SYSTEM)
    return Parsed(in_order((*opening, *asked, *answer), kind), meta=meta(row))


def question_answer(row: dict[str, Any], kind: Kind) -> Parsed:
    """GSM8K's form: the number after `####` is the ground truth. Its calculator annotations (`<<48/2=24>>`) are no
    words to learn: they are taken out, and the ledger says so.
    """
    question, answer = text(row, "question"), text(row, "answer")
    if kind == "problems":
        _, mark, final = answer.rpartition(FINAL_ANSWER)
        truth = final.strip().replace(",", "") if mark else answer.strip()
        if not truth:
            raise Broken("no ground truth", f"nothing after {FINAL_ANSWER}" if mark else "answer is blank")
        return Parsed((Message("user", question),), truth, "math" if mark else "", plain=question, meta=meta(row))
    clean = CALCULATOR.sub("", answer)
    notes = ("calculator annotations removed",) if clean != answer else ()
    return Parsed((Message("user", question), Message("assistant", clean)), meta=meta(row), notes=notes)
