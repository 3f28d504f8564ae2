"""Exact duplicates, on normalised text: of the rows that say the same, the best one stays and stands for the others.

Two rows say the same when their roles and texts are equal after NFC and after every run of white space has become one
blank (none at the ends). Case is kept: an answer in capitals is another answer where capitals were asked for.
Problems are compared by their prompt alone, since a prompt must have one ground truth; where the ground truths differ
the ledger says so.

Best means: the capability with the higher priority, then the longer text as written, then the earlier row in the order
of the inputs. The keeper's `parents` take up those of the rows it stands for.
"""

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from postgrad.data.rows import Handled, Record, Records, dropped, entry
from postgrad.records.types import Origin, Problem
from postgrad.support.hashing import canonical_json

STEP = "deduplicate"


def normalised(text: str) -> str:
    """NFC, every run of white space one blank, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def duplicate_key(record: Record) -> bytes:
    """16 bytes that two rows share if and only if (but for collisions of blake2b) they say the same."""
    said = [(message.role, normalised(message.content)) for message in record.messages]
    return _digest(canonical_json([type(record).__name__, said]))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


@dataclass(slots=True)
class _Group:
    """What is remembered of the rows that say the same: the best one's place, rank and truth, and everyone's lines."""

    best: int
    rank: tuple[float, int]
    truth: bytes
    lines: list[tuple[int, tuple[Origin, ...]]] = field(default_factory=list)


def deduplicate(records: Records, priorities: Mapping[str, float]) -> Iterator[Handled]:
    """Pass through `records` twice: find the groups, then hand on the best of each and drop the rest.

    Memory: a few hundred bytes for each distinct row, whatever its length.
    """
    groups: dict[bytes, _Group] = {}
    for index, record in enumerate(records()):
        key, rank = duplicate_key(record), _rank(record, priorities)
        group = groups.get(key)
        if group is None:
            groups[key] = _Group(index, rank, _truth(record), [(index, record.parents)])
            continue
        group.lines.append((index, record.parents))
        if rank > group.rank:  # at equal rank the earlier one stays
            group.best, group.rank, group.truth = index, rank, _truth(record)
    for index, record in enumerate(records()):
        group = groups[duplicate_key(record)]
        if len(group.lines) == 1:
            yield Handled(record)
        elif index == group.best:
            yield _keeper(record, group)
        else:
            yield _double(record, group)


def _rank(record: Record, priorities: Mapping[str, float]) -> tuple[float, int]:
    return (priorities.get(record.capability, 0.0), sum(len(message.content) for message in record.messages))


def _truth(record: Record) -> bytes:
    """What a problem is checked against, as a hash; the same for all examples."""
    return _digest(canonical_json([record.verifier, record.ground_truth])) if isinstance(record, Problem) else b""


def _keeper(record: Record, group: _Group) -> Handled:
    others = [origin for index, parents in group.lines if index != group.best for origin in parents]
    merged = replace(record, parents=tuple(dict.fromkeys((*record.parents, *others))))
    return Handled(merged, (entry(record, STEP, "keep", "best of its duplicates", f"of {len(group.lines)}"),))


def _double(record: Record, group: _Group) -> Handled:
    keeper = next(parents[0] for index, parents in group.lines if index == group.best)
    reason = "duplicate" if _truth(record) == group.truth else "same prompt, another ground truth"
    return dropped(record, STEP, reason, f"of {keeper.source}, file {keeper.file[:12]}, row {keeper.row}")
