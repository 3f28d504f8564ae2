"""What is asked of an engine, and what every engine answers: requests in, completions out, in the order asked."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from postgrad.records.types import Completion
from postgrad.support.errors import Mistake

OnBatch = Callable[[int, int], None]
"""Called as completions finish, with how many did and how many tokens they have."""


@dataclass(frozen=True, slots=True)
class Request:
    """One completion wanted of one prompt. Its random draws depend on `seed` (int64) and token position alone."""

    prompt_id: str
    ids: tuple[int, ...]
    sample: int
    seed: int


LEAST, MOST = 1e-3, 1e3
"""Temperatures with which float32 logits still make probabilities."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to choose tokens. `temperature` 0 is greedy; `top_k` 0 and `top_p` 1 leave the distribution whole.

    A completion ends at the tokenizer's end token or one of `stop_ids` (kept as its last token, not in its text), at
    one of the `stop` strings (the text ends before it), or after `max_tokens`. Mistake for a value outside its range.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    max_tokens: int = 256
    stop: tuple[str, ...] = ()
    stop_ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        faults = {
            "temperature": self.temperature != 0 and not LEAST <= self.temperature <= MOST,
            "top_p": not 0 < self.top_p <= 1, "top_k": self.top_k < 0,
            "max_tokens": self.max_tokens < 1, "stop": "" in self.stop}
        for name, wrong in faults.items():
            if wrong:
                raise Mistake(f"{name} is {getattr(self, name)!r}", where="sampling", mend=RANGES[name])

    def json(self) -> dict[str, Any]:
        """The form that records and keys use."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


RANGES = {
    "temperature": f"use 0 (greedy), or {LEAST:g} to {MOST:g}",
    "top_p": "use more than 0, at most 1", "top_k": "use 0 (all) or more",
    "max_tokens": "use 1 or more", "stop": "leave the empty text out"}


class Engine(Protocol):
    """What the rooms above see of any engine. `key` names everything that shapes its bits; it goes into journal
    keys.
    """

    slots: int

    @property
    def key(self) -> str: ...

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, on_batch: OnBatch | None = None
    ) -> list[Completion]: ...
