"""What a run left behind, read without believing that all of it is there: a partial run has a report too."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from postgrad.pipeline.runs import read_record
from postgrad.support import json_files
from postgrad.support.errors import Failure

BASES = ("base_plain", "base")


@dataclass(frozen=True)
class Run:
    """A run folder: `run.json`, `scores.json` (empty lists if not there), and the artifacts of its steps."""

    folder: Path
    about: dict[str, Any]
    scores: dict[str, list[dict[str, Any]]]
    paths: dict[str, Path] = field(default_factory=dict)

    @cached_property
    def recipe(self) -> dict[str, Any]:
        return dict(self.about.get("recipe") or {})

    @cached_property
    def stages(self) -> list[str]:
        """`base`, then the stages that yielded weights, in the order of the recipe."""
        done = self.about.get("stages") or {}
        weights = [name for name in done if self.kind(name) in ("sft", "dpo", "rlvr")]
        order = [stage["name"] for stage in self.recipe.get("stages") or []]
        return ["base", *sorted(weights, key=lambda name: order.index(name) if name in order else len(order))]

    @cached_property
    def scored(self) -> list[str]:
        """The stages that have scores: the base read as plain text first, then as chat, then the trained ones."""
        seen = {score["stage"] for score in self.scores["scores"]}
        known = [*BASES, *self.stages[1:]]
        return [stage for stage in known if stage in seen] + sorted(seen - set(known))

    def kind(self, stage: str) -> str:
        """sft, dpo …: as the recipe says it."""
        return next(
            (str(said.get("kind", "")) for said in self.recipe.get("stages") or [] if said["name"] == stage), ""
        )

    @cached_property
    def manifests(self) -> dict[str, dict[str, Any]]:
        """step → its artifact's manifest, for the steps whose artifact is at hand."""
        return {
            name: read_json(path / "manifest.json")
            for name, path in self.paths.items()
            if (path / "manifest.json").is_file()
        }

    @cached_property
    def _named(self) -> dict[str, list[str]]:
        """Key, and hash of what came out → what this run calls the steps that have it: rows that several steps hand on
        as they are have one hash.
        """
        named: dict[str, list[str]] = {}
        for said in self.about.get("steps") or []:
            for value in (said.get("key"), said.get("outputs")):
                if value:
                    named.setdefault(value, []).append(said["name"])
        return named

    def inputs(self, step: str) -> dict[str, str]:
        """Role → the name of the step that a step was made from, or the path of the user's file.

        Names are this run's: a manifest has those of the run that made the artifact, which may call a step otherwise.
        """
        told = self.manifests.get(step, {}).get("inputs") or {}
        return {role: self._name(one) for role, one in told.items()}

    def _name(self, given: dict[str, Any]) -> str:
        said = str(given.get("step") or given.get("path"))
        known = self._named.get(given.get("key", "")) or self._named.get(given.get("outputs", "")) or [said]
        return said if said in known else known[-1]

    def ancestors(self, ends: Iterable[str]) -> set[str]:
        """These steps and all that they were made from, directly or through others."""
        found: set[str] = set()
        waiting = list(ends)
        while waiting:
            step = waiting.pop()
            if step not in found:
                found.add(step)
                waiting += self.inputs(step).values()
        return found

    def steps(self, prefix: str) -> list[str]:
        """Names of the steps `prefix` or `prefix.anything`, in the order of the run."""
        return sorted(
            (name for name in self.paths if name == prefix or name.startswith(prefix + ".")),
            key=lambda name: name != prefix,
        )

    def file(self, step: str, name: str) -> Path | None:
        """A file of a step's artifact, or None if the step was not run or did not write it."""
        path = self.paths[step] / name if step in self.paths else None
        return path if path is not None and path.is_file() else None

    def found(self, step: str, name: str) -> Path | None:
        """A file of the artifact of `step`, or of the first step below it (`step.anything`) that has one."""
        return next((path for one in self.steps(step) if (path := self.file(one, name))), None)

    def json(self, step: str, name: str) -> Any:
        """A JSON file of a step's artifact, or None."""
        path = self.file(step, name)
        return None if path is None else read_json(path)


def read(folder: Path) -> Run:
    """Open a run folder. Mistake and Failure as `pipeline.runs.read_record`; Failure if `scores.json` is broken."""
    about = read_record(folder)
    scores = read_json(folder / "scores.json") if (folder / "scores.json").is_file() else {}
    store = (folder / (about.get("store") or "../.store")).resolve()
    paths = {step["name"]: store / "artifacts" / step["key"] for step in about.get("steps") or [] if step.get("key")}
    present = {name: path for name, path in paths.items() if path.is_dir()}
    return Run(
        folder, about, {"scores": scores.get("scores", []), "comparisons": scores.get("comparisons", [])}, present
    )


def read_json(path: Path) -> Any:
    """A JSON file; Failure if it is broken."""
    try:
        return json_files.read_json(path)
    except (OSError, ValueError) as error:
        raise Failure(f"cannot be read ({error})", where=str(path), mend="run `postgrad store verify`") from error


def read_lines(path: Path) -> list[dict[str, Any]]:
    """A JSONL file such as `metrics.jsonl`; Failure with the line's number if one is broken."""
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            rows.append(json.loads(line))
        except ValueError as error:
            raise Failure(f"not JSON ({error})", where=f"{path}:{number}") from error
    return rows


def rows(path: Path, columns: list[str]) -> Iterator[dict[str, Any]]:
    """Rows of a Parquet file with these columns alone (dots reach into structs); the token columns stay on disk."""
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=5_000, columns=columns):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise Failure(f"cannot be read ({error})", where=str(path), mend="run `postgrad store verify`") from error


def tally(path: Path, columns: list[str],
          of: Callable[[pa.Table], pa.Table] = lambda table: table) -> Counter[tuple[Any, ...]]:
    """How often each combination of these columns occurs, counted without a Python object a row. `of`: applied first,
    to tables whose structs have become columns.
    """
    found: Counter[tuple[Any, ...]] = Counter()
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=200_000, columns=columns):
                table = pa.Table.from_batches([batch])
                while any(pa.types.is_struct(field.type) for field in table.schema):
                    table = table.flatten()
                table = of(table)
                for row in table.group_by(table.column_names).aggregate([([], "count_all")]).to_pylist():
                    found[tuple(row[name] for name in columns)] += row["count_all"]
    except (pa.ArrowException, OSError) as error:
        raise Failure(f"cannot be read ({error})", where=str(path), mend="run `postgrad store verify`") from error
    return found


def count(path: Path | None) -> int:
    """Rows of a Parquet file, from its footer; 0 if there is no file."""
    return 0 if path is None else int(pq.read_metadata(path).num_rows)
