"""What a row of each format means: raw object → messages, and for problems what the answer is checked against.

`messages`           {"messages": [{"role", "content"}, …]}                     OpenAI's form
`question_answer`    {"question", "answer"}                                     GSM8K's form
`prompt_completion`  {"prompt", "completion"}, each a text or a list of messages
`problems`           {"messages", "ground_truth", "verifier"?, "plain"?, "split"?}
`ifeval`             {"key", "prompt", "instruction_id_list", "kwargs"}         IFEval's form

The first three can be read as examples (all turns, the last one the assistant's) or as problems (what stands before
the last assistant turn is the prompt). Fields that no format names are left behind; `id`, `key` and an object `meta`
are kept in the record's `meta`. GSM8K's answers hold calculator annotations (`<<48/2=24>>`), which no reader of the
text should learn to write: they are taken out unless `calculator` is "keep", and the ledger says so.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from postgrad.chat.template import ROLES
from postgrad.data.raw import Broken, type_name
from postgrad.records.types import Message, Role
from postgrad.support.hashing import canonical_json

CALCULATOR = re.compile(r"<<[^<>\n]*>>")
FINAL_ANSWER = "####"
KEPT_FIELDS = ("id", "key")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A row understood. `ground_truth` and `verifier` are None and "" where the row says nothing of a check."""

    messages: tuple[Message, ...]
    ground_truth: Any = None
    verifier: str = ""
    plain: str = ""
    split: str = ""
    meta: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


Kind = Literal["examples", "problems"]


def parse(row: dict[str, Any], format_name: str, kind: Kind, *, keep_calculator: bool = False) -> Parsed:
    """Read `row` as one of `FORMATS`. Broken with the reason if it is not what the format says."""
    try:
        if format_name == "question_answer":
            return _question_answer(row, kind, keep_calculator)
        return PARSERS[format_name](row, kind)
    except RecursionError:
        raise Broken("nested too deeply") from None


def find_format(row: dict[str, Any]) -> list[str]:
    """The formats whose fields the row has; more than one if it is ambiguous, none if it is unknown.

    A format with more fields hides one whose fields it includes (`problems` has all of `messages`).
    """
    keys = {key for key, value in row.items() if value is not None}
    fitting = [name for name, wanted in FIELDS.items() if wanted <= keys]
    return [name for name in fitting if not any(FIELDS[name] < FIELDS[other] for other in fitting)]


FIELDS: dict[str, frozenset[str]] = {
    "messages": frozenset({"messages"}),
    "question_answer": frozenset({"question", "answer"}),
    "prompt_completion": frozenset({"prompt", "completion"}),
    "problems": frozenset({"messages", "ground_truth"}),
    "ifeval": frozenset({"prompt", "instruction_id_list", "kwargs"}),
}
FORMATS = tuple(FIELDS)
PROBLEMS_ONLY = ("problems", "ifeval")


def _text(row: dict[str, Any], name: str) -> str:
    if name not in row:
        raise Broken("missing field", name)
    value = row[name]
    if not isinstance(value, str):
        raise Broken("null field" if value is None else "wrong type", f"{name} is {type_name(value)}, wanted a text")
    return value


def _messages(value: Any, where: str) -> tuple[Message, ...]:
    if not isinstance(value, list):
        reason = "null field" if value is None else "wrong type"
        raise Broken(reason, f"{where} is {type_name(value)}, wanted a list of messages")
    if not value:
        raise Broken("no messages", f"{where} is an empty list")
    return tuple(_message(item, f"{where}[{index}]") for index, item in enumerate(value))


def _message(value: Any, where: str) -> Message:
    if not isinstance(value, dict):
        raise Broken("wrong type", f"{where} is {type_name(value)}, wanted an object with role and content")
    for name in ("role", "content"):
        if name not in value:
            raise Broken("missing field", f"{where}.{name}")
    role, content = value["role"], value["content"]
    if role not in ROLES:
        raise Broken("unknown role", f"{where}.role; known: {', '.join(ROLES)}")
    if isinstance(content, list):  # OpenAI's parts; only text has a meaning for a language model
        parts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
        texts = [part for part in parts if isinstance(part, str)]
        if len(texts) != len(content):
            raise Broken("wrong type", f"{where}.content has a part that is not text")
        content = "".join(texts)
    if not isinstance(content, str):
        reason = "null field" if content is None else "wrong type"
        raise Broken(reason, f"{where}.content is {type_name(content)}, wanted a text")
    return Message(cast(Role, role), content)


FOLLOWS: dict[str, tuple[str, ...]] = {
    "start": ("system", "user"),
    "system": ("user",),
    "user": ("assistant",),
    "assistant": ("user",),
}


