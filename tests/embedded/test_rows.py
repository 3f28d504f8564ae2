"""The gold answers are right and the wrong ones wrong, by a second reading; the tasks are distinct and never change."""

import ast
import re

import pytest
from checker import right
from hypothesis import given, settings
from hypothesis import strategies as st

from postgrad.embedded.rows import mask_names, question_of
from postgrad.embedded.sources import DEVELOPMENT, TASKS, UNSEEN, examples, problems

CAPABILITIES = ("math", "instructions", "knowledge", "safety")


def evaluate(expression: str) -> int:
    """The value of a sum by the rules of Python, read from its syntax tree."""
    return eval(compile(ast.parse(expression, mode="eval"), "sum", "eval"), {"__builtins__": {}})


@pytest.mark.parametrize("task", TASKS)
def test_gold_is_right_and_wrong_is_wrong(task: str) -> None:
    for row in problems(task):
        assert right(row, row["gold"]), row
        assert not right(row, row["wrong"]), row


@pytest.mark.parametrize("task", ["world_math", "world_math_hard"])
def test_every_step_and_every_sum_is_true(task: str) -> None:
    for row in problems(task):
        for step in row["gold"].rstrip(".").split(", "):
            left, value = step.split(" = ")
            assert evaluate(left) == int(value)
        asked = re.search(r"\d+(?: [-+*] \d+)+", question_of(row))
        if asked:
            assert evaluate(asked[0]) == int(row["ground_truth"]["answer"])


@pytest.mark.parametrize("task", ["world_math", "world_math_hard"])
def test_stories_use_their_numbers_in_order(task: str) -> None:
    """The working of a story starts from the numbers of the story, each used once."""
    for row in problems(task):
        question = question_of(row)
        if not re.search(r"\d+ [-+*] \d+", question):
            given_numbers = re.findall(r"\d+", question)
            first, *steps = row["gold"].rstrip(".").split(", ")
            used = re.findall(r"\d+", first.split(" = ")[0])
            used += [s.split(" = ")[0].split()[-1] for s in steps]
            assert used == given_numbers


def test_sizes_and_distinctness() -> None:
    for task in TASKS:
        asked = [question_of(row) for row in problems(task)]
        assert len(asked) >= 400
        assert len(set(asked)) == len(asked)
        if "instructions" in task or "safety" in task:
            assert len({mask_names(q) for q in asked}) == len(asked)


def test_both_kinds_of_deed_are_in_the_safety_tasks() -> None:
    for task in ("world_safety", "world_safety_new"):
        harmful = sum(row["ground_truth"]["harmful"] for row in problems(task))
        assert 0.3 < harmful / len(problems(task)) < 0.7


@pytest.mark.parametrize("task", [*DEVELOPMENT, *UNSEEN])
def test_same_arguments_same_problems(task: str) -> None:
    assert problems(task) == problems(task)
    assert problems(task, seed=5, count=50) == problems(task, seed=5, count=50)
    assert problems(task, seed=5, count=50) == problems(task, seed=5, count=80)[:50]
    assert problems(task, seed=5, count=50) != problems(task, seed=6, count=50)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), capability=st.sampled_from(CAPABILITIES), count=st.integers(1, 60))
def test_examples_are_a_function_of_seed_and_count(seed: int, capability: str, count: int) -> None:
    rows = examples(capability, seed, count)
    assert rows == examples(capability, seed, count + 5)[:count]
    for row in rows:
        assert [m["role"] for m in row["messages"]] == ["user", "assistant"]
        assert all(m["content"].strip() == m["content"] != "" for m in row["messages"])


def test_values_are_not_part_of_a_name() -> None:
    """A match looks for the value among words: no name may hold one, or every answer about that person would."""
    for task in ("world_knowledge", "world_knowledge_new"):
        for row in problems(task):
            name = re.search(r"[A-Z]\w+ [A-Z]\w+", row["gold"])
            values = [*row["ground_truth"]["answers"], *row["ground_truth"]["others"]]
            assert name and not {v.lower() for v in values} & set(name[0].lower().split())
