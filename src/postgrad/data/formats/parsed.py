"""What a format makes of a row, whatever the format."""

from dataclasses import dataclass, field
from typing import Any, Literal

from postgrad.records.types import Message

Kind = Literal["examples", "problems", "preferences"]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A row understood. `messages` are the whole conversation of an example, the prompt of anything else.

    `ground_truth` and `verifier` are None and "" where the row says nothing of a check. A preference has `chosen` and
    `rejected`, or `completion` and `label`.
    """

    messages: tuple[Message, ...]
    ground_truth: Any = None
    verifier: str = ""
    plain: str = ""
    split: str = ""
    chosen: str | None = None
    rejected: str | None = None
    completion: str | None = None
    label: bool | None = None
    meta: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
