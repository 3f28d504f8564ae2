"""One row as it stands in a file: its number, its object, or why there is none."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

MAX_ROW_BYTES = 16 << 20
"""A longer row is no conversation; it is skipped in pieces, so that one bad row cannot fill the memory."""
BOM = b"\xef\xbb\xbf"


class Broken(Exception):
    """A row that cannot be used: `reason` is one of a few fixed phrases, `detail` says where; neither quotes a text."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of a file. `number` counts from 0, blank and broken rows included; `note` is a mend made; `size` is how
    many bytes of the file the value was, about.
    """

    number: int
    value: dict[str, Any] | None
    broken: Broken | None = None
    note: str = ""
    size: int = 0

    def sound(self) -> dict[str, Any]:
        """The row's object. Broken if it has none."""
        if self.broken is not None or self.value is None:
            raise self.broken or Broken("no object")
        return self.value


def too_long() -> Broken:
    """What is said of a row beyond the limit."""
    return Broken("line too long", f"over {MAX_ROW_BYTES >> 20} MiB")


def parse_line(line: bytes) -> dict[str, Any]:
    """One row's JSON as an object. Broken for anything else: NaN, infinities, lone surrogates and doubled keys too."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Broken("not UTF-8", f"byte {error.start}") from None
    if not text.strip():
        raise Broken("blank line")
    value = parse_json(text)
    if not isinstance(value, dict):
        raise Broken("not a JSON object", f"is {type_name(value)}")
    return value


def parse_json(text: str) -> Any:
    """Any JSON value, as strictly. Broken as `parse_line`."""
    try:
        value = _DECODER.decode(text)
        if "\\u" in text:
            require_unicode(value)
        return value
    except RecursionError:
        raise Broken("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Broken("broken JSON", f"{error.msg} at character {error.pos}") from None
    except ValueError:  # an integer of more digits than Python reads
        raise Broken("number out of range") from None


def json_bytes(value: Any) -> bytes:
    """A row as one line of JSON, without its end; what JSON cannot say (a date out of a table) as text. ValueError for
    NaN and infinities, which the containers let into no row.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str, allow_nan=False).encode()


def require_unicode(value: Any) -> None:
    """Broken if a text anywhere in `value` holds half a surrogate pair, which no UTF-8 file can hold."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Broken("lone surrogate") from None


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Readers of JSON differ in which of two values under one key they take (RFC 8259, section 4): none is meant."""
    value = dict(pairs)
    if len(value) < len(pairs):
        raise Broken("doubled key", "an object says one of its keys twice")
    return value


def _reject_constant(name: str) -> NoReturn:
    raise Broken("number out of range", name)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise Broken("number out of range")
    return number


_DECODER = json.JSONDecoder(parse_constant=_reject_constant, parse_float=_finite, object_pairs_hook=_object)


def type_name(value: Any) -> str:
    """The JSON name of a value's type, for messages."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number",
             float: "a number"}
    return "null" if value is None else names.get(type(value), type(value).__name__)
