"""The resolved recipe as tables to read, and the run's environment, hashes and lineage."""

import json
from dataclasses import dataclass
from typing import Any

from postgrad.inspection.run_folder import Run, read_json
from postgrad.inspection.words import compact, seconds, size
from postgrad.support.licences import Verdict, describe, verdict

BESIDE = {"name", "kind", "primary", "from", "from_"}


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
    link: str


def stages(run: Run) -> list[StageChoices]:
    result = []
    for stage in run.recipe.get("stages") or []:
        values = tuple((key.replace("_", " "), compact(value)) for key, value in stage.items() if key not in BESIDE and value is not None)
        result.append(StageChoices(stage["name"], stage.get("kind", ""), tuple(stage.get("primary") or ()),
                                   str(stage.get("from") or stage.get("from_") or ""), values))
    return result


def curation(run: Run) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), compact(value)) for name, value in (run.recipe.get("curate") or {}).items()]


def recipe_text(run: Run) -> str:
    """The whole resolved recipe, for those who want every word."""
    return json.dumps(run.recipe, indent=2, ensure_ascii=False)


def licences(run: Run) -> tuple[list[LicenceRow], Verdict]:
    """One row for the base and each source, and what they add up to."""
    about = run.json("base", "about.json") or {}
    names = {f"base model {run.recipe.get('base_model', '')}".strip(): str(about.get("licence") or "")}
    names |= {name: str(source.get("licence") or "") for name, source in (run.recipe.get("sources") or {}).items()}
    return [LicenceRow(name, licence or "none given", describe(licence)) for name, licence in names.items()], verdict(names)


def records(run: Run) -> list[StageRecord]:
    result = []
    for name, stage in (run.about.get("stages") or {}).items():
        memory = stage.get("peak_memory_bytes")
        result.append(StageRecord(name, stage.get("kind", ""), stage.get("artifact", ""), stage.get("hash", ""),
                                  seconds(stage.get("duration_s")), size(memory) if memory else "–", f"stages/{name}"))
    return result


def environment(run: Run) -> list[tuple[str, str]]:
    """Versions and hardware as recorded, times as recorded."""
    about = run.about
    rows: list[tuple[str, Any]] = [("postgrad", about.get("postgrad"))]
    rows += list((about.get("versions") or {}).items())
    rows += list((about.get("hardware") or {}).items())
    rows += [("seed", about.get("seed")), ("started", about.get("started")), ("finished", about.get("finished"))]
    return [(name.replace("_", " "), compact(value)) for name, value in dict(rows).items() if value not in (None, "", {})]


def lineage(run: Run) -> list[tuple[str, str, str, str]]:
    """(step, key, its inputs, time) of every step, from the manifests where they are at hand."""
    result = []
    for step in run.about.get("steps") or []:
        manifest = run.paths[step["name"]] / "manifest.json" if step["name"] in run.paths else None
        inputs = (read_json(manifest).get("inputs") or {}) if manifest is not None and manifest.is_file() else {}
        names = ", ".join(inputs if isinstance(inputs, dict) else [str(one.get("name", one)) for one in inputs])
        taken = "from the store" if step.get("cached") else seconds(step.get("duration_s"))
        result.append((step["name"], str(step.get("key") or ""), names, taken))
    return result
