"""Carry out a plan: in order, one step at a time, and only what is not in the store yet."""

import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from postgrad.pipeline.environment import default_threads, hardware, package_versions
from postgrad.pipeline.failures import said_plainly
from postgrad.pipeline.keys import Content, content_of, key_parts, plan, plan_keys
from postgrad.pipeline.manifest import full_damage, resolved_key
from postgrad.pipeline.memory import peak_memory
from postgrad.pipeline.resources import Resources
from postgrad.pipeline.steps import File, Step, in_order, selected
from postgrad.pipeline.store import Artifact, Damaged, Store
from postgrad.support.errors import Failure, Mistake

Kind = Literal["start", "cached", "done", "waiting", "damaged"]


@dataclass(frozen=True)
class Event:
    """Something the person at the terminal may want to know.

    `number` of `total` counts the steps of the plan; `artifact` comes with cached and done; `detail` says what is
    damaged; `seconds` is what a done step took.
    """

    kind: Kind
    step: Step
    number: int
    total: int
    key: str
    artifact: Artifact | None = None
    seconds: float = 0.0
    detail: str = ""


def _silent(event: Event) -> None:
    pass


def execute(
    steps: Iterable[Step],
    store: Store,
    *,
    only: str | None = None,
    from_: str | None = None,
    until: str | None = None,
    on_event: Callable[[Event], None] = _silent,
    notes: Mapping[str, Any] | None = None,
) -> dict[str, Artifact]:
    """Run what is missing and give every artifact of the plan by its step's name.

    `only`, `from_` and `until` choose stages: steps of the others are not run, and those of them that lie in the store
    already are given too. `notes` (JSON) go into every manifest made. Failure for what the world does (disk, damage, a
    source that changes meanwhile), Mistake for what the user asked; whatever is raised, and whenever the process is
    killed, what was finished is in the store and the same call goes on from there.
    """
    ordered = in_order(steps)
    may_run, must_be_there = selected(ordered, only, from_, until)
    with said_plainly("running the plan", "--store"), store.using():
        plans, contents = plan(ordered, store.hash_memory)
        sound: set[str] = set()
        workers = [
            _Worker(step, store, plans[step.name], contents, number, len(ordered), on_event, notes or {}, sound)
            for number, step in enumerate(ordered, start=1)
        ]
        for worker in workers:
            if worker.step.name in must_be_there:
                worker.require()
        done: dict[str, Artifact] = {}
        for worker in workers:
            name = worker.step.name
            artifact = worker.obtain(done) if name in may_run else worker.planned()
            if artifact is not None:
                done[name] = artifact
        return done


def missing(steps: Iterable[Step], store: Store) -> dict[str, bool]:
    """For every step whether it would have to run, as far as plan keys tell (`postgrad plan`). Runs nothing."""
    ordered = in_order(steps)
    plans = plan_keys(ordered, store.hash_memory)
    answer = {}
    for step in ordered:
        key = store.planned(plans[step.name])
        answer[step.name] = key is None or not isinstance(store.look(key), Artifact)
    return answer


