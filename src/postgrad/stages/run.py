"""Carry a recipe out: plan, seal, execute, and after every step a run folder that is true as far as it goes.

    DIR/run.json, DIR/stages/NAME   what there is so far (pipeline/runs.py)
    DIR/scores.json                 every score and comparison
    DIR/report.html                 the report
    DIR/model/                      the final model
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postgrad.evaluation.seal import SealLog
from postgrad.pipeline import Artifact, Event, Store, execute, write_run
from postgrad.pipeline.environment import hardware, package_versions
from postgrad.pipeline.execute import missing
from postgrad.pipeline.steps import File, Step
from postgrad.recipe import Recipe, resolved
from postgrad.stages import sourcing
from postgrad.stages.plan import SCORES, Plan, plan
from postgrad.support.files import write_atomically
from postgrad.support.hashing import hash_json
from postgrad.tasks import load


@dataclass
class Outcome:
    """What a run did: how many steps ran, how many were there already, and every artifact by its step."""

    ran: int = 0
    cached: int = 0
    artifacts: dict[str, Artifact] = field(default_factory=dict)


def run(
    recipe: Recipe, out: Path, store_root: Path, *, only: str | None = None, from_: str | None = None,
    until: str | None = None, seal_log: Path, on_event: Callable[[Event], None],
) -> Outcome:
    """Carry out the recipe, or the chosen stages of it, into the run folder `out`.

    Mistake for what the user asked, Failure for what the world did; what was reached is kept in either case.
    """
    made = plan(recipe)
    store = Store(store_root)
    seal = _unseal(made, store, SealLog(seal_log), recipe)
    outcome = Outcome()
    details = _details(recipe, seal)

    def told(event: Event) -> None:
        on_event(event)
        if event.artifact is not None:
            outcome.artifacts[event.step.name] = event.artifact
            outcome.ran += event.kind == "done"
            outcome.cached += event.kind == "cached"
            if event.kind == "done":
                write_run(out, store, made.steps, outcome.artifacts, details)

    execute(made.steps, store, only=only, from_=from_, until=until, on_event=told, notes={"seal": seal["head"]})
    write_run(out, store, made.steps, outcome.artifacts, details)
    _publish(out, made, outcome.artifacts)
    return outcome


def _unseal(made: Plan, store: Store, log: SealLog, recipe: Recipe) -> dict[str, Any]:
    """Note the opening before an unseen problem is read. A run whose unseen scores are all there opens nothing."""
    reason = recipe.evaluate.unseal
    if reason and made.opening:
        absent = missing(made.steps, store)
        if any(absent[step.name] for step in made.opening):
            log.open_tasks(_unseen(made), reason, run=recipe.name)
    return {"head": log.head(), "opened": bool(reason and made.opening), "reason": reason}


def _unseen(made: Plan) -> dict[str, str]:
    """task → its content hash, by which the log knows it."""
    tasks: dict[str, str] = {}
    for opening in made.opening:
        for source in opening.inputs.values():
            if isinstance(source, Step) and source.run is sourcing.task:
                name = source.config["task"]
                files = {key: file.path for key, file in source.inputs.items() if isinstance(file, File)}
                tasks[name] = load(name, sourcing.problems_of(files, source.config)).content_hash
    return tasks


def _details(recipe: Recipe, seal: dict[str, Any]) -> dict[str, Any]:
    """What run.json says besides what the pipeline knows."""
    said = resolved(recipe)
    return {
        "recipe": said, "recipe_hash": hash_json(said), "seed": recipe.seed, "versions": package_versions(),
        "hardware": hardware(), "seal": seal, "stages": {stage.name: {"kind": stage.kind} for stage in recipe.stages}}


def _publish(out: Path, made: Plan, artifacts: dict[str, Artifact]) -> None:
    """The files that a person opens: scores, final model, report."""
    from postgrad.inspection import report
    from postgrad.release.export import export

    if SCORES in artifacts:
        write_atomically(out / "scores.json", (artifacts[SCORES].folder / "scores.json").read_bytes())
    if any(step.name in artifacts for step in made.weights):
        export(out)
    report.write(out, out / "report.html")
