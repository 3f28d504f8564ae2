"""Task = problems + a kind of request + a verifier + a metric. Evaluation scores it; RLVR trains on the same thing.

A request says what a model is asked for each problem. `generate` wants a completion. A request of another kind (the
likelihood of given answers, a walk through an environment) is a new value here and a new branch where tasks are asked;
outcomes and metrics stay as they are.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from postgrad.records.types import Completion, Outcome, Problem, Verdict, completion_id, messages_json
from postgrad.support.errors import Mistake
from postgrad.support.hashing import hash_json
from postgrad.tasks.metrics import METRICS
from postgrad.verifiers.verify import NAMES, verify

Request = Literal["generate"]
REQUESTS: tuple[Request, ...] = ("generate",)
SPLITS = ("train", "development", "unseen")
DEFAULT_METRIC = {"ifeval": "prompt_loose", "refusal": "accuracy_and_rates"}
MAX_TOKENS = 128


@dataclass(frozen=True)
class Task:
    """Distinct problems in a fixed order, and how to ask and score them. `max_tokens` bounds one completion."""

    name: str
    capability: str
    split: str
    request: Request
    verifier: str
    metric: str
    problems: tuple[Problem, ...]
    max_tokens: int = MAX_TOKENS

    @property
    def content_hash(self) -> str:
        """Hash of what is asked and what counts as right, whatever the order and the name: the seal's key."""
        asked = sorted(hash_json([messages_json(p.messages), p.ground_truth]) for p in self.problems)
        return hash_json([self.request, self.verifier, asked])

    def limited(self, count: int | None) -> "Task":
        """The task with its first `count` problems (all of them for None)."""
        return self if count is None else replace(self, problems=self.problems[:count])


def load(
    name: str, problems: Iterable[Problem], *, capability: str = "", split: str = "", request: str = "generate",
    verifier: str = "", metric: str = "", max_tokens: int | None = None,
) -> Task:
    """A task of Problem records; what is left out is what its problems say. Problems asked twice count once.

    Mistake, naming the task, if there is no problem, problems disagree on the verifier, one has no ground truth that
    the verifier can read, or a name (request, split, verifier, metric) is not known.
    """
    distinct = {problem.content_id: problem for problem in problems}
    where = f"task {name}"
    if not distinct:
        raise Mistake("has no problems", where=where, mend="give its file rows with a question and a ground truth")
    found = tuple(distinct.values())
    said = {problem.verifier for problem in found}
    verifier = verifier or said.pop()
    if said - {verifier}:
        several = sorted(said | {verifier})
        raise Mistake(f"its problems are for {len(several)} verifiers: {', '.join(several)}", where=where,
                      mend="give each its own task")
    metric = metric or DEFAULT_METRIC.get(verifier, "accuracy")
    split, capability = split or found[0].split, capability or found[0].capability
    for what, value, known in (("request", request, REQUESTS), ("split", split, SPLITS), ("verifier", verifier, NAMES),
                               ("metric", metric, tuple(METRICS))):
        if value not in known:
            raise Mistake(f"no {what} {value!r}", where=where, mend=f"use one of {', '.join(known)}")
    task = Task(name, capability, split, "generate", verifier, metric, found, max_tokens or MAX_TOKENS)
    for problem in found:
        if (verdict := verdict_on(task, problem, "")).status != "ok" and "ground truth" in verdict.reason:
            raise Mistake(verdict.reason, where=f"{where}, problem {problem.content_id[:12]}",
                          mend=f"give it the form that verifier {verifier} reads")
    return task


def verdict_on(task: Task, problem: Problem, text: str) -> Verdict:
    """What the task's verifier says of one text."""
    return verify(task.verifier, text, problem.ground_truth, prompt=problem.messages[-1].content)


def verdict(problem: Problem, completion: Completion) -> Verdict:
    """What the problem's own verifier says of one completion: the reward of RLVR, and what scores are made of."""
    return verify(
        problem.verifier, completion.text, problem.ground_truth, prompt=problem.messages[-1].content,
        finish_reason=completion.finish_reason, completion=completion_id(completion))


def outcomes(task: Task, completions: Iterable[Completion]) -> list[Outcome]:
    """One outcome a problem, in the task's order. The completion's `prompt_id` is the problem's `content_id`.

    A problem whose verdict is not ok keeps its outcome, with score NaN: metrics leave it out and count it. ValueError
    if a problem has no completion, or more than one.
    """
    by_problem: dict[str, Completion] = {}
    for completion in completions:
        if completion.prompt_id in by_problem:
            raise ValueError(f"two completions of problem {completion.prompt_id}")
        by_problem[completion.prompt_id] = completion
    made = []
    for problem in task.problems:
        if problem.content_id not in by_problem:
            raise ValueError(f"no completion of problem {problem.content_id}")
        found = verdict(replace(problem, verifier=task.verifier), by_problem[problem.content_id])
        score = float("nan") if found.reward is None else found.reward
        made.append(Outcome(problem.content_id, score, problem.content_id, found))
    return made
