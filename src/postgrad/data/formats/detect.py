"""Which format a row has, by the names of its fields."""

from collections.abc import Collection, Mapping
from typing import Any

PROMPT = ("prompt", "input", "query", "question", "problem")
ANSWER = ("completion", "response", "output", "answer", "solution")
ASKED = ("prompt", "instruction", "query", "question", "input", "problem")
SYSTEM = ("system", "system_prompt")

NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "messages": (("messages",),),
    "sharegpt": (("conversations", "conversation"),),
    "alpaca": (("instruction",), ("output", "response")),
    "question_answer": (("question",), ("answer",)),
    "prompt_completion": (PROMPT, ANSWER),
    "prompts": (ASKED,),
    "preference": (("chosen",), ("rejected",)),
    "ultrafeedback": (("instruction",), ("completions",)),
    "unpaired": (("prompt",), ("completion",), ("label",)),
    "problems": (("messages", "prompt"), ("ground_truth",)),
    "ifeval": (("prompt",), ("instruction_id_list",), ("kwargs",)),
}
"""Format → its fields, each by the names that it may have. The first name counts where it stands beside others; of the
others only one may be there.
"""
MAY_HAVE: dict[str, tuple[str, ...]] = {
    "sharegpt": SYSTEM,
    "alpaca": ("input", "context", "history", *SYSTEM),
    "prompt_completion": SYSTEM,
    "prompts": SYSTEM,
    "preference": (*ASKED, *SYSTEM),
    "problems": ("verifier", "dataset", "plain", "split"),
}
"""Further fields that a format reads."""
SAY_MORE = frozenset({"preference", "ultrafeedback", "unpaired", "problems", "ifeval"})
"""Formats whose fields mean one thing only: where one fits, conversations beside it are copies of its parts."""
NAMES_A_ROW = frozenset({"id", "key", "meta"})
FIELD_NAMES = tuple(dict.fromkeys(
    name for form in NEEDS for name in (*(name for names in NEEDS[form] for name in names), *MAY_HAVE.get(form, ()))))


def pick(keys: Collection[str], names: tuple[str, ...]) -> str | None:
    """The name under which a field is there; None if it is not, or under several."""
    there = [name for name in names if name in keys]
    return there[0] if there and (there[0] == names[0] or len(there) == 1) else None


def find_format(row: Mapping[str, Any]) -> list[str]:
    """The formats whose fields the row has; more than one if it is ambiguous, none if it is unknown."""
    fitting = formats_of({name for name, value in row.items() if value is not None})
    if "unpaired" in fitting and not isinstance(row["label"], bool | int):
        return formats_of({name for name, value in row.items() if value is not None} - {"label"})
    return fitting


def formats_of(keys: Collection[str]) -> list[str]:
    """As `find_format`, by the names alone. A format hides one whose fields are all among its own."""
    picked: dict[str, set[str]] = {}
    for form, wanted in NEEDS.items():
        names = [pick(keys, one) for one in wanted]
        if all(names):
            picked[form] = {name for name in names if name} | set(keys) & set(MAY_HAVE.get(form, ()))
    alone = picked.pop("prompts", set())
    if picked.keys() & SAY_MORE:
        picked = {form: names for form, names in picked.items() if form in SAY_MORE}
    elif not picked and alone and set(keys) <= alone | NAMES_A_ROW:
        return ["prompts"]
    order = list(picked)
    return [form for form in order if not any(
        picked[form] < picked[other] or (picked[form] == picked[other] and order.index(other) < order.index(form))
        for other in order if other != form)]


def nearest_format(keys: Collection[str]) -> str:
    """In words: the format that most of a row's fields fit, and which it lacks; "" if none fits at all."""
    def share(form: str) -> float:  # a field that is there under two names is nearly there
        there = [1.0 if pick(keys, names) else 0.9 * bool(set(names) & set(keys)) for names in NEEDS[form]]
        return sum(there) / len(there)

    form = max((form for form in NEEDS if form != "prompts"), key=share)
    if not share(form):
        return ""
    lacking = [names for names in NEEDS[form] if pick(keys, names) is None]
    said = [" or ".join(name for name in names if name in keys) + " (which?)" if set(names) & set(keys) else names[0]
            for names in lacking]
    return f"nearest is {form}, which lacks {', '.join(said)}"
