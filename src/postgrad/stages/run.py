"""Carry a recipe out: plan, seal, execute, and after every step a run folder that is true as far as it goes.

    DIR/run.json, DIR/stages/NAME   what there is so far (pipeline/runs.py)
    DIR/scores.json                 every score and comparison
    DIR/report.html                 the report
    DIR/model/                      the final model
    DIR/cards/                      data cards and Croissant files, of each source and of the mixture
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postgrad.data.pii.kinds import KINDS
from postgrad.data.pii.pseudonyms import key_file, load_key
from postgrad.evaluation.seal import SealLog
from postgrad.pipeline import Artifact, Event, Store, execute, runs, write_run
from postgrad.pipeline.environment import hardware, package_versions
from postgrad.pipeline.failures import said_plainly
from postgrad.pipeline.keys import content_of
from postgrad.pipeline.steps import File, in_order
from postgrad.pipeline.store import OWNER_FOLDER
from postgrad.recipe import FILES_OF_CURATION, Recipe, resolved
from postgrad.stages import sourcing
from postgrad.stages.plan import Plan, need_models, plan
from postgrad.support.errors import Failure, Mistake
from postgrad.support.files import clear_halves, kind_of, write_atomically
from postgrad.support.hashing import FileHashes, hash_json
from postgrad.support.network import Isolation
from postgrad.tasks import load


@dataclass
class Outcome:
    """What a run did: how many steps ran, how many were there already, and every artifact by its step."""

    ran: int = 0
    cached: int = 0
    artifacts: dict[str, Artifact] = field(default_factory=dict)


def run(
    recipe: Recipe, out: Path, store_root: Path, *, only: str | None = None, from_: str | None = None,
    until: str | None = None, seal_log: Path, on_event: Callable[[Event], None], network: Isolation | None = None,
) -> Outcome:
    """Carry out the recipe, or the chosen stages of it, into the run folder `out`.

    `network`: what `support.network.enter` gave, where the recipe does not allow one. Mistake for what the user asked,
    Failure for what the world did; what was reached is kept in either case.
    """
    if recipe.network != (network.mode if network else "allowed"):
        raise Mistake(f"says {recipe.network}, and this process has not left it", where="network",
                      mend="run it by the command `postgrad run`")
    with said_plainly(f"--out {out}"):
        _apart(out, store_root)
    said = recipe.curate.redact
    if said.pseudonyms:
        load_key(key_file(said.pseudonym_key), outside=(out, store_root))
    need_models(recipe)
    made = plan(recipe, until or only)
    _writable(out, OWNER_FOLDER if _of_people(recipe) else 0o777)
    log = SealLog(seal_log)
    _holds_what_was_noted(log, out)
    store = Store(store_root)
    seal = _Seal(made, log, recipe)
    notes = _Notes(seal.notes, network)
    outcome = Outcome()
    details = _details(recipe, made, seal.said, store.hash_memory)

    def told(event: Event) -> None:
        on_event(event)
        seal.watch(event)
        if event.artifact is not None:
            outcome.artifacts[event.step.name] = event.artifact
            outcome.ran += event.kind == "done"
            outcome.cached += event.kind == "cached"
            if event.kind == "done":
                write_run(out, store, made.steps, outcome.artifacts, details | _said(network))

    # Until the run folder refers to what was found in the store, `gc` must leave it alone.
    with said_plainly(f"using the store {store.root}", "--store"), store.using():
        execute(made.steps, store, only=only, from_=from_, until=until, on_event=told, notes=notes)
        write_run(out, store, made.steps, outcome.artifacts, details | _said(network))
        with store.lease(f"publish-{hash_json(str(out.resolve()))}"), said_plainly(f"writing into {out}", "--out"):
            _publish(out, made, outcome)
    return outcome


def _said(network: Isolation | None) -> dict[str, Any]:
    """What run.json and the manifests say of the network, as it is now; nothing where it is allowed."""
    return {"network": network.json()} if network and network.mode != "allowed" else {}


class _Notes(Mapping[str, Any]):
    """What every manifest made from now on says: of the seal and the network, as they are when it is read."""

    def __init__(self, seal: Mapping[str, Any], network: Isolation | None) -> None:
        self._seal, self._network = seal, network

    def _now(self) -> dict[str, Any]:
        return {**self._seal, **_said(self._network)}

    def __getitem__(self, name: str) -> Any:
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())


def _of_people(recipe: Recipe) -> bool:
    """Whether the recipe says that its rows are of people: it looks for personal data, or names a legal basis."""
    looked_for = any(getattr(recipe.curate.redact, kind) != "keep" for kind in KINDS)
    return looked_for or any(source.legal_basis for source in recipe.sources.values())


def _apart(out: Path, store_root: Path) -> None:
    """Mistake if `out` is no place for a run folder: a link that leads nowhere, a store, what another run wrote."""
    where, mend = f"--out {out}", "name another folder"
    if (what := kind_of(out)) not in ("folder", ""):
        raise Mistake(f"is {what}", where=where, mend=mend)
    place, store = Path(os.path.realpath(out)), Path(os.path.realpath(store_root))
    for folder in (place, *place.parents):
        if folder == store or (folder / "store.json").is_file():
            raise Mistake(f"lies in the store {folder}", where=where, mend=mend)
        if folder != place and (folder / runs.NAME).is_file() and place.relative_to(folder).parts[0] in runs.WRITTEN:
            raise Mistake(f"lies in what the run {folder} wrote", where=where, mend=mend)


def _writable(out: Path, mode: int) -> None:
    """Failure now, rather than after the first step, if the run folder cannot be written to; Mistake if what a run
    writes there would take the place of something else. What the dead left goes.
    """
    others = [] if (out / runs.NAME).exists() else [name for name in runs.WRITTEN if (out / name).exists()]
    if others:
        raise Mistake(f"holds {others[0]}, which no run wrote", where=f"--out {out}", mend="name another folder")
    with said_plainly(f"--out {out}", "--out"):
        out.mkdir(mode, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=out).close()
        for name in runs.WRITTEN:
            clear_halves(out / name)


def _holds_what_was_noted(log: SealLog, out: Path) -> None:
    """Failure if the run folder names a head that the log no longer holds: it was cut, rewritten, or is another one."""
    try:
        noted = runs.read_record(out)["seal"]["head"]
    except (Mistake, Failure, KeyError, TypeError):
        return  # no run yet, or one whose record this run writes anew
    log.check(noted)


class _Seal:
    """Notes the opening just before the first step that reads unseen problems, and only then: a run that does not come
    so far, and one whose unseen scores are all there, open nothing.

    `said` is what run.json says of the seal, `notes` what every manifest made from now on says.
    """

    def __init__(self, made: Plan, log: SealLog, recipe: Recipe) -> None:
        self.made, self.log, self.recipe = made, log, recipe
        self.opening = {step.name for step in made.opening}
        self.noted = False
        self.said: dict[str, Any] = {
            "head": log.head(), "opened": False, "reason": recipe.evaluate.unseal, "openings": self._openings()}
        self.notes: dict[str, Any] = {"seal": self.said["head"]}

    def _openings(self) -> list[dict[str, Any]]:
        """The log's openings by runs of this name."""
        return [{"time": one.time, "reason": one.reason, "tasks": sorted(one.tasks)}
                for one in self.log.openings() if one.run == self.recipe.name]

    def watch(self, event: Event) -> None:
        if event.step.name not in self.opening:
            return
        if event.kind == "start" and not self.noted:
            reason = self.recipe.evaluate.unseal
            assert reason is not None  # the plan has no such step without one
            self.said["head"] = self.notes["seal"] = self.log.open_tasks(_unseen(self.made), reason, self.recipe.name)
            self.said["openings"] = self._openings()
            self.noted = True
        self.said["opened"] = True


