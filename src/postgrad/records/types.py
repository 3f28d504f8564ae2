"""The few record types that travel between rooms. Frozen, plain, comparable; their Parquet form is in `tables.py`."""

from dataclasses import dataclass, field
from typing import Any, Literal

from postgrad.support.hashing import canonical_json, hash_text

Role = Literal["system", "user", "assistant", "tool"]
FinishReason = Literal["stop", "length", "error"]
Status = Literal["ok", "error", "timeout"]
Action = Literal["keep", "drop", "change", "make"]


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a row was read: source name, hash of the file, row number from 0. Broken rows have one too."""

    source: str
    file: str
    row: int


@dataclass(frozen=True, slots=True)
class Example:
    """One SFT row: a conversation whose assistant turns are trained on."""

    content_id: str
    parents: tuple[Origin, ...]
    messages: tuple[Message, ...]
    source: str
    licence: str
    capability: str
    meta: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Preference:
    """A prompt with a chosen and a rejected answer; or unpaired: `completion` with `label`."""

    content_id: str
    parents: tuple[Origin, ...]
    prompt: tuple[Message, ...]
    source: str
    licence: str
    capability: str
    chosen: str | None = None
    rejected: str | None = None
    completion: str | None = None
    label: bool | None = None
    meta: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """A prompt whose answers can be checked. `ground_truth` is what the named verifier expects.

    `plain` is the same question as plain text, for a base that has seen no chat format ("" if there is none).
    """

    content_id: str
    parents: tuple[Origin, ...]
    messages: tuple[Message, ...]
    ground_truth: Any = field(hash=False)
    verifier: str
    split: str
    source: str
    licence: str
    capability: str
    plain: str = ""
    meta: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a completion. Where the engine knows them: token ids, which are the policy's own, log-probabilities.

    `logprobs` are of the distribution sampled from, `policy_logprobs` of the untempered policy; natural logarithm.
    """

    text: str
    token_ids: tuple[int, ...] = ()
    own: tuple[bool, ...] = ()
    logprobs: tuple[float, ...] = ()
    policy_logprobs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """What an engine answered to one prompt, once. `model_key` names the weights, `policy_step` the RL step."""

    prompt_id: str
    sample: int
    model_key: str
    policy_step: int
    sampling: dict[str, Any] = field(hash=False)
    seed: int
    turns: tuple[Turn, ...]
    finish_reason: FinishReason

    @property
    def text(self) -> str:
        """The text of the last turn, which is what verifiers and judges read."""
        return self.turns[-1].text if self.turns else ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verifier says of one completion. `reward` is None unless `status` is ok; a failure is never a zero."""

    status: Status
    reward: float | None
    parts: dict[str, float] = field(hash=False)
    reason: str
    verifier: str
    version: int
    completion: str = ""


@dataclass(frozen=True, slots=True)
class Rating:
    """One judge, one aspect of one completion, 1 (worst) to 5; None where the judge could not tell."""

    completion: str
    judge: str
    aspect: str
    value: float | None
    rationale: str


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What one step did to one row. `detail` never holds text that a redaction removed."""

    origin: Origin
    step: str
    action: Action
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One problem's result on a task: `score` in the metric's unit, `cluster` for items that belong together."""

    problem: str
    score: float
    cluster: str = ""
    verdict: Verdict | None = None


def messages_json(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    """The form that templates, files and hashes use."""
    return [{"role": message.role, "content": message.content} for message in messages]


def content_id(messages: tuple[Message, ...]) -> str:
    """Hash of the canonical messages: duplicates share it whatever their source."""
    return hash_text(canonical_json(messages_json(messages)))


def completion_id(completion: Completion) -> str:
    """Hash that names one completion: weights, policy step, prompt, sample number, seed and what was said."""
    said = [completion.model_key, completion.policy_step, completion.prompt_id, completion.sample, completion.seed]
    return hash_text(canonical_json([*said, [turn.text for turn in completion.turns]]))
