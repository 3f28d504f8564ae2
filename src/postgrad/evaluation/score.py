"""Score one model on tasks: prompts rendered, answers, verdicts, outcomes, and each score with its interval.

The artifact of `evaluate`:

    TASK.completions.parquet   Completion, one a problem; prompt_id is the problem's content_id
    TASK.outcomes.parquet      Outcome, one a problem in the same order; score NaN where the verifier could not tell
    scores.json                {"stage", "plain", "tasks": [{task, capability, split, family, problems, undecided}],
                                "scores": [{stage, task, capability, split, metric, value, low, high, n}]}
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from postgrad.chat import Template, Tokenizer, template
from postgrad.generation import Engine, Request, Sampling, generate_journaled
from postgrad.records.tables import read_records, write_records
from postgrad.records.types import Completion, Outcome, Problem, messages_json
from postgrad.statistics import interval
from postgrad.support.errors import Failure, Mistake
from postgrad.support.files import write_atomically
from postgrad.support.hashing import hash_text
from postgrad.support.progress import Progress
from postgrad.support.resources import Journal, Resources
from postgrad.tasks import METRICS, Task, decided, load, outcomes

PLAIN_STOP = ("\n\n", "\nQuestion:")
"""Where a plain-text answer ends: a text model goes on with the next paragraph or question by itself."""


def plain_text(problem: Problem) -> str:
    """The question for a model that has seen no chat format: the problem's own `plain`, else its last turn."""
    return problem.plain or f"Question: {problem.messages[-1].content}\nAnswer:"


def requests(task: Task, tokenizer: Tokenizer, chat: Template | None, seed: int) -> list[Request]:
    """One request a problem, in the task's order; `chat` None asks in plain text.

    What is drawn follows from the seed and the problem, so that all stages draw by the same numbers.
    """
    made = []
    for problem in task.problems:
        if chat is None:
            start = [] if tokenizer.bos_id is None else [tokenizer.bos_id]
            ids = start + tokenizer.encode(plain_text(problem))
        else:
            ids = chat.encode(messages_json(problem.messages), tokenizer, generation_prompt=True).ids
        draws = int(hash_text(f"evaluate/{seed}/{problem.content_id}")[:16], 16) >> 1
        made.append(Request(problem.content_id, tuple(ids), 0, draws))
    return made


def sampling(task: Task, tokenizer: Tokenizer, chat: Template | None, temperature: float) -> Sampling:
    """To the end of the turn or the task's `max_tokens`; temperature 0 is greedy."""
    if chat is None:
        return Sampling(temperature=temperature, max_tokens=task.max_tokens, stop=PLAIN_STOP)
    return Sampling(temperature=temperature, max_tokens=task.max_tokens, stop_ids=(chat.end_id(tokenizer),))


def score(
    engine: Engine, tokenizer: Tokenizer, chat: Template | None, task: Task, journal: Journal,
    progress: Progress | None = None, *, seed: int, temperature: float,
) -> tuple[list[Outcome], list[Completion]]:
    """The engine's answers to a task and what they are worth, one each a problem in the task's order.

    `chat` is the template, or None for the plain-text score. Batches done are in `journal` and not done again.
    """
    asked, how = requests(task, tokenizer, chat, seed), sampling(task, tokenizer, chat, temperature)
    completions = generate_journaled(engine, asked, how, journal, progress)
    return outcomes(task, completions), completions


def scores_of(
    stage: str, about: Mapping[str, Any], found: Sequence[Outcome], confidence: float
) -> list[dict[str, Any]]:
    """The rows of scores.json for one task: every metric of its family, with its interval.

    `about` has task, capability, split, family. Failure if no problem could be decided.
    """
    rows = []
    for metric, values in METRICS[about["family"]](found).items():
        if not values:
            reasons = sorted({o.verdict.reason for o in found if o.verdict and o.verdict.status != "ok"})
            raise Failure(
                f"no problem could be decided ({reasons[0] if reasons else 'none has this metric'})",
                where=f"task {about['task']}", mend="take the task out, or install what its verifier needs")
        value, low, high = interval(list(values.values()), confidence)
        rows.append({"stage": stage, "task": about["task"], "capability": about["capability"], "split": about["split"],
                     "metric": metric, "value": value, "low": low, "high": high, "n": len(values)})
    return rows


def read_tasks(inputs: Mapping[str, Path], wanted: Iterable[Mapping[str, Any]], limit: int | None = None) -> list[Task]:
    """The tasks of an evaluation: of each {"name", "capability", "split", "max_tokens"} the first `limit` problems in
    input `task.NAME`.
    """
    tasks = []
    for entry in wanted:
        problems = read_records(inputs[f"task.{entry['name']}"] / "problems.parquet", Problem)
        tasks.append(load(
            entry["name"], problems, capability=entry["capability"], split=entry["split"],
            max_tokens=entry["max_tokens"]).limited(limit))
    return tasks


def evaluate(inputs: Mapping[str, Path], config: Mapping[str, Any], resources: Resources) -> None:
    """Score a model on tasks (a step). Inputs: `model` (a folder with `model/`) and `task.NAME` for each task.

    Config: {"stage", "tasks": [{"name", "capability", "split", "max_tokens"}], "template", "plain": bool, "slots",
    "seed", "temperature", "confidence", "limit": problems of a task | None, "unseal": reason | None}. Mistake if an
    unseen task is among them without a reason to open it.
    """
    from postgrad.generation.native import NativeEngine  # torch comes in here, so that planning stays light
    from postgrad.models import load as load_model
    from postgrad.models import weights_hash
    from postgrad.models.deterministic import make_deterministic

    tasks = read_tasks(inputs, config["tasks"], config["limit"])
    for task in tasks:
        if task.split == "unseen" and not config["unseal"]:
            raise Mistake("is sealed", where=f"task {task.name}", mend="say `evaluate: {unseal: REASON}` to open it")
    make_deterministic(resources.threads)
    loaded = load_model(inputs["model"] / "model")
    chat = None if config["plain"] else template(config["template"])
    engine = NativeEngine(loaded, weights_hash(loaded.model), config["slots"])
    journal, confidence = resources.journal("completions"), config["confidence"]
    said: dict[str, Any] = {"stage": config["stage"], "plain": chat is None, "tasks": [], "scores": []}
    total = sum(len(task.problems) for task in tasks)
    with resources.progress(f"evaluate {config['stage']}", total, "answers") as progress:
        for task in tasks:
            found, completions = score(engine, loaded.tokenizer, chat, task, journal, progress,
                                       seed=config["seed"], temperature=config["temperature"])
            write_records(resources.out / f"{task.name}.outcomes.parquet", Outcome, found)
            write_records(resources.out / f"{task.name}.completions.parquet", Completion, completions)
            about = {"task": task.name, "capability": task.capability, "split": task.split, "family": task.metric,
                     "problems": len(found), "undecided": len(found) - len(decided(found))}
            said["tasks"].append(about)
            said["scores"] += scores_of(config["stage"], about, found, confidence)
    write_atomically(resources.out / "scores.json", json.dumps(said, indent=1).encode())
