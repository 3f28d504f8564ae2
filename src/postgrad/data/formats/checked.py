"""Formats of prompts: with a ground truth that a verifier checks answers by, and alone."""

import ast
from typing import Any

from postgrad.data.formats.detect import ASKED, SYSTEM, pick
from postgrad.data.formats.fields import given, in_order, json_value, meta, optional, system, text, turns
from postgrad.data.formats.parsed import Kind, Parsed
from postgrad.data.raw import Broken, parse_json, require_unicode
from postgrad.records.types import Message

DATASETS = {"gsm8k": "math", "math": "math", "ifeval": "ifeval"}
"""What open-instruct's RLVR rows call their verifier (`dataset`) → ours."""


def prompts(row: dict[str, Any], kind: Kind) -> Parsed:
    """A prompt alone."""
    name = pick([name for name in row if given(row, name)], ASKED) or ASKED[0]
    return Parsed(in_order((*system(row, *SYSTEM), *turns(row, name, "user")), "problems"), meta=meta(row))


def problems(row: dict[str, Any], kind: Kind) -> Parsed:
    """`messages` (or `prompt`) and `ground_truth`; the verifier in `verifier`, or in open-instruct's `dataset`."""
    if "ground_truth" not in row:
        raise Broken("missing field", "ground_truth")
    truth, dataset = row["ground_truth"], row.get("dataset")
    if isinstance(dataset, list) and len(dataset) == 1:  # open-instruct's newer rows: one verifier each
        dataset = dataset[0]
        truth = truth[0] if isinstance(truth, list) and len(truth) == 1 else truth
    if truth is None:
        raise Broken("null field", "ground_truth is null")
    verifier, plain, split = (optional(row, name) for name in ("verifier", "plain", "split"))
    if not verifier and isinstance(dataset, str):
        verifier = DATASETS.get(dataset.lower(), "")
    if verifier == "ifeval" and isinstance(truth, str):
        truth = _instructions(truth)
    said = turns(row, "prompt" if not given(row, "messages") and given(row, "prompt") else "messages", "user")
    if said[-1].role == "assistant":
        raise Broken("wrong role order", "a problem ends with assistant, wanted user")
    truth = json_value(truth, "ground_truth")
    return Parsed(in_order(said, "problems"), truth, verifier, plain, split, meta=meta(row))


def _instructions(said: str) -> dict[str, Any]:
    """open-instruct's ground truth for IFEval: text of [{"instruction_id": […], "kwargs": [… or null]}], in JSON or as
    Python prints it.
    """
    try:
        value = parse_json(said)
    except Broken:
        try:
            value = ast.literal_eval(said)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            raise Broken("unknown ground truth", "neither JSON nor a Python value") from None
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not isinstance(value, dict) or not ({"instruction_id", "instruction_id_list"} & value.keys()):
        raise Broken("unknown ground truth", "names no instruction ids")
    asked = _asked(value.get("instruction_id", value.get("instruction_id_list")), value.get("kwargs"))
    require_unicode(asked)
    return asked


def ifeval(row: dict[str, Any], kind: Kind) -> Parsed:
    """IFEval's own form."""
    prompt = text(row, "prompt")
    truth = _asked(row.get("instruction_id_list"), row.get("kwargs"))
    return Parsed((Message("user", prompt),), truth, "ifeval", plain=prompt, meta=meta(row))


def _asked(names: Any, arguments: Any) -> dict[str, Any]:
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise Broken("wrong type", "instruction_id_list is not a list of names")
    if not isinstance(arguments, list) or len(arguments) != len(names):
        raise Broken("wrong type", "kwargs is not a list with one entry an instruction")
    if not all(item is None or isinstance(item, dict) for item in arguments):
        raise Broken("wrong type", "kwargs holds something that is not an object")
    # A table (Parquet) has every argument in every row, null where it is not meant.
    meant = [{name: value for name, value in (item or {}).items() if value is not None} for item in arguments]
    asked: dict[str, Any] = json_value({"instruction_id_list": names, "kwargs": meant}, "kwargs")
    return asked
