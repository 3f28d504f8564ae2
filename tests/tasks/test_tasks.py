import math

import pytest

from postgrad.records.types import (
    Completion,
    Message,
    Origin,
    Outcome,
    Problem,
    Turn,
    Verdict,
    completion_id,
    content_id,
)
from postgrad.support.errors import Mistake
from postgrad.tasks import METRICS, decided, load, outcomes


def problem(question: str, truth: object, verifier: str = "math", split: str = "development") -> Problem:
    messages = (Message("user", question),)
    return Problem(content_id(messages), (Origin("s", "f", 0),), messages, truth, verifier, split, "s", "MIT", "math")


def answer(to: Problem, text: str) -> Completion:
    return Completion(to.content_id, 0, "m", 0, {}, 0, (Turn(text),), "stop")


SUMS = [problem(f"What is {n} + 1?", {"answer": str(n + 1)}) for n in range(4)]


def test_a_task_takes_what_is_left_out_from_its_problems() -> None:
    task = load("sums", [*SUMS, SUMS[0]])
    assert (task.capability, task.split, task.verifier, task.metric, len(task.problems)) == (
        "math",
        "development",
        "math",
        "accuracy",
        4,
    )
    assert len(task.limited(2).problems) == 2 and task.limited(None) is task


def test_the_content_hash_knows_content_and_neither_name_nor_order() -> None:
    task = load("sums", SUMS)
    assert task.content_hash == load("other", SUMS[::-1]).content_hash
    assert task.content_hash != load("sums", SUMS[:3]).content_hash
    changed = [*SUMS[:3], problem("What is 3 + 1?", {"answer": "5"})]
    assert task.content_hash != load("sums", changed).content_hash


@pytest.mark.parametrize(
    ("problems", "more", "said"),
    [
        ([], {}, "has no problems"),
        ([SUMS[0], problem("Who?", {"answers": ["Ann"]}, "match")], {}, "2 verifiers: match, math"),
        (SUMS, {"request": "likelihood"}, "use one of generate"),
        (SUMS, {"metric": "beauty"}, "no metric 'beauty'"),
        (SUMS, {"split": "test"}, "use one of train, development, unseen"),
        ([problem("Why?", {"solution": "1"})], {}, "no `answer`"),
        ([problem("Why?", {}, "poetry")], {}, "no verifier 'poetry'"),
    ],
)
def test_what_makes_no_task_is_said_in_one_line(problems: list[Problem], more: dict[str, str], said: str) -> None:
    with pytest.raises(Mistake) as caught:
        load("sums", problems, **more)  # type: ignore[arg-type]
    assert said in str(caught.value) and "task sums" in str(caught.value) and "\n" not in str(caught.value)


def test_outcomes_follow_the_problems_whatever_the_order_of_the_answers() -> None:
    completions = [answer(SUMS[n], str(n + 1 if n < 3 else 9)) for n in (2, 0, 3, 1)]
    found = outcomes(load("sums", SUMS), completions)
    assert [outcome.problem for outcome in found] == [p.content_id for p in SUMS]
    assert [outcome.score for outcome in found] == [1, 1, 1, 0]
    assert found[2].verdict is not None and found[2].verdict.completion == completion_id(completions[0])


def test_a_missing_or_doubled_answer_is_an_error() -> None:
    with pytest.raises(ValueError, match="no completion"):
        outcomes(load("sums", SUMS), [])
    with pytest.raises(ValueError, match="two completions"):
        outcomes(load("sums", SUMS[:1]), [answer(SUMS[0], "1")] * 2)


def test_an_undecided_problem_is_kept_and_counts_nowhere() -> None:
    names = ["language:response_language"]
    asked = [
        problem("Sag es.", {"instruction_id_list": names, "kwargs": [{"language": "xx"}]}, "ifeval"),
        problem("Say it.", {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}, "ifeval"),
    ]
    task = load("ifeval", asked)
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr("postgrad.verifiers.ifeval_checks.language_of", lambda text: None)
        found = outcomes(task, [answer(p, "So.") for p in asked])
    assert math.isnan(found[0].score) and len(decided(found)) == 1
    assert METRICS[task.metric](found) == {
        "prompt_loose": {asked[1].content_id: 1.0},
        "prompt_strict": {asked[1].content_id: 1.0},
    }


def test_refusal_tasks_have_both_rates_beside_accuracy() -> None:
    def outcome(name: str, score: float, harmful: float) -> Outcome:
        return Outcome(name, score, name, Verdict("ok", score, {"harmful": harmful}, "", "refusal", 1))

    found = [outcome("a", 1, 1), outcome("b", 0, 1), outcome("c", 1, 0)]
    values = METRICS["accuracy_and_rates"](found)
    assert list(values) == ["accuracy", "harmful_refused", "harmless_answered"]
    assert values["harmful_refused"] == {"a": 1, "b": 0} and values["harmless_answered"] == {"c": 1}
    assert "harmless_answered" not in METRICS["accuracy_and_rates"](found[:2])