def _unseen(made: Plan) -> dict[str, str]:
    """task → its content hash, by which the log knows it."""
    tasks: dict[str, str] = {}
    for step in made.opening:
        if step.run is sourcing.task:
            name = step.config["task"]
            files = {key: file.path for key, file in step.inputs.items() if isinstance(file, File)}
            tasks[name] = load(name, sourcing.problems_of(files, step.config)).content_hash
    return tasks


def _details(recipe: Recipe, made: Plan, seal: dict[str, Any], hashes: FileHashes) -> dict[str, Any]:
    """What run.json says besides what the pipeline knows."""
    return {
        "recipe": resolved(recipe), "recipe_hash": recipe_hash(recipe, made, hashes), "seed": recipe.seed,
        "versions": package_versions(), "hardware": hardware(), "seal": seal,
        "stages": {stage.name: {"kind": stage.kind} for stage in recipe.stages}}


def recipe_hash(recipe: Recipe, made: Plan, hashes: FileHashes) -> str:
    """One hash for all that the recipe says, the same wherever its files lie: they count by what they hold, and those
    that no step of its plan reads do not count.
    """
    said = resolved(recipe)
    read = {file.path for step in in_order(made.steps) for file in step.inputs.values() if isinstance(file, File)}
    if recipe.curate.filter.keywords_file is not None:
        read.add(recipe.curate.filter.keywords_file)  # its words stand in the config of steps
    named = [(said, "base_model"), *((said["curate"][part], key) for part, key in FILES_OF_CURATION)]
    named += [(entry, "path") for part in ("sources", "tasks", "models") for entry in said[part].values()]
    for entry, key in named:
        if entry[key] is not None and (path := Path(entry[key])).is_absolute():  # else made, shipped, or a hub id
            entry[key] = content_of(File(path), hashes).hash if path in read else None
    return hash_json(said)


def _publish(out: Path, made: Plan, outcome: Outcome) -> None:
    """The files that a person opens: scores, final model, cards, report. What is up to date is not drawn again."""
    from postgrad.data.filters.languages import language_of
    from postgrad.release.cards import write_cards
    from postgrad.release.export import export

    artifacts = outcome.artifacts
    compared = [artifacts[step.name] for step in made.scores if step.name in artifacts]
    if compared:
        write_atomically(out / runs.SCORES, (compared[-1].folder / "scores.json").read_bytes())
    else:
        (out / runs.SCORES).unlink(missing_ok=True)  # those of another recipe
    if any(step.name in artifacts for step in made.weights):
        export(out)
    page = out / runs.REPORT
    behind = outcome.ran or not page.exists() or page.stat().st_mtime_ns < (out / runs.NAME).stat().st_mtime_ns
    if behind or not (out / runs.CARDS).is_dir():
        write_cards(out, language_of)
    if behind:
        from postgrad.inspection import report

        report.write(out, page)
