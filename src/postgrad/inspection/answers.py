"""The same prompts answered by the base and by each stage: a few a task, chosen by rule and not by taste."""

from dataclasses import dataclass

from postgrad.inspection.prompts import texts
from postgrad.inspection.run_folder import Run, rows
from postgrad.support.hashing import hash_text

WANTED = {"improved": 2, "worsened": 1, "unchanged": 1}
LONGEST = 1_200


@dataclass(frozen=True)
class Answer:
    stage: str
    text: str
    score: float
    reason: str
    cut: bool


@dataclass(frozen=True)
class Case:
    """One prompt. `change` is improved, worsened or unchanged from the first stage shown to the last."""

    prompt: str
    change: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class TaskCases:
    task: str
    counts: dict[str, int]
    cases: tuple[Case, ...]


def by_task(run: Run) -> list[TaskCases]:
    """Development tasks alone: the texts of unseen tasks stay out of a page that may be passed on."""
    tasks = list(dict.fromkeys(s["task"] for s in run.scores["scores"] if s["split"] == "development"))
    return [found for task in tasks if (found := of_task(run, task))]


def of_task(run: Run, task: str) -> TaskCases | None:
    outcomes: dict[str, dict[str, tuple[float, str]]] = {}
    for stage in run.scored:
        path = run.found(f"evaluate.{stage}", f"{task}.outcomes.parquet")
        if path and run.found(f"evaluate.{stage}", f"{task}.completions.parquet"):
            outcomes[stage] = {
                row["problem"]: (row["score"], (row["verdict"] or {}).get("reason") or "")
                for row in rows(path, ["problem", "score", "verdict.reason"])
            }
    if len(outcomes) < 2:
        return None
    stages = list(outcomes)
    first, last = ("base" if "base" in outcomes else stages[0]), stages[-1]
    groups: dict[str, list[str]] = {change: [] for change in WANTED}
    for problem in outcomes[first].keys() & outcomes[last].keys():
        before, after = outcomes[first][problem][0], outcomes[last][problem][0]
        groups["improved" if after > before else "worsened" if after < before else "unchanged"].append(problem)
    chosen = {
        problem: change
        for change, number in WANTED.items()
        for problem in sorted(groups[change], key=hash_text)[:number]
    }
    said = {stage: answers(run, stage, task, set(chosen)) for stage in stages}
    prompts = texts(run, chosen)
    cases = []
    for problem, change in chosen.items():
        found = []
        for stage in stages:
            if problem in said[stage] and problem in outcomes[stage]:
                text, cut = said[stage][problem]
                score, reason = outcomes[stage][problem]
                found.append(Answer(stage, text, score, reason, cut))
        cases.append(Case(prompts.get(problem, ""), change, tuple(found)))
    return TaskCases(task, {change: len(group) for change, group in groups.items()}, tuple(cases))


def answers(run: Run, stage: str, task: str, wanted: set[str]) -> dict[str, tuple[str, bool]]:
    """problem → (text of the first sample's last turn, whether the length limit cut it)."""
    path = run.found(f"evaluate.{stage}", f"{task}.completions.parquet")
    result: dict[str, tuple[str, bool]] = {}
    for row in rows(path, ["prompt_id", "sample", "turns.list.element.text", "finish_reason"]) if path else ():
        if row["prompt_id"] in wanted and row["prompt_id"] not in result:
            result[row["prompt_id"]] = (
                shortened(row["turns"][-1]["text"] if row["turns"] else ""),
                row["finish_reason"] == "length",
            )
    return result


def shortened(text: str) -> str:
    """The text, or its beginning with what was left out said."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text) - LONGEST} more characters)"
