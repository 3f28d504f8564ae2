"""What all of curation shares: the kinds of row, the text that is looked at, and how a part hands a row on.

Convention on `parents`: the first one is the row's own line; those after it are lines whose copies it stands for. The
ledger is keyed by the first.
"""

from dataclasses import dataclass

from postgrad.records.types import Action, Example, LedgerEntry, Message, Origin, Preference, Problem

Record = Example | Problem | Preference

KINDS: dict[str, type[Record]] = {"examples": Example, "problems": Problem, "preferences": Preference}
"""Name of the Parquet file (without suffix) → what it holds."""


@dataclass(frozen=True, slots=True)
class Handled:
    """One row after a part has seen it: the record that goes on (None: dropped) and what the ledger says.

    A row without entries passed unchanged.
    """

    record: Record | None
    entries: tuple[LedgerEntry, ...] = ()


def own_origin(record: Record) -> Origin:
    """The line that the row was read from."""
    return record.parents[0]


def entry(record: Record, step: str, action: Action, reason: str, detail: str = "") -> LedgerEntry:
    return LedgerEntry(own_origin(record), step, action, reason, detail)


def dropped(record: Record, step: str, reason: str, detail: str = "") -> Handled:
    return Handled(None, (entry(record, step, "drop", reason, detail),))


def conversations(record: Record) -> tuple[tuple[Message, ...], ...]:
    """What a model reads whole: the messages; of a preference the prompt with each of its answers."""
    if not isinstance(record, Preference):
        return (record.messages,)
    answers = (record.chosen, record.rejected, record.completion)
    return tuple((*record.prompt, Message("assistant", answer)) for answer in answers if answer is not None)


def taught(record: Record) -> tuple[Message, ...]:
    """The conversation that training makes likelier. What a preference rejects is not in it, only its prompt."""
    if not isinstance(record, Preference):
        return record.messages
    answer = record.completion if record.label else record.chosen
    return record.prompt if answer is None else (*record.prompt, Message("assistant", answer))
