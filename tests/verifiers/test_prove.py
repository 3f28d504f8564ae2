import time

import pytest

from postgrad.embedded import sources
from postgrad.records.types import Message, Origin, Problem, Verdict
from postgrad.support.errors import Mistake
from postgrad.verifiers import match, prove
from postgrad.verifiers.prove import Case, ProofLine, case_of, proved
from postgrad.verifiers.samples import SAMPLES
from postgrad.verifiers.verify import NAMES, verify


def problem(verifier: str, truth: object, **meta: object) -> Problem:
    return Problem(
        "id", (Origin("s", "f", 0),), (Message("user", "Why?"),), truth, verifier, "train", "s", "MIT", "c", "", meta
    )


def failing(lines: list[ProofLine]) -> set[str]:
    return {line.claim for line in lines if not line.holds}


@pytest.mark.parametrize("name", NAMES)
def test_every_verifier_is_proved_on_its_own_samples(name: str) -> None:
    lines = prove.prove(
        name, [Case("sample", truth, prompt, gold, (wrong,)) for truth, prompt, gold, wrong in SAMPLES[name]]
    )
    assert not failing(lines), lines
    assert len(lines) >= 5


@pytest.mark.parametrize("task", sources.TASKS)
def test_every_verifier_is_proved_on_the_tasks_that_ship(task: str) -> None:
    rows = sources.problems(task, count=120)
    lines = prove.prove(
        rows[0]["verifier"],
        [Case(task, row["ground_truth"], row["messages"][0]["content"], row["gold"], (row["wrong"],)) for row in rows],
    )
    assert not failing(lines), lines


def case(gold: str = "Ann", wrong: str = "Bea") -> Case:
    return Case("p", {"answers": ["Ann"], "others": ["Bea"]}, "Who?", gold, (wrong,))


def verdict(reward: float) -> tuple[float, dict[str, float], str]:
    return reward, {}, ""


def test_a_verifier_that_accepts_everything_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match, "judge", lambda text, *rest: verdict(1.0))
    assert {"rejects wrong answers", "rejects an empty answer", "cannot be talked round"} <= failing(
        prove.prove("match", [case()])
    )


def test_a_verifier_that_rejects_everything_or_fails_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match, "judge", lambda text, *rest: verdict(0.0))
    assert failing(prove.prove("match", [case()])) == {"accepts gold answers"}
    monkeypatch.setattr(match, "judge", lambda text, *rest: 1 // 0)
    assert verify("match", "Ann", {}) == Verdict(
        "error",
        None,
        {},
        "the verifier failed: ZeroDivisionError: integer division or modulo by zero",
        "match",
        match.VERSION,
    )
    assert "rejects wrong answers" in failing(prove.prove("match", [case()]))  # an error is no rejection


def test_a_verifier_that_changes_its_mind_or_dawdles_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(10_000))
    monkeypatch.setattr(match, "judge", lambda text, *rest: verdict(float(next(calls) % 3 == 0)))
    assert any("same verdict" in claim for claim in failing(prove.prove("match", [case()])))
    monkeypatch.setattr(prove, "SECONDS", 0.01)

    def dawdle(text: str, *rest: object) -> tuple[float, dict[str, float], str]:
        start = time.thread_time()
        while time.thread_time() < start + 0.02:
            pass
        return verdict(0.0)

    monkeypatch.setattr(match, "judge", dawdle)
    assert any(claim.startswith("computes no longer") for claim in failing(prove.prove("match", [case()])))


def test_a_claim_tried_on_nothing_does_not_hold() -> None:
    assert failing(prove.prove("match", []))


def test_cases_come_from_meta_or_from_the_ground_truth() -> None:
    told = case_of(
        problem("instructions", {"constraints": [{"kind": "upper"}]}, gold="A FOX", wrong=["a fox", "A fox"])
    )
    assert told is not None and told.wrong == ("a fox", "A fox")
    assert case_of(problem("instructions", {"constraints": [{"kind": "upper"}]})) is None
    number = case_of(problem("math", {"answer": "#### 1,250"}))
    assert number is not None and verify("math", number.gold, number.ground_truth).reward == 1.0


def test_rlvr_gets_its_proof_or_one_line_that_says_why_not() -> None:
    assert all(line.holds for line in proved("math", [problem("math", {"answer": str(n)}) for n in range(40)]))
    assert all(line.holds for line in proved("math", [problem("math", {"answer": "\\frac{\\pi}{3}"})]))
    assert all(line.holds for line in proved("ifeval", []))
    with pytest.raises(Mistake, match="ground truth has no `answer`"):
        proved("math", [problem("math", {"solution": "4"})])
    with pytest.raises(Mistake, match="accepts gold answers"):
        proved("math", [problem("math", {"answer": "4"}, gold="it is 5", wrong="it is 4")])


def test_an_unknown_verifier_is_the_users_mistake() -> None:
    with pytest.raises(Mistake, match="use one of"):
        verify("poetry", "", {})
    with pytest.raises(Mistake, match="use one of"):
        prove.prove("poetry", [])
