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


Pair = tuple[str, str | None, str | None]
"""A prompt, the chosen answer, the rejected one; a completion with a label has the one or the other."""


def parts_of(pair: Pair) -> dict[str, set[tuple[str, ...]]]:
    prompt, chosen, rejected = (shingles(text or "") for text in pair)
    return {"prompt": prompt, "chosen": chosen, "rejected": rejected, "only chosen": chosen - rejected,
            "only rejected": rejected - chosen}


def likeness_of_pairs(one: Pair, other: Pair) -> float:
    """The least likeness of the parts; 0 where nothing tells the answers of one of them apart."""
    ours, theirs = parts_of(one), parts_of(other)
    if not all(parts["only chosen"] | parts["only rejected"] for parts in (ours, theirs)):
        return 0.0
    return min(len(ours[name] & theirs[name]) / len(ours[name] | theirs[name])
               for name in ours if ours[name] | theirs[name])


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip(" ")


def kept_pairs(pairs: list[Pair], ranks: list[tuple[float, ...]], near: float) -> set[int]:
    """Of preferences the rows that stay, as in `kept`."""
    stayed: list[int] = []
    for row in sorted(range(len(pairs)), key=lambda row: ([-part for part in ranks[row]], row)):
        same = any([plain(text or "") for text in pairs[row]] == [plain(text or "") for text in pairs[other]]
                   for other in stayed if labels(pairs[row]) == labels(pairs[other]))
        if not same and all(likeness_of_pairs(pairs[row], pairs[other]) < near for other in stayed):
            stayed.append(row)
    return set(stayed)


def labels(pair: Pair) -> tuple[bool, bool]:
    return pair[1] is None, pair[2] is None


def kept(texts: list[str], ranks: list[tuple[float, ...]], exact: bool, near: float | None) -> set[int]:
    """The rows that stay: by rank (higher first, then earlier), each that is no duplicate of one that has stayed."""
    stayed: list[int] = []
    for row in sorted(range(len(texts)), key=lambda row: ([-part for part in ranks[row]], row)):
        same = exact and any(plain(texts[row]) == plain(texts[other]) for other in stayed)
        if not same and (near is None or all(likeness(texts[row], texts[other]) < near for other in stayed)):
            stayed.append(row)
    return set(stayed)
