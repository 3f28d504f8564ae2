"""The page's first words: what was made from what, what it gained, and how sure that is."""

from dataclasses import dataclass

from postgrad.inspection.run_folder import BASES, Run
from postgrad.inspection.scores import BETTER, Average, Step, averages, spans, steps
from postgrad.support.words import joined, model_name, number, seconds


@dataclass(frozen=True)
class Figure:
    """One large number with its label, and `tone` gain, loss or plain."""

    value: str
    label: str
    tone: str = "plain"


@dataclass(frozen=True)
class Headline:
    title: str
    base: str
    sentence: str
    more: str
    doubt: str
    figures: tuple[Figure, ...]
    averages: tuple[Average, ...]


def base_name(run: Run) -> str:
    """The base as a person calls it: the last part of a path, a hub id as it is."""
    return model_name(str(run.recipe.get("base_model") or "an unnamed base"))


def compose(run: Run) -> Headline:
    found = averages(run)
    last = run.stages[-1]
    whole = against_base(run)
    way = "the base in the better of its two ways" if "base_plain" in run.scored else "the base in chat form"
    figures: list[Figure] = []
    went: list[str] = []
    how = set()
    for split in dict.fromkeys(a.split for a in found):
        bases = [a for a in found if a.split == split and a.stage in BASES]
        before = max(bases, key=lambda a: a.unweighted, default=None)
        after = next((a for a in found if a.split == split and a.stage == last), None)
        if before is None or after is None or last == "base":
            continue
        how.add(before.stage)
        tasks = f"{after.tasks} {split} task" + ("s" if after.tasks != 1 else "")
        went.append(f"from {number(before.unweighted)} to {number(after.unweighted)} on {tasks}")
        figures.append(
            Figure(
                f"{number(before.unweighted)} → {number(after.unweighted)}",
                f"mean score on {tasks}",
                "gain" if after.unweighted > before.unweighted else "loss",
            )
        )
    name, path = base_name(run), joined(run.stages[1:]) if len(run.stages) > 1 else ""
    if not path:
        sentence = f"No stage has trained {name} yet."
    elif went:
        sentence = f"{name}, taken through {path}, went {joined(went)}."
    else:
        sentence = f"{name} was taken through {path}. It has not been scored beside its base."
    more = []
    if how:
        ways = {"base_plain": "as plain text", "base": "in chat form"}
        more.append(
            f"The start is the base asked {joined([ways[stage] for stage in BASES if stage in how])}"
            + (", the better of its two ways." if len(how) == 1 and "base_plain" in run.scored else ".")
        )
    if whole:
        rose, fell, open_ = whole.count("gain"), whole.count("loss"), whole.count("unsure")
        figures.append(
            Figure(
                f"{rose} of {len(whole.changes)}",
                f"scores above {way}, beyond doubt",
                "gain" if rose else "plain",
            )
        )
        figures.append(Figure(str(fell), "scores below it, beyond doubt", "loss" if fell else "plain"))
        more.append(
            f"Against {way} {rose} of {len(whole.changes)} scores rose "
            f"and {fell or 'none'} fell beyond doubt" + (f"; for {open_} the data cannot tell." if open_ else ".")
        )
    fallen = [
        f"{step.to} on {joined([c.task for c in step.changes if c.verdict == 'loss'])}"
        for step in steps(run)
        if step.start != "base" and step.count("loss")
    ]
    if fallen:
        more.append(f"Beyond doubt below the stage before: {'; '.join(fallen)}.")
    total = sum(manifest.get("duration_s") or 0 for manifest in run.manifests.values())
    if total:
        figures.append(Figure(seconds(total), "of work in all steps"))
    return Headline(
        str(run.recipe.get("name") or run.folder.name),
        name,
        sentence,
        " ".join(more),
        doubt(run, whole),
        tuple(figures),
        tuple(found),
    )


def against_base(run: Run) -> Step | None:
    """The last stage against the base; None if they were not compared."""
    found = [*steps(run), *spans(run)]
    last = run.stages[-1]
    of_last = [step for step in found if step.to == last and step.start in (BETTER, "base")]
    return of_last[-1] if of_last else None


def doubt(run: Run, whole: Step | None) -> str:
    """One honest sentence on what the numbers do not show."""
    confidence = (run.recipe.get("evaluate") or {}).get("confidence", 0.95)
    words = [
        f"“Beyond doubt” means that the {confidence:.0%} interval of the paired difference holds no zero.".replace(
            "%", " %"
        )
    ]
    if whole:
        chance = (1 - confidence) * len(whole.changes)
        many = f"Of {len(whole.changes)} such comparisons" if len(whole.changes) > 1 else "Of one such comparison"
        words.append(f"{many} about {chance:.1g} would seem so by chance alone.")
    words.append("One run with one seed: what another seed would give is not in these intervals.")
    if not any(score["split"] == "unseen" for score in run.scores["scores"]):
        words.append("Only development tasks were scored, and those steer choices: they flatter.")
    return " ".join(words)
