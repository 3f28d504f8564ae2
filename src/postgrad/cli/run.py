"""`postgrad run RECIPE --out DIR`: carry a recipe out, or go on where it stopped."""

import argparse
import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgrad.cli.display import print_json
from postgrad.cli.parser import Parser, add_json, add_set, add_store
from postgrad.cli.recipes import a_stage, load_recipe
from postgrad.support.errors import Mistake, PostgradError
from postgrad.support.files import kind_of
from postgrad.support.network import enter
from postgrad.support.progress import QUIET_SECONDS, duration

if TYPE_CHECKING:
    from postgrad.pipeline import Event
    from postgrad.recipe import Recipe

NAME = "run"
REASONS_TOLD = 3


def add(commands: Any) -> Parser:
    parser: Parser = commands.add_parser(NAME, help="carry a recipe out, or go on where it stopped", description=(
        "Carry a recipe out. What the store already has is not done again, so the same command goes on after an "
        "interruption, and a second run of the same recipe does nothing."))
    parser.add_argument("recipe", metavar="RECIPE", help="a file, or the name of a recipe that ships")
    parser.option("--out", required=True, metavar="DIR", help="the run's folder")
    add_set(parser)
    parser.option("--only", metavar="STAGE", help="this stage alone (what it needs must be there)")
    parser.option("--from", dest="from_", metavar="STAGE", help="this stage and later ones; the earlier must be there")
    parser.option("--until", metavar="STAGE", help="no further than this stage")
    add_store(parser)
    parser.option("--seal-log", metavar="FILE", help="the log of opened unseen tasks (else $POSTGRAD_SEAL_LOG, else in "
                  "your data folder)")
    add_json(parser)
    parser.set_defaults(call=call)
    return parser


def call(options: argparse.Namespace) -> int:
    if options.only and (options.from_ or options.until):
        raise Mistake("--only goes with neither --from nor --until", where="postgrad run", mend="give one or the other")
    out = Path(options.out)
    if kind_of(out) == "file":
        raise Mistake("is a file", where=f"--out {out}", mend="name a folder for the run")
    recipe = load_recipe(options.recipe, options.set)
    order = [stage.name for stage in recipe.stages]
    for option, stage in (("--only", options.only), ("--from", options.from_), ("--until", options.until)):
        a_stage(recipe, stage, option)
    if options.from_ and options.until and order.index(options.from_) > order.index(options.until):
        raise Mistake(f"{options.from_} comes after {options.until}", where="--from", mend="change the two")

    network = enter(recipe.network)

    from postgrad.pipeline.runs import MODEL, REPORT, SCORES
    from postgrad.pipeline.store import store_path
    from postgrad.stages.run import run

    store = store_path(options.store, out)
    start = time.monotonic()
    outcome = run(recipe, out, store, only=options.only, from_=options.from_, until=options.until,
                  seal_log=seal_log(options.seal_log), on_event=Teller(recipe, store), network=network)
    seconds = time.monotonic() - start
    made = {name: str(path) for name in (REPORT, SCORES, MODEL) if (path := out / name).exists()}
    if options.json:
        print_json({"out": str(out), "seconds": round(seconds, 3), "steps_run": outcome.ran,
                    "steps_in_store": outcome.cached, "made": made})
    else:
        steps = f"{outcome.ran} step{'' if outcome.ran == 1 else 's'}"
        print(f"{steps} done, {outcome.cached} were in the store, in {duration(seconds)}: "
              f"{', '.join(made.values()) or out}")
    return 0


def seal_log(option: str | None) -> Path:
    """Where openings of unseen tasks are noted: --seal-log, else $POSTGRAD_SEAL_LOG, else the user's data folder."""
    said = option or os.environ.get("POSTGRAD_SEAL_LOG")
    if said:
        return Path(os.path.expanduser(said))  # noqa: PTH111 (Path.expanduser raises where there is no home)
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")  # noqa: PTH111
    if not os.path.isabs(data):  # noqa: PTH117
        raise Mistake("no home folder to keep the seal log in", where="postgrad run", mend="name it: --seal-log FILE")
    return Path(data, "postgrad", "seal.log")


def _dropped(event: "Event") -> str:
    """How many rows a step of curation dropped, and the commonest reasons; "" for none."""
    path = event.artifact.folder / "counts.json" if event.artifact else None
    counts = json.loads(path.read_text()) if path and path.is_file() else {}
    if not counts.get("rows_dropped"):
        return ""
    reasons = sorted(counts["by_reason"].items(), key=lambda one: (-one[1], one[0]))
    said = ", ".join(f"{reason} {count:,}" for reason, count in reasons[:REASONS_TOLD])
    more = f" and {len(reasons) - REASONS_TOLD} more reasons" if len(reasons) > REASONS_TOLD else ""
    return f"{counts['rows_dropped']:,} of {counts['rows_in'] + counts['rows_made']:,} rows dropped ({said}{more})"


class Teller:
    """Says on stderr what happens to a run's steps; nothing of one that was there already.

    Before the first step it says what the recipe is going to regret; before the first numeric one, what the times are
    to be judged by: threads and matrix-product rate.
    """

    def __init__(self, recipe: "Recipe", store: Path) -> None:
        self._recipe, self._store = recipe, store
        self._notes_told = self._machine_told = False

    def __call__(self, event: "Event") -> None:
        if event.kind == "start" and not self._notes_told:
            self._notes_told = True
            self._tell_notes()
        if event.kind == "start" and event.step.numeric and not self._machine_told:
            self._machine_told = True
            self._tell_machine()
        name = f"[{event.number}/{event.total}] {event.step.name}"
        match event.kind:
            case "start":
                line = name
            case "done":
                line = f"{name}: done in {duration(event.seconds)}" if event.seconds >= QUIET_SECONDS else ""
                if dropped := _dropped(event):
                    print(f"{name}: {dropped}", file=sys.stderr, flush=True)
            case "waiting":
                line = f"{name}: another process is at it; waiting"
            case "damaged":
                line = f"{name}: {event.detail}; made anew"
            case _:
                line = ""
        if line:
            print(line, file=sys.stderr, flush=True)

    def _tell_notes(self) -> None:
        from postgrad.stages.estimate import estimate

        with contextlib.suppress(PostgradError):  # a source that cannot be read: its own step says so
            for note in estimate(self._recipe, self._store).notes:
                print(f"note: {note}", file=sys.stderr, flush=True)

    @staticmethod
    def _tell_machine() -> None:
        from postgrad.pipeline.environment import default_threads
        from postgrad.stages.costs import matmul_rate

        rate = f"{default_threads()} threads, ≈ {matmul_rate() / 1e9:.0f} GFLOP/s in float32 matrix products"
        print(f"this machine: {rate}", file=sys.stderr, flush=True)
