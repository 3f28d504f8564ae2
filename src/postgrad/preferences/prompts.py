"""Which prompts are answered: distinct ones from examples or problems, shared out over the capabilities by priority."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from postgrad.records.tables import read_records
from postgrad.records.types import Example, Problem, content_id
from postgrad.support.errors import Failure
from postgrad.support.hashing import hash_text


def read(folder: Path) -> Iterator[Example]:
    """The prompts of an artifact's `problems.parquet` and `examples.parquet`, an example's without its last answer.

    Each is an example whose messages end with the user's turn and whose content id is that of those messages. Failure
    if the folder has neither file. What has no user's turn is passed over.
    """
    files = [(folder / "examples.parquet", Example), (folder / "problems.parquet", Problem)]
    present = [(path, kind) for path, kind in files if path.is_file()]
    if not present:
        raise Failure("has neither examples.parquet nor problems.parquet", where=str(folder))
    for path, kind in present:
        rows: Iterable[Example | Problem] = read_records(path, kind)
        for row in rows:
            messages = row.messages
            while messages and messages[-1].role != "user":
                messages = messages[:-1]
            if messages:
                yield Example(
                    content_id(messages), row.parents, messages, row.source, row.licence, row.capability, row.meta)


def distinct(prompts: Iterable[Example]) -> list[Example]:
    """Each prompt once, the parents of its duplicates with it, in the order of first sight."""
    known: dict[str, Example] = {}
    for prompt in prompts:
        first = known.get(prompt.content_id)
        if first is None:
            known[prompt.content_id] = prompt
        else:
            more = tuple(parent for parent in prompt.parents if parent not in first.parents)
            known[prompt.content_id] = replace(first, parents=first.parents + more)
    return list(known.values())


def shares(available: Mapping[str, int], priorities: Mapping[str, float], rows: int) -> dict[str, int]:
    """How many prompts each capability gives: in proportion to priority, what one lacks going to the others likewise.

    A capability without a priority counts 1. Whole numbers by largest remainder, ties by name; sums to `rows`, or to
    all there are.
    """
    given = dict.fromkeys(sorted(available), 0)
    left = min(rows, sum(available.values()))
    while left:
        room = [name for name in given if given[name] < available[name] and priorities.get(name, 1.0) > 0]
        if not room:
            break
        total = sum(priorities.get(name, 1.0) for name in room)
        exact = {name: left * priorities.get(name, 1.0) / total for name in room}
        whole = {name: min(int(exact[name]), available[name] - given[name]) for name in room}
        if not any(whole.values()):
            order = sorted(room, key=lambda name: (-(exact[name] - int(exact[name])), name))
            whole = dict.fromkeys(order[:left], 1)
        for name, count in whole.items():
            given[name] += count
            left -= count
    return given


def choose(prompts: Sequence[Example], priorities: Mapping[str, float], rows: int | None, seed: int) -> list[Example]:
    """`rows` of the prompts (None: all), by `shares`, drawn at random from `seed`, in an order drawn from it too."""
    by_capability: dict[str, list[Example]] = defaultdict(list)
    for prompt in sorted(prompts, key=lambda one: hash_text(f"prompts/{seed}/{one.content_id}")):
        by_capability[prompt.capability].append(prompt)
    available = {name: len(found) for name, found in by_capability.items()}
    given = available if rows is None else shares(available, priorities, rows)
    picked = [prompt for name, found in by_capability.items() for prompt in found[: given[name]]]
    return sorted(picked, key=lambda one: hash_text(f"prompts/{seed}/{one.content_id}"))
