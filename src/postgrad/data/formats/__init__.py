"""What a row of each format means: raw object → a conversation, a prompt with what its answer is checked against, or a
preference. docs/data.md has them in a table; `detect.py` says by which fields each is found.

Fields that no format names are left behind; `id`, `key` and an object `meta` are kept in the record's `meta`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from postgrad.data.formats import checked, conversations, pairs
from postgrad.data.formats.columns import mapped
from postgrad.data.formats.detect import FIELD_NAMES, find_format, formats_of, nearest_format
from postgrad.data.formats.parsed import Kind, Parsed
from postgrad.data.raw import Broken

__all__ = [
    "FIELD_NAMES", "FORMATS", "KINDS", "Kind", "Parsed", "find_format", "formats_of", "nearest_format", "parse"]

PARSERS: dict[str, Callable[[dict[str, Any], Kind], Parsed]] = {
    "messages": conversations.openai,
    "sharegpt": conversations.sharegpt,
    "alpaca": conversations.alpaca,
    "question_answer": conversations.question_answer,
    "prompt_completion": conversations.prompt_completion,
    "prompts": checked.prompts,
    "preference": pairs.preference,
    "ultrafeedback": pairs.ultrafeedback,
    "unpaired": pairs.unpaired,
    "problems": checked.problems,
    "ifeval": checked.ifeval,
}
FORMATS = tuple(PARSERS)

_CONVERSATION: tuple[Kind, ...] = ("examples", "problems")
_PAIR: tuple[Kind, ...] = ("preferences", "problems")
KINDS: dict[str, tuple[Kind, ...]] = {
    **dict.fromkeys(FORMATS, _CONVERSATION),
    **dict.fromkeys(("preference", "ultrafeedback", "unpaired"), _PAIR),
    **dict.fromkeys(("prompts", "problems", "ifeval"), ("problems",)),
}
"""Format → what its rows can become; the first is what they are for."""


def parse(row: dict[str, Any], format_name: str, kind: Kind, columns: Mapping[str, str] | None = None) -> Parsed:
    """Read `row` as one of `FORMATS`, its fields called as `columns` says. Broken with the reason if it is not what the
    format says.
    """
    try:
        return PARSERS[format_name](mapped(row, columns) if columns else row, kind)
    except RecursionError:
        raise Broken("nested too deeply") from None
