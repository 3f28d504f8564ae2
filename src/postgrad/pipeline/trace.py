"""`postgrad trace RUN STAGE/TASK[/METRIC]`: one number of the report, walked back to the lines that it came from.

score → outcomes → checkpoint → what it was trained on → … → the user's files, with the hash of each file and the
numbers of the rows. Every file on the way is hashed again, and every artifact held to what the one made from it says
that it read.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from postgrad.pipeline import manifest
from postgrad.pipeline.failures import said_plainly
from postgrad.pipeline.lineage import checked_parent, place_of
from postgrad.pipeline.runs import SCORES, Run
from postgrad.pipeline.store import Artifact
from postgrad.support.errors import Failure, Mistake
from postgrad.support.hashing import hash_file
from postgrad.support.json_files import read_json

ROWS = ("examples.parquet", "preferences.parquet", "problems.parquet")
SHOWN_ROWS = 3
LONG_FACTS = ("rows", "lines_by_file")


@dataclass
class Node:
    """One artifact or file of the walk. `facts` are what is said of it, `children` what it was made from.

    `seen_above` marks an artifact that stands elsewhere in the tree with all that is below it.
    """

    kind: str  # "score", "artifact" or "file"
    name: str
    hash: str
    facts: dict[str, Any] = field(default_factory=dict)
    role: str = ""  # the name of the input by which its child in the lineage reads it
    children: list["Node"] = field(default_factory=list)
    seen_above: bool = False

    def json(self) -> dict[str, Any]:
        """For programs: every field, children nested."""
        return {
            "kind": self.kind, "name": self.name, "hash": self.hash, "role": self.role, "seen_above": self.seen_above,
            "facts": self.facts, "children": [child.json() for child in self.children],
        }  # fmt: skip

    def lines(self) -> Iterator[str]:
        """For people: a tree, one line a node."""
        said = {name.replace("_", " "): value for name, value in self.facts.items() if name not in LONG_FACTS}
        facts = ", ".join(f"{name} {_short(value)}" for name, value in said.items())
        above = " (see above)" if self.seen_above else ""
        role = f"{self.role} ← " if self.role and self.role != self.name else ""
        yield f"{role}{self.name}  {self.hash[:12]}{f'  {facts}' if facts else ''}{above}"
        below = [*self.facts.get("rows", []), *self.children]
        for number, item in enumerate(below):
            last = number == len(below) - 1
            branch, rest = ("└─ ", "   ") if last else ("├─ ", "│  ")
            inner = item.lines() if isinstance(item, Node) else iter([_row_line(item)])
            for count, line in enumerate(inner):
                yield f"{branch if count == 0 else rest}{line}"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _row_line(row: dict[str, Any]) -> str:
    # Records count rows from 0, people count lines from 1.
    places = "; ".join(f"{o['path'] or o['source']}:{o['row'] + 1} (file {o['file'][:12]})" for o in row["origins"])
    return f"row {row['content_id'][:12]} ← {places}"


def trace(run: Run, score: str) -> Node:
    """The tree behind one score, `STAGE/TASK` or `STAGE/TASK/METRIC`.

    Mistake if the run has no such score; Failure, naming the artifact or the file, if anything on the way is missing,
    altered, or does not agree with what was made from it. A source file of the user's that has moved or changed since
    is no failure: its line says so.
    """
    with said_plainly(f"tracing {score}"), run.store.using():
        entry = find_score(run.folder, score)
        _hold_scores(run)
        top = Node("score", "/".join((entry["stage"], entry["task"], entry["metric"])), "", _score_facts(entry))
        artifact = _outcomes(run, entry)
        walk = _Walk(run)
        top.children = [walk.artifact(artifact, "scored by")]
        top.hash = artifact.outputs_hash
        _compare(top, artifact, entry)
        return top


def find_score(folder: Path, wanted: str) -> dict[str, Any]:
    """The entry of `scores.json` that `STAGE/TASK[/METRIC]` names. Mistake if none, or several, fit."""
    path = folder / SCORES
    try:
        scores: list[dict[str, Any]] = read_json(path)["scores"]
    except FileNotFoundError:
        raise Mistake("the run has no scores yet", where=str(path), mend="let the run finish") from None
    except (ValueError, KeyError, TypeError) as error:
        raise Failure(f"cannot be read ({error})", where=str(path), mend="run the recipe again") from error
    by_name = {"/".join((entry["stage"], entry["task"], entry["metric"])): entry for entry in scores}
    found = [name for name in by_name if f"{name}/".startswith(f"{wanted}/")]
    if len(found) == 1:
        return by_name[found[0]]
    which = found or list(by_name)
    what = f"{wanted!r} is several scores" if found else f"there is no score {wanted!r}"
    raise Mistake(what, where=str(path), mend=f"there are {', '.join(which)}")


def _hold_scores(run: Run) -> None:
    """Failure unless `scores.json` is, to the byte, what a step of the run gave."""
    path = run.folder / SCORES
    value = hash_file(path)
    for step in run.record["steps"]:
        found = run.store.look(step["key"])
        if isinstance(found, Artifact) and found.manifest["outputs"].get("scores.json") == value:
            return
    raise Failure("is not what the run's steps gave", where=str(path), mend="run the recipe again")


def _score_facts(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in ("value", "low", "high", "n") if name in entry}


def _outcomes(run: Run, entry: dict[str, Any]) -> Artifact:
    """The artifact that holds the outcomes of the stage on the task."""
    for step in run.record["steps"]:
        if entry["stage"] in step["name"].split("."):
            artifact = run.store.artifact(step["key"])
            if f"{entry['task']}.outcomes.parquet" in artifact.manifest["outputs"]:
                return artifact
    what = f"no step holds outcomes of {entry['stage']} on {entry['task']}"
    raise Failure(what, where=str(run.folder / "run.json"), mend="run the recipe again")


def _compare(top: Node, artifact: Artifact, entry: dict[str, Any]) -> None:
    """Count the outcomes behind the score, and hold their number to what the score says."""
    path = artifact.folder / f"{entry['task']}.outcomes.parquet"
    scores = [row["score"] for row in _columns(path, ["score"])]
    top.facts["outcomes"] = len(scores)
    top.facts["mean_of_outcomes"] = sum(scores) / len(scores) if scores else None
    if "n" in entry and len(scores) != entry["n"]:
        raise Failure(
            f"{len(scores)} outcomes lie behind a score that says n = {entry['n']}", where=str(path),
            mend="run the recipe again")  # fmt: skip


class _Walk:
    """Builds nodes, checks each artifact once, and remembers where the user's files lie."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.seen: dict[str, Node] = {}
        self.paths: dict[str, str] = {}  # sha256 of a file -> its path as this run knew it
        for known in run.record["files"]:
            for relative, value in known["files"].items():
                self.paths[value] = str(place_of(Path(known["path"]), relative, known["files"]))

    def artifact(self, artifact: Artifact, role: str) -> Node:
        said = artifact.manifest
        node = Node("artifact", said["step"], artifact.outputs_hash, role=role)
        if artifact.key in self.seen:
            node.seen_above = True
            return node
        damage = manifest.full_damage(artifact.folder, said)
        if damage:
            mend = "run `postgrad store verify`, then the recipe again"
            raise Failure("; ".join(damage), where=f"artifact {artifact.key[:12]} ({said['step']})", mend=mend)
        self.seen[artifact.key] = node
        # Rows that a step made up itself have its own file for an origin.
        # A file of the user's that a step passed on unchanged stays the user's.
        for name, value in said["outputs"].items():
            self.paths.setdefault(value, f"{said['step']}/{name}")
        for name, source in said["inputs"].items():
            if "key" in source:
                node.children.append(self.artifact(checked_parent(self.run.store, artifact, name), name))
            else:
                node.children += self.files(source)
        node.facts = {"artifact": artifact.key[:12], "files": len(said["outputs"]), **self.rows(artifact)}
        return node

    def files(self, source: dict[str, Any]) -> list[Node]:
        """A node for each file of the user's that was read, with what is at its place now."""
        nodes = []
        for relative, value in source["files"].items():
            path = Path(self.paths.setdefault(value, str(place_of(Path(source["path"]), relative, source["files"]))))
            nodes.append(Node("file", str(path), value, {"now": _state(path, value)}))
        return nodes

    def rows(self, artifact: Artifact) -> dict[str, Any]:
        """Of an artifact that holds rows: how many, from how many lines of which files; the first ones' origins."""
        path = next((artifact.folder / name for name in ROWS if name in artifact.manifest["outputs"]), None)
        if path is None:
            return {}
        count, lines = 0, Counter[str]()
        shown: list[dict[str, Any]] = []
        for row in _columns(path, ["content_id", "parents"]):
            count += 1
            origins = [{**origin, "path": self.paths.get(origin["file"])} for origin in row["parents"]]
            lines.update(origin["file"] for origin in origins)
            if len(shown) < SHOWN_ROWS:
                shown.append({"content_id": row["content_id"], "origins": origins})
        by_file = {name: lines[name] for name in sorted(lines)}
        return {"holds": f"{count:,} rows", "lines": lines.total(), "lines_by_file": by_file, "rows": shown}


def _state(path: Path, value: str) -> str:
    try:
        return "unchanged" if hash_file(path) == value else "changed since"
    except OSError:
        return "not there any more"


def _columns(path: Path, columns: list[str]) -> Iterator[dict[str, Any]]:
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=columns):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise Failure(f"cannot be read ({error})", where=str(path), mend="run `postgrad store verify`") from error
