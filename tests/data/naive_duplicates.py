"""The stated rule of deduplication, carried out pair by pair on plain texts. Written apart from the code."""

import re
import unicodedata


def shingles(text: str) -> set[tuple[str, ...]]:
    """Runs of three words; of fewer words the whole."""
    words = re.findall(r"[^\W\d_]+|\d+", text.lower())
    return {tuple(words[at : at + 3]) for at in range(max(1, len(words) - 2))} if words else set()


def likeness(one: str, other: str) -> float:
    ours, theirs = shingles(one), shingles(other)
    return len(ours & theirs) / len(ours | theirs) if ours and theirs else 0.0


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip(" ")


def kept(texts: list[str], ranks: list[tuple[float, ...]], exact: bool, near: float | None) -> set[int]:
    """The rows that stay: by rank (higher first, then earlier), each that is no duplicate of one that has stayed."""
    stayed: list[int] = []
    for row in sorted(range(len(texts)), key=lambda row: ([-part for part in ranks[row]], row)):
        same = exact and any(plain(texts[row]) == plain(texts[other]) for other in stayed)
        if not same and (near is None or all(likeness(texts[row], texts[other]) < near for other in stayed)):
            stayed.append(row)
    return set(stayed)
