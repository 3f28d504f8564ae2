"""What a finished run came to, free of clock readings, so that a disturbed run can be held to an undisturbed one."""

import argparse
import hashlib
import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from postgrad.pipeline import Store, verify

SOURCES = Path(__file__).resolve().parents[2] / "src"


def outcome(run: Path) -> dict[str, str]:
    """Key and outputs' hash of every step, and the hashes of the scores and of the final model's files."""
    record = json.loads((run / "run.json").read_text())
    found = {f"step {step['name']}": f"{step['key']} {step['outputs']}" for step in record["steps"]}
    files = [run / "scores.json", *sorted((run / "model").rglob("*"))]
    found |= {str(path.relative_to(run)): _hash(path) for path in files if path.is_file()}
    return found


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def differences(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """The names of what is not the same in both."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def finished_steps(store: Path) -> int:
    """How many artifacts there are: how far a killed run had come."""
    folder = store / "artifacts"
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def half_written(store: Path) -> list[str]:
    """What a full verification finds wrong with the artifacts (which must be nothing, whatever befell the run)."""
    if not (store / "store.json").is_file():
        return []
    return [f"{finding.key[:12]}: {'; '.join(finding.what)}" for finding in verify(Store(store), mend=False)]


@dataclass(frozen=True)
class Place:
    """One store and the run folder in it, of one series of tries."""

    folder: Path

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def store(self) -> Path:
        return self.folder / "store"


def add_command_options(parser: argparse.ArgumentParser) -> None:
    """`--recipe` for `postgrad run`, or `--command` for any script that takes `--out` and `--store`."""
    parser.add_argument("--recipe", help="drive `postgrad run RECIPE`")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="passed on to `postgrad run`")
    parser.add_argument("--command", help="drive this instead: a script's path, or -m MODULE, and its arguments")
    parser.add_argument("--folder", type=Path, required=True, help="where the tries live; must not exist yet")
    parser.add_argument("--summary", type=Path, help="write the summary as JSON there")


def target_of(options: argparse.Namespace) -> list[str]:
    """What to run after `python`, without --out and --store. The default is the demo plan."""
    if options.command:
        return shlex.split(options.command)
    if options.recipe:
        sets = [word for pair in options.set for word in ("--set", pair)]
        return ["-m", "postgrad.cli.main", "run", options.recipe, *sets]
    return [str(Path(__file__).with_name("demo.py")), "--pause", "0.02", "--entries", "20", "--steps", "20"]


def start(place: Place, target: list[str], before: list[str] | None = None) -> "subprocess.Popen[str]":
    """Start the command in a process group of its own; `before` stands between `python` and the target."""
    place.folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, *(before or []), *target, "--out", str(place.run), "--store", str(place.store)]
    paths = [str(SOURCES), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}
    output = (place.folder / "output.txt").open("w")
    with output:
        return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, text=True,
                                start_new_session=True, env=environment)  # fmt: skip


def output_of(place: Place) -> str:
    """What the last command of the place printed."""
    return (place.folder / "output.txt").read_text(errors="replace")


def run_undisturbed(place: Place, target: list[str]) -> dict[str, str]:
    """Run the command to its end and give its outcome; SystemExit with its output if it fails."""
    code = start(place, target).wait()
    if code != 0:
        raise SystemExit(f"the undisturbed run ended with {code}:\n{output_of(place)[-4000:]}")
    return outcome(place.run)
