import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from postgrad.chat import Tokenizer, template
from postgrad.embedded import sources
from postgrad.evaluation.score import PLAIN_STOP, evaluate, plain_text, requests, sampling, score
from postgrad.generation import Request, Sampling
from postgrad.pipeline.resources import Resources
from postgrad.records.tables import read_records, write_records
from postgrad.records.types import Completion, Message, Origin, Outcome, Problem, Turn, content_id
from postgrad.support.errors import Mistake
from postgrad.tasks import load

BASE = Path(sources.__file__).with_name("base")
TULU = template("tulu")


def problems(task: str, count: int) -> list[Problem]:
    made = []
    for number, row in enumerate(sources.problems(task, count=count)):
        messages = tuple(Message(**message) for message in row["messages"])
        made.append(
            Problem(
                content_id(messages),
                (Origin(task, "f", number),),
                messages,
                row["ground_truth"],
                row["verifier"],
                sources.split_of_task(task),
                task,
                "Apache-2.0",
                sources.capability_of_task(task),
                row["plain"],
                {"gold": row["gold"], "wrong": row["wrong"]},
            )
        )
    return made


class Oracle:
    """An engine that gives every other problem its gold answer, the rest a wrong one."""

    slots, key = 2, "oracle"

    def __init__(self, problems: list[Problem]) -> None:
        self.answers = {p.content_id: p.meta["gold" if n % 2 == 0 else "wrong"] for n, p in enumerate(problems)}
        self.asked = 0

    def generate(self, requests: Sequence[Request], sampling: Sampling, on_batch: Any = None) -> list[Completion]:
        self.asked += len(requests)
        return [
            Completion(
                r.prompt_id, r.sample, "m", 0, sampling.json(), r.seed, (Turn(self.answers[r.prompt_id]),), "stop"
            )
            for r in requests
        ]


class Notes(dict[str, Any]):
    append = dict.__setitem__


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(BASE)


@pytest.mark.parametrize("name", ["world_math", "world_instructions", "world_knowledge", "world_safety"])
def test_right_answers_score_and_wrong_ones_do_not(name: str, tokenizer: Tokenizer) -> None:
    asked = problems(name, 20)
    engine, notes = Oracle(asked), Notes()
    found, completions = score(engine, tokenizer, TULU, load(name, asked), notes, seed=1, temperature=0)
    assert [outcome.score for outcome in found] == [1.0, 0.0] * 10
    assert score(engine, tokenizer, TULU, load(name, asked), notes, seed=1, temperature=0) == (found, completions)
    assert engine.asked == 20  # the second time everything came from the journal


def test_prompts_are_the_templates_and_plain_ones_the_problems_own(tokenizer: Tokenizer) -> None:
    task = load("world_math", problems("world_math", 2))
    chat, plain = requests(task, tokenizer, TULU, 7), requests(task, tokenizer, None, 7)
    question = task.problems[0].messages[0].content
    assert tokenizer.decode(chat[0].ids).endswith(f"<|user|>\n{question}\n<|assistant|>\n")
    assert tokenizer.decode(plain[0].ids).endswith(f"{question}\n") and "<|user|>" not in tokenizer.decode(plain[0].ids)
    assert [r.prompt_id for r in chat] == [p.content_id for p in task.problems]

def test_each_problem_has_draws_of_its_own_the_same_for_every_stage(tokenizer: Tokenizer) -> None:
    task = load("world_math", problems("world_math", 20))
    ways = ((TULU, 7), (None, 7), (TULU, 8))
    seeds = [[request.seed for request in requests(task, tokenizer, chat, seed)] for chat, seed in ways]
    assert seeds[0] == seeds[1] and len({*seeds[0], *seeds[2]}) == 40


def test_plain_answers_end_with_the_paragraph_chat_ones_with_the_turn(tokenizer: Tokenizer) -> None:
    task = load("world_math", problems("world_math", 2), max_tokens=9)
    chat, plain = (sampling(task, tokenizer, template, 0.7) for template in (TULU, None))
    assert chat.temperature == plain.temperature == 0.7 and chat.max_tokens == plain.max_tokens == 9
    assert plain.stop == PLAIN_STOP and chat.stop_ids == (TULU.end_id(tokenizer),)


