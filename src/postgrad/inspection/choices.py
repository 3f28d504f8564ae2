"""The resolved recipe as tables to read, and the run's environment, hashes and lineage."""

import json
from dataclasses import dataclass
from typing import Any

from postgrad.inspection.run_folder import Run
from postgrad.support.licence_verdict import Verdict, named, verdict
from postgrad.support.licences import describe
from postgrad.support.words import compact, moment, seconds, size

BESIDE = {"name", "kind", "primary", "from", "from_"}
UNSET: tuple[Any, ...] = (None, "", {}, [])


@dataclass(frozen=True)
class StageChoices:
    name: str
    kind: str
    primary: tuple[str, ...]
    start: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class LicenceRow:
    name: str
    licence: str
    asks: str


@dataclass(frozen=True)
class StageRecord:
    """What a stage left: artifact key, hash of its outputs, time and memory."""

    name: str
    kind: str
    artifact: str
    hash: str
    duration: str
    memory: str


def stages(run: Run) -> list[StageChoices]:
    result = []
    for stage in run.recipe.get("stages") or []:
        values = tuple(
            (key.replace("_", " "), compact(value))
            for key, value in stage.items()
            if key not in BESIDE and value is not None
        )
        result.append(
            StageChoices(
                stage["name"],
                stage.get("kind", ""),
                tuple(stage.get("primary") or ()),
                str(stage.get("from") or stage.get("from_") or ""),
                values,
            )
        )
    return result


def curation(run: Run) -> list[tuple[str, str]]:
    """What is done in each part of curation. Bounds that are not set are not named."""
    parts: dict[str, dict[str, Any]] = run.recipe.get("curate") or {}
    return [(name.replace("_", " "), compact({key: value for key, value in part.items() if value not in UNSET}))
            for name, part in parts.items()]


def recipe_text(run: Run) -> str:
    """The whole resolved recipe, for those who want every word."""
    return json.dumps(run.recipe, indent=2, ensure_ascii=False)


def licences(run: Run) -> tuple[list[LicenceRow], Verdict]:
    """One row for the base and each source, and what they add up to."""
    about = run.json("base", "about.json") or {}
    names = named(run.recipe, str(about.get("licence") or ""))
    return [LicenceRow(name, licence or "none given", describe(licence)) for name, licence in names.items()], verdict(
        names
    )


def records(run: Run) -> list[StageRecord]:
    """Time is the sum, memory the largest, of the steps that belong to the stage, when they were first made."""
    result = []
    for name, stage in (run.about.get("stages") or {}).items():
        own = [
            run.manifests[step["name"]]
            for step in run.about.get("steps") or []
            if step.get("stage") == name and step["name"] in run.manifests
        ]
        memory = max((one.get("peak_memory_bytes") or 0 for one in own), default=0)
        result.append(
            StageRecord(
                name,
                run.kind(name),
                stage.get("artifact", ""),
                stage.get("outputs", ""),
                seconds(sum(one.get("duration_s") or 0 for one in own) if own else None),
                size(memory) if memory else "–",
            )
        )
    return result


def environment(run: Run) -> list[tuple[str, str]]:
    """Versions and hardware as recorded, and when the first and the last step began."""
    about = run.about
    rows: dict[str, Any] = {**(about.get("versions") or {}), **(about.get("hardware") or {}), "seed": about.get("seed")}
    if rows.get("memory_bytes"):
        rows["memory"] = size(rows.pop("memory_bytes"))
    began = sorted(manifest["started"] for manifest in run.manifests.values() if manifest.get("started"))
    if began:
        rows["first step began"], rows["last step began"] = moment(began[0]), moment(began[-1])
    return [(name.replace("_", " "), compact(value)) for name, value in rows.items() if value not in UNSET]


def lineage(run: Run) -> list[tuple[str, str, str, str]]:
    """(step, artifact key, what it was made from, time) of every step."""
    return [
        (
            step["name"],
            str(step.get("key") or ""),
            ", ".join(run.inputs(step["name"]).values()),
            seconds(run.manifests.get(step["name"], {}).get("duration_s")),
        )
        for step in run.about.get("steps") or []
    ]
