"""A plan is a list of steps; a step is a plain function with its settings and its inputs. Nothing runs here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from postgrad.pipeline.resources import Resources
from postgrad.support.errors import Mistake

Inputs = Mapping[str, Path]
Config = Mapping[str, Any]
Function = Callable[[Inputs, Config, Resources], None]
F = TypeVar("F", bound=Callable[..., None])


def versioned(number: int) -> Callable[[F], F]:
    """Mark a step's function with the version of what it computes. Raise it when the same inputs give other outputs."""

    def mark(function: F) -> F:
        function.version = number  # type: ignore[attr-defined]
        return function

    return mark


@dataclass(frozen=True, eq=False)
class File:
    """An input of the user's: a file, a folder (the files in it, not below it), or a glob pattern. Absolute."""

    path: Path


@dataclass(frozen=True, eq=False)
class Step:
    """One node of the plan.

    `run(inputs, config, resources)` is a module-level function that writes its files into `resources.out`. `config`
    is JSON and holds all that the function reads, no more. `version` is the function's. A `numeric` step's key covers
    the numeric environment. `packages` names further packages whose version shapes what it writes: the key covers those
    too. `stage` is the recipe's stage that it belongs to. `aside` names output files (relative to the folder) that only
    people, reports and cards read, such as clock readings and ledgers: they are hashed for `verify`, but no key depends
    on them, so that two runs that agree in all but those share what follows. No later step may read them.
    """

    name: str
    run: Function
    config: dict[str, Any]
    inputs: dict[str, "Step | File"] = field(default_factory=dict)
    version: int = 1
    numeric: bool = False
    stage: str | None = None
    aside: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()

    @property
    def function(self) -> str:
        """The function's full name, which is part of the key: `module:name`."""
        return f"{self.run.__module__}:{self.run.__qualname__}"


def in_order(steps: Iterable[Step]) -> list[Step]:
    """All steps and what they need, each after its inputs, else in the order given. ValueError if two share a name."""
    ordered: dict[str, Step] = {}

    def visit(step: Step) -> None:
        known = ordered.get(step.name)
        if known is step:
            return
        if known is not None:
            raise ValueError(f"two steps are called {step.name!r}")
        for source in step.inputs.values():
            if isinstance(source, Step):
                visit(source)
        ordered[step.name] = step

    for step in steps:
        visit(step)
    return list(ordered.values())


def stages_of(steps: Iterable[Step]) -> list[str]:
    """The stages in the order in which the plan first names them."""
    return list(dict.fromkeys(step.stage for step in steps if step.stage is not None))


def selected(steps: list[Step], only: str | None, from_: str | None, until: str | None) -> tuple[set[str], set[str]]:
    """Which steps may run, and which must already lie in the store, for `--only`, `--from` and `--until`.

    Steps of no stage (the base, curation) may run where a chosen stage needs them; steps of a stage that was not
    chosen must be there. `steps` are in order. Mistake if a stage has no such name, or the choice is empty.
    """
    stages = stages_of(steps)
    for option, stage in (("--only", only), ("--from", from_), ("--until", until)):
        if stage is not None and stage not in stages:
            raise Mistake(f"no stage is called {stage!r}", where=option, mend=f"the stages are {', '.join(stages)}")
    if only is None and from_ is None and until is None:
        return {step.name for step in steps}, set()
    first = stages.index(from_) if from_ else 0
    last = stages.index(until) if until else len(stages) - 1
    chosen = {only} if only else set(stages[first : last + 1])
    if not chosen:
        raise Mistake(f"stage {from_!r} comes after {until!r}", where="--from", mend="nothing lies between them")
    may_run: set[str] = set()
    must_be_there: set[str] = set()
    for step in reversed(steps):
        if step.stage in chosen:
            may_run.add(step.name)
        if step.name in may_run:
            for source in step.inputs.values():
                if isinstance(source, Step):
                    free = source.stage is None or source.stage in chosen
                    (may_run if free else must_be_there).add(source.name)
    return may_run, must_be_there
