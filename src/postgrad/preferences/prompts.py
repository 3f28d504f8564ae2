"""Which prompts are answered: distinct ones from examples or problems, shared out over capabilities and sources."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from postgrad.records.tables import read_records
from postgrad.records.types import Example, Problem, content_id
from postgrad.support.errors import Failure
from postgrad.support.hashing import hash_text
from postgrad.support.shares import Offer, as_written, share_out

Place = tuple[str, str]
"""A capability and one of its sources."""


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


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many prompts, and by what they are shared out: the priorities of capabilities, and weights of sources. A
    source without a weight has as much as it has prompts.
    """

    rows: int
    priorities: Mapping[str, float]
    weights: Mapping[str, float]


def shares(available: Mapping[Place, int], wanted: Wanted) -> dict[Place, int]:
    """How many prompts each source gives, by the rule of the mixture: what one lacks goes to the others.

    Whole numbers by largest remainder, ties by name; sums to `wanted.rows`, or to all that there are.
    """
    offers = {(capability, source): Offer(capability, as_written(wanted.weights.get(source, count)), Fraction(count))
              for (capability, source), count in available.items()}
    priorities = {name: as_written(priority) for name, priority in wanted.priorities.items()}
    aims = share_out(Fraction(wanted.rows), offers, priorities)
    given = {place: int(aim) for place, aim in aims.items()}
    left = int(sum(aims.values(), Fraction(0))) - sum(given.values())
    for place in sorted(aims, key=lambda place: (given[place] - aims[place], place))[:left]:
        given[place] += 1
    return given


def choose(prompts: Sequence[Example], seed: int, wanted: Wanted | None) -> list[Example]:
    """The prompts wanted (None: all), by `shares`, drawn at random from `seed`, in an order drawn from it too."""
    ordered = sorted(prompts, key=lambda one: hash_text(f"prompts/{seed}/{one.content_id}"))
    if wanted is None:
        return ordered
    left = shares(Counter((prompt.capability, prompt.source) for prompt in prompts), wanted)
    picked = []
    for prompt in ordered:
        place = prompt.capability, prompt.source
        if left[place]:
            left[place] -= 1
            picked.append(prompt)
    return picked