@dataclass
class _Worker:
    """One step of one call."""

    step: Step
    store: Store
    plan_key: str
    contents: Mapping[Path, Content]  # of the user's inputs, when the plan was made
    number: int
    total: int
    on_event: Callable[[Event], None]
    notes: Mapping[str, Any]
    sound: set[str]  # artifacts that were made, or hashed again, since the call began; all its workers share it

    def tell(self, kind: Kind, key: str, **more: Any) -> None:
        self.on_event(Event(kind, self.step, self.number, self.total, key, **more))

    def planned(self) -> Artifact | None:
        """The artifact of a step that was not chosen to run, if it is there."""
        key = self.store.planned(self.plan_key)
        found = self.store.look(key) if key else None
        if not isinstance(found, Artifact):
            return None
        self.tell("cached", found.key, artifact=found)
        return found

    def require(self) -> None:
        """Mistake if the artifact of a step that was not chosen to run, but is needed, is not there."""
        key = self.store.planned(self.plan_key)
        found = self.store.look(key) if key else None
        if not isinstance(found, Artifact):
            what = f"is damaged ({found.what})" if found else "has not been run in this store"
            mend = "run it first, or leave the choice of stages out"
            raise Mistake(f"step {self.step.name!r} {what}", where=f"stage {self.step.stage}", mend=mend)

    def obtain(self, done: Mapping[str, Artifact]) -> Artifact:
        """The artifact, from the store or made now."""
        self._hold_sources("during the run")
        hashes = {
            name: done[source.name].outputs_hash if isinstance(source, Step) else self.contents[source.path].hash
            for name, source in self.step.inputs.items()
        }
        parts = key_parts(self.step, hashes)
        key = resolved_key(parts)
        found = self.store.look(key)
        if not isinstance(found, Artifact):
            with self.store.lease(key, lambda: self.tell("waiting", key)):
                found = self.store.look(key)
                if isinstance(found, Damaged):
                    self.tell("damaged", key, detail=found.what)
                    self.store.set_aside(found)
                if not isinstance(found, Artifact):
                    self._hold_inputs(done)
                    made = self._make(key, parts, done)
                    self.sound.add(key)
                    self.store.remember_plan(self.plan_key, key)
                    self.store.forget_work(key)
                    self.tell("done", key, artifact=made, seconds=made.manifest["duration_s"])
                    return made
        self.store.remember_plan(self.plan_key, key)
        self.tell("cached", key, artifact=found)
        return found

    def _make(self, key: str, parts: dict[str, Any], done: Mapping[str, Artifact]) -> Artifact:
        step, store = self.step, self.store
        sources = {
            name: done[source.name].folder if isinstance(source, Step) else source.path
            for name, source in step.inputs.items()
        }
        self.tell("start", key)
        doing = f"step {step.name}"
        with said_plainly(doing, "--store"):
            threads = (parts["environment"] or {}).get("threads") or default_threads()
            temporary = store.temporary(key)
            inputs = self._inputs(done)
            store.note_inputs(key, inputs)
            resources = Resources(temporary, store.work(key), key, threads)
            started, clock = datetime.now(UTC), time.monotonic()
            try:
                self._run(sources, resources)
                resources.close()
                self._hold_sources(f"while step {step.name!r} was reading it")
                account = {
                    "step": step.name,
                    "stage": step.stage,
                    **{name: value for name, value in parts.items() if name != "inputs"},
                    "inputs": inputs,
                    "seed": step.config.get("seed"),
                    "versions": package_versions(),
                    "hardware": hardware(),
                    "started": started.isoformat(timespec="seconds"),
                    "duration_s": round(time.monotonic() - clock, 3),
                    "peak_memory_bytes": peak_memory(),
                    "notes": dict(self.notes),
                }
                return store.seal(key, temporary, account, step.aside)
            finally:
                resources.close()
                _remove(temporary)

    def _run(self, sources: Mapping[str, Path], resources: Resources) -> None:
        """Call the step's function. It does not know what its stage is called in the recipe: a Failure is told here."""
        try:
            self.step.run(sources, self.step.config, resources)
        except Failure as failure:
            if self.step.stage is None:
                raise
            raise failure.within(f"stage {self.step.stage}") from failure

    def _inputs(self, done: Mapping[str, Artifact]) -> dict[str, Any]:
        inputs: dict[str, Any] = {}
        for name, source in self.step.inputs.items():
            if isinstance(source, Step):
                artifact = done[source.name]
                inputs[name] = {"step": source.name, "key": artifact.key, "outputs": artifact.outputs_hash}
            else:
                content = self.contents[source.path]
                inputs[name] = {"path": str(source.path), "files": content.files, "outputs": content.hash}
        return inputs

    def _hold_inputs(self, done: Mapping[str, Artifact]) -> None:
        """Failure if an artifact that the step is about to read has been altered; it is set aside, to be made anew."""
        for source in self.step.inputs.values():
            if not isinstance(source, Step) or (artifact := done[source.name]).key in self.sound:
                continue
            what = full_damage(artifact.folder, artifact.manifest)
            if what:
                with self.store.lease(artifact.key):
                    self.store.set_aside(Damaged(artifact.key, artifact.folder, what[0]))
                mend = "it was set aside: run the same command again, and it is made anew"
                raise Failure(what[0], where=f"artifact {artifact.key[:12]} ({source.name})", mend=mend)
            self.sound.add(artifact.key)

    def _hold_sources(self, when: str) -> None:
        """Failure if an input of the user's is not what it was when the plan was made."""
        for source in self.step.inputs.values():
            if not isinstance(source, File):
                continue
            before, now = self.contents[source.path].files, content_of(source, self.store.hash_memory).files
            if now != before:
                changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
                named = "" if changed == [source.path.name] else f" ({', '.join(changed[:3])})"
                mend = "let it come to rest, then run the same command again"
                raise Failure(f"changed {when}{named}", where=str(source.path), mend=mend)


def _remove(folder: Path) -> None:
    """Remove what is left of an artifact in the making. What cannot be removed now is `gc`'s, and hides no error."""
    shutil.rmtree(folder, ignore_errors=True)
