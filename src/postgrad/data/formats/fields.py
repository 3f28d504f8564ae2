"""Fields of a raw row: texts, messages, what is kept of the rest. Broken, with the field's name, for what is not so."""

from collections.abc import Mapping
from typing import Any, cast

from postgrad.data.formats.parsed import Kind
from postgrad.data.raw import Broken, parse_json, type_name
from postgrad.records.types import Message, Role
from postgrad.support.hashing import canonical_json

KEPT_FIELDS = ("id", "key")
ROLES: dict[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
TOOLS = frozenset({"tool", "function", "function_call", "function_response", "tool_call", "tool_calls", "tool_response",
                   "observation", "ipython"})
"""Roles of turns that call a tool or give its answer, which the chat templates have no place for."""


def given(row: Mapping[str, Any], name: str) -> bool:
    """Whether the row says anything under the name."""
    return row.get(name) is not None


def text(row: Mapping[str, Any], name: str) -> str:
    """A text that must be there."""
    if name not in row:
        raise Broken("missing field", name)
    value = row[name]
    if not isinstance(value, str):
        raise Broken("null field" if value is None else "wrong type", f"{name} is {type_name(value)}, wanted a text")
    return value


def optional(row: Mapping[str, Any], *names: str) -> str:
    """The text under the first of the names that is given; "" if none is."""
    return next((text(row, name) for name in names if given(row, name)), "")


def unpacked(value: Any) -> Any:
    """The value, or the list that a table's cell holds as JSON text."""
    return parse_json(value) if isinstance(value, str) and value.lstrip().startswith("[") else value


def listed(value: Any, where: str, of: str) -> list[Any]:
    """A list that must be there and hold something, as it stands or `unpacked`."""
    value = unpacked(value)
    if not isinstance(value, list):
        reason = "null field" if value is None else "wrong type"
        raise Broken(reason, f"{where} is {type_name(value)}, wanted a list of {of}")
    if not value:
        raise Broken(f"no {of}", f"{where} is an empty list")
    return value


def messages(row: Mapping[str, Any], name: str) -> tuple[Message, ...]:
    """OpenAI's messages under a name."""
    if name not in row:
        raise Broken("missing field", name)
    value = listed(row[name], name, "messages")
    return tuple(message(item, f"{name}[{index}]", ROLES) for index, item in enumerate(value))


def message(value: Any, where: str, roles: Mapping[str, Role], role: str = "role", content: str = "content") -> Message:
    """One turn; `role` and `content` are what its fields are called."""
    if not isinstance(value, dict):
        raise Broken("wrong type", f"{where} is {type_name(value)}, wanted an object with {role} and {content}")
    for name in (role, content):
        if name not in value:
            raise Broken("missing field", f"{where}.{name}")
    who = value[role]
    if (isinstance(who, str) and who in TOOLS) or value.get("tool_calls") or value.get("function_call"):
        raise Broken("tool use", f"{where}: chat templates have no place for it")
    if not isinstance(who, str) or who not in roles:
        raise Broken("unknown role", f"{where}.{role}; known: {', '.join(roles)}")
    if roles[who] == "assistant" and value.get("weight") == 0:
        raise Broken("turn of weight 0", f"{where}: all assistant turns are trained on")
    return Message(roles[who], _content(value[content], f"{where}.{content}"))


def _content(said: Any, where: str) -> str:
    if isinstance(said, list):  # OpenAI's parts; only text has a meaning for a language model
        parts = [part.get("text") for part in said if isinstance(part, dict) and part.get("type") == "text"]
        texts = [part for part in parts if isinstance(part, str)]
        if len(texts) != len(said):
            raise Broken("wrong type", f"{where} has a part that is not text")
        return "".join(texts)
    if not isinstance(said, str):
        raise Broken("null field" if said is None else "wrong type", f"{where} is {type_name(said)}, wanted a text")
    return said


def turns(row: Mapping[str, Any], name: str, role: Role) -> tuple[Message, ...]:
    """A field that is one turn's text, or a list of messages."""
    value = row.get(name)
    return messages(row, name) if isinstance(value, list) else (Message(role, text(row, name)),)


def system(row: Mapping[str, Any], *names: str) -> tuple[Message, ...]:
    """A system message from a field of its own, if it says anything."""
    said = optional(row, *names)
    return (Message("system", said),) if said.strip() else ()


FOLLOWS: dict[str, tuple[str, ...]] = {
    "start": ("system", "user"),
    "system": ("user",),
    "user": ("assistant",),
    "assistant": ("user",),
}


def in_order(turns: tuple[Message, ...], kind: Kind) -> tuple[Message, ...]:
    """The messages in the order that chat knows: (system) user assistant user …

    Examples end with the assistant. Prompts end before it: a last assistant turn is cut off.
    """
    before = "start"
    for index, turn in enumerate(turns):
        if turn.role not in FOLLOWS[before]:
            raise Broken("wrong role order", f"messages[{index}]: {turn.role} after {before}")
        before = turn.role
    if kind == "examples":
        if before != "assistant":
            raise Broken("wrong role order", f"ends with {before}, wanted assistant")
        return turns
    cut = turns[:-1] if before == "assistant" else turns
    if not cut or cut[-1].role != "user":
        raise Broken("wrong role order", "no user turn to answer")
    return cut


def meta(row: Mapping[str, Any]) -> dict[str, Any]:
    """`id`, `key` and what an object `meta` holds."""
    said = row.get("meta")
    if said is not None and not isinstance(said, dict):
        raise Broken("wrong type", f"meta is {type_name(said)}, wanted an object")
    kept = {name: row[name] for name in KEPT_FIELDS if isinstance(row.get(name), str | int)}
    return cast("dict[str, Any]", json_value({**kept, **said}, "meta")) if said else kept


def json_value(value: Any, where: str) -> Any:
    """`value` if it can be written as JSON (Parquet holds dates and bytes, which cannot); else Broken."""
    try:
        canonical_json(value)
    except (TypeError, ValueError):
        raise Broken("wrong type", f"{where} holds what JSON cannot say") from None
    return value
