"""What is on record of where a source came from: its files, its licence, and the tables that its rows became."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postgrad.inspection.curation import KINDS, Curation
from postgrad.inspection.run_folder import Run, count
from postgrad.pipeline.lineage import place_of

HUB = "https://huggingface.co/datasets/"


@dataclass(frozen=True)
class FileFact:
    """A file that was read, by its hash. `bytes`: as it lies there now; None where it is gone."""

    name: str
    sha256: str
    bytes: int | None


@dataclass(frozen=True)
class TableFact:
    """Rows of a source, or of a mixture, in the store: `artifacts/KEY/NAME`."""

    step: str
    key: str
    name: str
    kind: str
    path: Path
    sha256: str
    bytes: int
    rows: int
    started: str

    @property
    def place(self) -> str:
        """Where it lies below the store."""
        return f"artifacts/{self.key}/{self.name}"


@dataclass(frozen=True)
class SourceFacts:
    """`made_by`: the generator of rows that were not read from files. Texts are "" where nobody said any."""

    name: str
    capability: str
    licence: str
    origin: str
    version: str
    legal_basis: str
    format: str
    made_by: str
    files: tuple[FileFact, ...]
    tables: tuple[TableFact, ...]


def sources(curation: Curation) -> list[str]:
    """The sources whose rows the run has read, in the order of the recipe."""
    read = {name for step in curation.steps for name in curation.kept(step)}
    order = [*(curation.run.recipe.get("sources") or {}), *sorted(read)]
    return [name for name in dict.fromkeys(order) if name in read]


def facts(curation: Curation, source: str) -> SourceFacts:
    """What recipe and manifests say of a source."""
    run = curation.run
    said: dict[str, Any] = (run.recipe.get("sources") or {}).get(source) or {}
    reading = [step for step in curation.steps if _reads(run, step, source)]
    configs = [_spec(run, step) for step in reading]
    read: dict[str, Any] = configs[0] if configs else {}
    told = lambda key: str(said.get(key) or read.get(key) or "")
    capability = next(
        (name for name, one in (run.recipe.get("capabilities") or {}).items() if source in one.get("sources", [])), "")
    counts = [run.json(step, "counts.json") or {} for step in reading]
    files = tuple(dict.fromkeys(file for step in reading for file in _files(run, step)))
    page, commit = (f"{HUB}{said['hub']}", _commit(run, files)) if said.get("hub") else ("", "")
    return SourceFacts(
        source, capability, told("licence"), str(said.get("origin") or page), str(said.get("version") or commit),
        str(said.get("legal_basis") or ""),
        next((str(one["format"]) for one in counts if one.get("format")), told("format")),
        str(said.get("generate") or ""), files,
        tuple(table for step in reading if (table := table_fact(run, step))),
    )  # fmt: skip


def _commit(run: Run, files: Collection[FileFact]) -> str:
    """The commit of a hub data set: the folder of its cache that the files lie in."""
    own = {file.sha256 for file in files}
    places = (Path(known["path"]) for known in run.about.get("files") or [] if own & set(known["files"].values()))
    return next((place.parent.name for place in places), "")


def _reads(run: Run, step: str, source: str) -> bool:
    return step.partition(".")[0] == "read" and _spec(run, step).get("name") == source


def _spec(run: Run, step: str) -> dict[str, Any]:
    """How a step was told to read its source."""
    return (run.manifests.get(step, {}).get("config") or {}).get("source") or {}


def _files(run: Run, step: str) -> list[FileFact]:
    """The files of rows that a step has read: the user's, or those that a generator wrote. Not the other inputs, such
    as a list of names to look for, which must not be known by its hash."""
    found: list[FileFact] = []
    for role, given in (run.manifests.get(step, {}).get("inputs") or {}).items():
        if role.partition(".")[0] != "file":
            continue
        if "files" in given:
            found += [FileFact(name, value, _bytes(run, value)) for name, value in given["files"].items()]
        else:
            made = run.manifests.get(run.inputs(step)[role], {})
            sizes = made.get("sizes") or {}
            found += [FileFact(name, value, sizes.get(name)) for name, value in (made.get("outputs") or {}).items()]
    return found


def _bytes(run: Run, sha256: str) -> int | None:
    """The size of a user's file by its hash, as far as the run knows where it lies and it is there."""
    for known in run.about.get("files") or []:
        for name, value in known["files"].items():
            place = place_of(Path(known["path"]), name, known["files"])
            if value == sha256 and place.is_file():
                return place.stat().st_size
    return None


def table_fact(run: Run, step: str) -> TableFact | None:
    """The rows that a step wrote, as its manifest has them; None if it wrote none, or its manifest does not say."""
    said = run.manifests.get(step, {})
    for kind in KINDS:
        name = f"{kind}.parquet"
        path = run.file(step, name)
        if path is not None and name in (said.get("outputs") or {}):
            return TableFact(
                step, path.parent.name, name, kind, path, said["outputs"][name], said["sizes"][name], count(path),
                str(said.get("started") or ""))  # fmt: skip
    return None
