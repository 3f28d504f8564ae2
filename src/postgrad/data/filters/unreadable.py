"""Turns that were decoded wrongly: characters that no text has, and mojibake.

Unreadable are U+FFFD, which decoders put where they failed; control characters but for white space; lone surrogates;
and what Unicode calls noncharacters. Mojibake is UTF-8 that was read as Windows-1252 or Latin-1 (`Ã©` for `é`): the
sequence, written back in that encoding, is UTF-8 for one character. Now and then such a sequence is meant (`CAFÉ»`),
so that only a share of them tells.
"""

import re

from postgrad.data.filters.finding import Check, Finding, percent
from postgrad.data.rows import Record, conversations

UNREADABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff]")
_CONTINUING = re.escape("".join(sorted(
    {chr(byte) for byte in range(0x80, 0xC0)} | set(bytes(range(0x80, 0xC0)).decode("cp1252", "ignore")))))
MOJIBAKE = re.compile(f"[Â-ß][{_CONTINUING}]|[à-ï][{_CONTINUING}]{{2}}|[ð-ô][{_CONTINUING}]{{3}}")


def unreadable_share(text: str) -> float:
    """Of the characters; 0 for an empty text."""
    return len(UNREADABLE.findall(text)) / len(text) if text else 0.0


def mojibake_share(text: str) -> float:
    """Characters in mojibake, of those that are no white space; 0 for an empty text."""
    if text.isascii():
        return 0.0
    return sum(map(len, MOJIBAKE.findall(text))) / (len("".join(text.split())) or 1)


def check(max_unreadable: float | None, max_mojibake: float | None) -> Check:
    """Turn by turn: a broken answer to a long question is broken all the same."""

    def find(record: Record) -> Finding | None:
        for messages in conversations(record):
            for index, message in enumerate(messages):
                text = message.content
                if max_unreadable is not None and not (text.isascii() and text.isprintable()):
                    share = unreadable_share(text)
                    if share > max_unreadable:
                        return "unreadable characters", f"messages[{index}]: {percent(share)}"
                if max_mojibake is not None:
                    share = mojibake_share(text)
                    if share > max_mojibake:
                        return "mojibake", f"messages[{index}]: {percent(share)}"
        return None

    return find
