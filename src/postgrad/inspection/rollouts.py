"""What RLVR saw while it learned: the groups of completions with the highest and the lowest mean reward."""

from collections import defaultdict
from dataclasses import dataclass

from postgrad.inspection.answers import shortened
from postgrad.inspection.prompts import texts
from postgrad.inspection.run_folder import Run, count, rows
from postgrad.support.hashing import canonical_json, hash_text

COLUMNS = ["prompt_id", "sample", "model_key", "policy_step", "seed", "turns.list.element.text"]
SHOWN_EACH = 2
COMPLETIONS_SHOWN = 3


@dataclass(frozen=True)
class Group:
    """The completions of one prompt at one step, counted from 1; `shown` are (reward, text), best first, worst last."""

    prompt: str
    step: int
    mean: float
    rewards: tuple[float, ...]
    shown: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Rollouts:
    stage: str
    completions: int
    groups: int
    without_variance: int
    unverified: int
    best: tuple[Group, ...]
    worst: tuple[Group, ...]


def of_stage(run: Run, stage: str) -> Rollouts | None:
    """None if the stage left none. Best and worst are among groups whose rewards differ, the latest step first."""
    path, judged = run.file(stage, "rollouts.parquet"), run.file(stage, "verdicts.parquet")
    if path is None or judged is None:
        return None
    rewards = {row["completion"]: row["reward"] for row in rows(judged, ["completion", "reward"])}
    groups: dict[tuple[int, str], list[tuple[float, str]]] = defaultdict(list)
    unverified = 0
    for row in rows(path, COLUMNS):
        said = [turn["text"] for turn in row["turns"]]
        # the id that records.types.completion_id gives, from these columns alone
        name = hash_text(
            canonical_json([row["model_key"], row["policy_step"], row["prompt_id"], row["sample"], row["seed"], said])
        )
        reward = rewards.get(name)
        if reward is None:
            unverified += 1
        else:
            groups[row["policy_step"], row["prompt_id"]].append((reward, said[-1] if said else ""))
    means = {key: sum(reward for reward, _ in group) / len(group) for key, group in groups.items()}
    varied = [key for key, group in groups.items() if len({reward for reward, _ in group}) > 1]
    best = sorted(varied, key=lambda key: (-means[key], -key[0], key[1]))[:SHOWN_EACH]
    worst = sorted((key for key in varied if key not in best), key=lambda key: (means[key], -key[0], key[1]))[
        :SHOWN_EACH
    ]
    prompts = texts(run, {prompt for _, prompt in [*best, *worst]})

    def group(key: tuple[int, str]) -> Group:
        ordered = sorted(groups[key], key=lambda one: -one[0])
        shown = [ordered[0], *ordered[1:-1][: COMPLETIONS_SHOWN - 2], ordered[-1]]
        return Group(
            prompts.get(key[1], ""),
            key[0] + 1,
            means[key],
            tuple(reward for reward, _ in ordered),
            tuple((reward, shortened(text)) for reward, text in shown),
        )

    return Rollouts(
        stage,
        count(path),
        len(groups),
        len(groups) - len(varied),
        unverified,
        tuple(map(group, best)),
        tuple(map(group, worst)),
    )
