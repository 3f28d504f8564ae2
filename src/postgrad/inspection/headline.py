"""The page's first words: what was made from what, what it gained, and how sure that is."""

from dataclasses import dataclass
from pathlib import PurePath

from postgrad.inspection.run_folder import Run
from postgrad.inspection.scores import Average, Step, averages, steps
from postgrad.inspection.words import joined, number, seconds, signed


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
    doubt: str
    figures: tuple[Figure, ...]
    averages: tuple[Average, ...]


def base_name(run: Run) -> str:
    """The base as a person calls it: the last part of a path, a hub id as it is."""
    base = str(run.recipe.get("base_model") or "an unnamed base")
    return PurePath(base).name if base.startswith(("/", ".", "~")) else base


def compose(run: Run) -> Headline:
    title = str(run.recipe.get("name") or run.folder.name)
    found = averages(run)
    last = run.stages[-1]
    start = {a.split: max((one for one in found if one.split == a.split and one.stage in ("base", "base_plain")),
                          key=lambda one: one.plain, default=None) for a in found}
    trained = joined(run.stages[1:]) if len(run.stages) > 1 else ""
    figures = []
    sentences = []
    made = f"{base_name(run)} was taken through {trained}." if trained else f"No stage has trained {base_name(run)} yet."
    for split in dict.fromkeys(a.split for a in found):
        before, after = start[split], next((a for a in found if a.split == split and a.stage == last), None)
        if before is None or after is None or after.stage == before.stage:
            continue
        gain = after.plain - before.plain
        how = "read as plain text" if before.stage == "base_plain" else "in chat form"
        tasks = f"{after.tasks} {split} task" + ("s" if after.tasks != 1 else "")
        sentences.append(f"Over {tasks} the mean score went from {number(before.plain)} (the base {how}, its better way) to {number(after.plain)}.")
        figures.append(Figure(f"{number(before.plain)} → {number(after.plain)}", f"mean of {tasks}", "gain" if gain > 0 else "loss"))
    whole = next((step for step in steps(run) if step.start == "base" and step.to == last), None)
    if whole:
        rose, fell, open_ = whole.count("gain"), whole.count("loss"), whole.count("unsure")
        figures.append(Figure(f"{rose} of {len(whole.changes)}", "tasks better than the base in chat form, beyond doubt", "gain" if rose else "plain"))
        figures.append(Figure(str(fell), "tasks worse, beyond doubt", "loss" if fell else "plain"))
        sentences.append(f"Against the base in chat form {rose} tasks rose and {fell} fell beyond doubt; for {open_} the data cannot tell.")
    if not run.scores["scores"]:
        sentences.append("Nothing has been scored yet.")
    total = sum(stage.get("duration_s") or 0 for stage in (run.about.get("stages") or {}).values())
    if total:
        figures.append(Figure(seconds(total), "of work in all stages"))
    return Headline(title, base_name(run), " ".join([made, *sentences]), doubt(run, whole), tuple(figures[:5]), tuple(found))


def doubt(run: Run, whole: Step | None) -> str:
    """One honest sentence on what the numbers do not show."""
    confidence = (run.recipe.get("evaluate") or {}).get("confidence", 0.95)
    words = [f"“Beyond doubt” means that the {confidence:.0%} interval of the paired difference holds no zero.".replace("%", " %")]
    if whole:
        chance = (1 - confidence) * len(whole.changes)
        words.append(f"Of {len(whole.changes)} such comparisons about {chance:.1g} would seem so by chance alone.")
    words.append("One run with one seed: what another seed would give is not in these intervals.")
    if not any(score["split"] == "unseen" for score in run.scores["scores"]):
        words.append("Only development tasks were scored, and those steer choices: they flatter.")
    worst = min((c.difference for c in whole.changes), default=0.0) if whole else 0.0
    if worst < 0:
        words.append(f"The largest fall of one task is {signed(worst)} points.")
    return " ".join(words)