def _in_order(messages: tuple[Message, ...], kind: Kind) -> tuple[Message, ...]:
    """The messages in the order that chat knows: (system) user assistant user …

    Examples end with the assistant. Problems end before it: a last assistant turn is cut off.
    """
    before = "start"
    for index, message in enumerate(messages):
        if message.role not in FOLLOWS[before]:
            raise Broken("wrong role order", f"messages[{index}]: {message.role} after {before}")
        before = message.role
    if kind == "examples":
        if before != "assistant":
            raise Broken("wrong role order", f"ends with {before}, wanted assistant")
        return messages
    cut = messages[:-1] if before == "assistant" else messages
    if cut[-1:] and cut[-1].role != "user":
        raise Broken("wrong role order", "no user turn to answer")
    return cut


def _meta(row: dict[str, Any]) -> dict[str, Any]:
    meta = row.get("meta")
    if meta is not None and not isinstance(meta, dict):
        raise Broken("wrong type", f"meta is {type_name(meta)}, wanted an object")
    kept = {name: row[name] for name in KEPT_FIELDS if isinstance(row.get(name), str | int)}
    return _json_value({**kept, **(meta or {})}, "meta")


def _json_value(value: Any, where: str) -> Any:
    """`value` if it can be written as JSON (Parquet holds dates, bytes and NaN, which cannot); else Broken."""
    try:
        canonical_json(value)
    except (TypeError, ValueError):
        raise Broken("wrong type", f"{where} holds what JSON cannot say") from None
    return value


def _from_messages(row: dict[str, Any], kind: Kind) -> Parsed:
    if "messages" not in row:
        raise Broken("missing field", "messages")
    return Parsed(_in_order(_messages(row["messages"], "messages"), kind), meta=_meta(row))


def _prompt_completion(row: dict[str, Any], kind: Kind) -> Parsed:
    turns: list[Message] = []
    for name, role in (("prompt", "user"), ("completion", "assistant")):
        value = row.get(name)
        if isinstance(value, list):
            turns += _messages(value, name)
        else:
            turns.append(Message(cast(Role, role), _text(row, name)))
    return Parsed(_in_order(tuple(turns), kind), meta=_meta(row))


def _question_answer(row: dict[str, Any], kind: Kind, keep_calculator: bool) -> Parsed:
    question, answer = _text(row, "question"), _text(row, "answer")
    if kind == "problems":
        _, mark, final = answer.rpartition(FINAL_ANSWER)
        truth = final.strip().replace(",", "") if mark else answer.strip()
        if not truth:
            raise Broken("no ground truth", f"nothing after {FINAL_ANSWER}" if mark else "answer is blank")
        verifier = "math" if mark else ""
        return Parsed((Message("user", question),), truth, verifier, plain=question, meta=_meta(row))
    clean = answer if keep_calculator else CALCULATOR.sub("", answer)
    notes = ("calculator annotations removed",) if clean != answer else ()
    return Parsed((Message("user", question), Message("assistant", clean)), meta=_meta(row), notes=notes)


def _problems(row: dict[str, Any], kind: Kind) -> Parsed:
    for name in ("messages", "ground_truth"):
        if name not in row:
            raise Broken("missing field", name)
    if row["ground_truth"] is None:
        raise Broken("null field", "ground_truth is null")
    verifier, plain, split = (_text(row, name) if row.get(name) is not None else ""
                              for name in ("verifier", "plain", "split"))
    messages = _messages(row["messages"], "messages")
    if messages[-1].role == "assistant":
        raise Broken("wrong role order", "a problem ends with assistant, wanted user")
    truth = _json_value(row["ground_truth"], "ground_truth")
    return Parsed(_in_order(messages, "problems"), truth, verifier, plain, split, _meta(row))


def _ifeval(row: dict[str, Any], kind: Kind) -> Parsed:
    prompt = _text(row, "prompt")
    names, arguments = row.get("instruction_id_list"), row.get("kwargs")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise Broken("wrong type", "instruction_id_list is not a list of names")
    if not isinstance(arguments, list) or len(arguments) != len(names):
        raise Broken("wrong type", "kwargs is not a list with one entry an instruction")
    if not all(item is None or isinstance(item, dict) for item in arguments):
        raise Broken("wrong type", "kwargs holds something that is not an object")
    # A table (Parquet) has every argument in every row, null where it is not meant.
    given = [{name: value for name, value in (item or {}).items() if value is not None} for item in arguments]
    truth = _json_value({"instruction_id_list": names, "kwargs": given}, "kwargs")
    return Parsed((Message("user", prompt),), truth, "ifeval", plain=prompt, meta=_meta(row))


PARSERS: dict[str, Callable[[dict[str, Any], Kind], Parsed]] = {
    "messages": _from_messages,
    "prompt_completion": _prompt_completion,
    "problems": _problems,
    "ifeval": _ifeval,
}
