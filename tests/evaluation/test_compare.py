import json
from pathlib import Path

import pytest

from postgrad.evaluation.compare import Scored, compare, scores_of_run
from postgrad.records.tables import write_records
from postgrad.records.types import Outcome, Verdict
from postgrad.statistics import paired_difference, wilson
from postgrad.support.errors import Failure

SUMS = {"task": "sums", "capability": "math", "split": "development", "family": "accuracy"}


def outcomes(scores: str, start: int = 0) -> tuple[Outcome, ...]:
    """One outcome a character: 1 right, 0 wrong, ? undecided."""
    return tuple(
        Outcome(
            f"p{start + i}",
            float("nan") if s == "?" else float(s),
            "",
            Verdict("error" if s == "?" else "ok", None if s == "?" else float(s), {}, "why", "math", 1),
        )
        for i, s in enumerate(scores)
    )


def scored(stage: str, scores: str, about: dict[str, str] = SUMS) -> Scored:
    return Scored(stage, ((about, outcomes(scores)),))


RUN = [
    scored("base_plain", "1100000000"),
    scored("base", "0000000000"),
    scored("sft", "1111000000"),
    scored("dpo", "1111100000"),
    scored("rlvr", "1111111110"),
]


def test_every_stage_is_scored_with_its_interval() -> None:
    said = scores_of_run(RUN, 0.95)["scores"]
    assert [row["stage"] for row in said] == ["base_plain", "base", "sft", "dpo", "rlvr"]
    low, high = wilson(4, 10)[1:]
    assert said[2] == {
        "stage": "sft",
        "task": "sums",
        "capability": "math",
        "split": "development",
        "metric": "accuracy",
        "value": 0.4,
        "low": low,
        "high": high,
        "n": 10,
    }


def test_stages_are_compared_with_the_one_before_and_with_the_better_base() -> None:
    said = scores_of_run(RUN, 0.95)["comparisons"]
    assert [(row["from"], row["to"]) for row in said] == [
        ("base", "sft"),
        ("sft", "dpo"),
        ("dpo", "rlvr"),
        ("base_plain", "sft"),
        ("base_plain", "rlvr"),
    ]
    expected = paired_difference([1, 1, 1, 1] + [0] * 6, [1] * 5 + [0] * 5)
    assert said[1] == {
        "from": "sft",
        "to": "dpo",
        "task": "sums",
        "split": "development",
        "metric": "accuracy",
        "n": 10,
        **expected._asdict(),
    }


def test_a_base_that_is_better_in_chat_is_not_compared_twice() -> None:
    run = [scored("base_plain", "0000"), scored("base", "1000"), scored("sft", "1100")]
    assert [(row["from"], row["to"]) for row in scores_of_run(run, 0.95)["comparisons"]] == [("base", "sft")]


def test_a_stage_scored_in_two_parts_is_one_stage() -> None:
    unseen = SUMS | {"task": "hard", "split": "unseen"}
    run = [scored("base", "00"), scored("base", "00", unseen), scored("sft", "11"), scored("sft", "10", unseen)]
    said = scores_of_run(run, 0.95)
    assert [(row["from"], row["to"], row["task"], row["split"]) for row in said["comparisons"]] == [
        ("base", "sft", "sums", "development"),
        ("base", "sft", "hard", "unseen"),
    ]
    assert [(row["stage"], row["task"]) for row in said["scores"]] == [
        ("base", "sums"),
        ("base", "hard"),
        ("sft", "sums"),
        ("sft", "hard"),
    ]


def test_only_problems_decided_for_both_are_compared() -> None:
    said = scores_of_run([scored("base", "00?0"), scored("sft", "?111")], 0.95)
    (row,) = said["comparisons"]
    assert (row["n"], row["difference"]) == (2, 1.0)
    assert [row["n"] for row in said["scores"]] == [3, 3]


def test_problems_are_paired_by_name_and_not_by_place() -> None:
    flipped = Scored("sft", ((SUMS, outcomes("0011")[::-1]),))
    (row,) = scores_of_run([scored("base", "0011"), flipped], 0.95)["comparisons"]
    assert row["difference"] == 0


def test_a_task_on_which_nothing_could_be_decided_is_said() -> None:
    with pytest.raises(Failure, match=r"task sums: no problem could be decided \(why\)"):
        scores_of_run([scored("base", "??")], 0.95)


class Into:
    def __init__(self, out: Path) -> None:
        self.out = out


def test_the_step_reads_evaluations_and_writes_the_runs_scores(tmp_path: Path) -> None:
    inputs = {}
    for run in RUN[1:3]:
        folder = inputs[run.stage] = tmp_path / run.stage
        folder.mkdir()
        write_records(folder / "sums.outcomes.parquet", Outcome, run.tasks[0][1])
        (folder / "scores.json").write_text(json.dumps({"stage": run.stage, "tasks": [SUMS], "scores": []}))
    compare(inputs, {"stages": ["base", "sft"], "confidence": 0.95}, Into(tmp_path))  # type: ignore[arg-type]
    assert json.loads((tmp_path / "scores.json").read_text()) == scores_of_run(RUN[1:3], 0.95)
    (inputs["sft"] / "scores.json").write_text("{")
    with pytest.raises(Failure, match="cannot be read"):
        compare(inputs, {"stages": ["sft"], "confidence": 0.95}, Into(tmp_path))  # type: ignore[arg-type]