def test_a_problem_without_plain_text_is_asked_as_a_question() -> None:
    messages = (Message("user", "Why?"),)
    bare = Problem("id", (Origin("s", "f", 0),), messages, {"answer": "1"}, "math", "development", "s", "MIT", "c")
    assert plain_text(bare) == "Question: Why?\nAnswer:"


def run(tmp_path: Path, name: str, **config: Any) -> Path:
    """The step on the base that ships, 6 problems of two tasks."""
    inputs = {"model": tmp_path / "base"}
    if not (tmp_path / "base").exists():
        (tmp_path / "base").mkdir()
        (tmp_path / "base" / "model").symlink_to(BASE)
    tasks = config.pop("tasks", ["world_math", "world_safety"])
    for task in tasks:
        inputs[f"task.{task}"] = folder = tmp_path / task
        folder.mkdir(exist_ok=True)
        write_records(folder / "problems.parquet", Problem, problems(task, 6))
    out, work = tmp_path / name, tmp_path / f"{name}.work"
    out.mkdir()
    work.mkdir(exist_ok=True)
    resources = Resources(out, work, "key", 1)
    wanted = [
        {
            "name": task,
            "capability": sources.capability_of_task(task),
            "split": sources.split_of_task(task),
            "max_tokens": 12,
        }
        for task in tasks
    ]
    settings = {
        "stage": "base",
        "tasks": wanted,
        "template": "tulu",
        "plain": False,
        "slots": 4,
        "seed": 1,
        "temperature": 0.0,
        "confidence": 0.95,
        "limit": None,
        "unseal": None,
    }
    try:
        evaluate(inputs, settings | config, resources)
    finally:
        resources.close()
    return out


def test_the_step_writes_what_was_said_and_what_it_is_worth_the_same_every_time(tmp_path: Path) -> None:
    first, second = run(tmp_path, "first"), run(tmp_path, "second")
    names = sorted(path.name for path in first.iterdir())
    assert names == [
        "scores.json",
        *(f"world_{t}.{k}.parquet" for t in ("math", "safety") for k in ("completions", "outcomes")),
    ]
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
    said = json.loads((first / "scores.json").read_text())
    assert [(row["task"], row["metric"]) for row in said["scores"]] == [
        ("world_math", "accuracy"),
        ("world_safety", "accuracy"),
        ("world_safety", "harmful_refused"),
        ("world_safety", "harmless_answered"),
    ]
    found = list(read_records(first / "world_math.outcomes.parquet", Outcome))
    completions = list(read_records(first / "world_math.completions.parquet", Completion))
    assert [o.problem for o in found] == [c.prompt_id for c in completions] and len(found) == 6
    assert all(len(completion.turns[0].token_ids) <= 12 for completion in completions)


def test_the_step_fixes_the_threads_that_its_key_names(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        torch.use_deterministic_algorithms(False)
        run(tmp_path, "out", tasks=["world_math"])  # its resources say one thread
        assert torch.get_num_threads() == 1 and torch.are_deterministic_algorithms_enabled()
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(False)


def test_plain_and_limited(tmp_path: Path) -> None:
    said = json.loads((run(tmp_path, "plain", plain=True, stage="base_plain", limit=3) / "scores.json").read_text())
    assert said["plain"] and {about["problems"] for about in said["tasks"]} == {3}
    assert {row["stage"] for row in said["scores"]} == {"base_plain"}


def test_a_sealed_task_needs_a_reason(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="is sealed"):
        run(tmp_path, "sealed", tasks=["world_math_hard"])
    said = json.loads((run(tmp_path, "open", tasks=["world_math_hard"], unseal="a test") / "scores.json").read_text())
    assert said["scores"][0]["split"] == "unseen"
