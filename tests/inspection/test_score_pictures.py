"""Names of any length stand inside their picture and over nothing else."""

from itertools import product

import pytest
from drawn_text import outside, overlapping, texts

from postgrad.inspection import canary_picture, score_pictures
from postgrad.inspection.scores import Change, Score, Step, TaskScores

NAMES = ("facts", "world_safety_new: accuracy", "world_safety_new: strict", "instruction_following_hard_constraints",
         "averyveryverylongnamewithoutanyplacetobreakit")  # fmt: skip
STAGES = ("base_plain", "sft", "preference_tuning_of_the_second_round")


def test_scores() -> None:
    scores = tuple(Score(stage, 50.0, 40.0, 60.0, 100) for stage in STAGES)
    tasks = [TaskScores(name, "instructions", "unseen", "accuracy", True, STAGES[1:], scores) for name in NAMES]
    svg = score_pictures.dots(tasks, "unseen", dict.fromkeys(STAGES, "stage-1"))
    assert not outside(svg) and not overlapping(svg)


def test_changes() -> None:
    changes = tuple(
        Change("base", "sft", name, "safety", split, -5.0, -12.0, 2.0, 0.2, 100, "paired", True, True)
        for split, name in product(("development", "unseen"), NAMES)
    )
    svg = score_pictures.forest(Step("base", "sft", changes))
    assert not outside(svg) and not overlapping(svg)
    assert [one.words for one in texts(svg)].count("★ strict") == 2  # below the task's name the metric alone


@pytest.mark.parametrize("width", [640.0, 372.0])
def test_canaries(width: float) -> None:
    share = {"found": 0, "low": 0.0, "high": 0.2}
    groups = [{"repeats": repeats, "canaries": 20, "exposure": 1.4, "low": 1.0, "high": 2.0, "p_value": 0.5,
               "greedy": share, "sampled": share} for repeats in (0, 1, 2, 4, 8, 16)]  # fmt: skip
    found = {"groups": groups, "canaries": [], "most": 10.0, "chance": 1.44, "samples": 4}
    svg = canary_picture.draw(found, width)
    assert not outside(svg) and not overlapping(svg)
