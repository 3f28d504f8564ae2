"""Put a fault at every fsync and rename of a run, run it again, and compare with an undisturbed run.

    python -m tests.hostile.faults --folder DIR [--recipe R [--set K=V] | --command ...] [--series fresh|chain]
                                   [--how EIO ENOSPC die die-after] [--every N]

`fresh`: for each k a new store, the fault at the k-th call, then one run to the end (`--every N` takes each N-th k).
`chain`: one store for each kind of fault; each run meets the fault at the first place that has not had one, until a run
gets to its end: a run of hours is met at every place at the price of starting it again each time.
After every fault: no artifact half written; after a raised one: exit code 1 and one line, no traceback. A line a try.
"""

import argparse
import collections
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from .inject import DIED
from .outcome import (
    Place,
    add_command_options,
    differences,
    half_written,
    outcome,
    output_of,
    run_undisturbed,
    start,
    target_of,
)  # fmt: skip

INJECT = str(Path(__file__).with_name("inject.py"))
HOW = ("EIO", "ENOSPC", "die", "die-after")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_command_options(parser)
    parser.add_argument("--series", choices=("fresh", "chain"), default="fresh")
    parser.add_argument("--how", nargs="+", choices=HOW, default=list(HOW))
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True)
    target = target_of(options)
    log = options.folder / "calls.txt"
    quiet = Place(options.folder / "undisturbed")
    code = start(quiet, target, [INJECT, "--log", str(log), "--"]).wait()
    if code != 0:
        raise SystemExit(f"the undisturbed run ended with {code}:\n{output_of(quiet)[-4000:]}")
    wanted = outcome(quiet.run)
    calls = len(log.read_text().splitlines())
    print(f"undisturbed: {calls} fsyncs and renames, {len(wanted)} hashes", flush=True)
    tried: collections.Counter[str] = collections.Counter()
    troubles: list[str] = []
    for how in options.how:
        if options.series == "chain":
            count, found = chain(options.folder / how, target, how, wanted)
        else:
            count, found = fresh(options.folder / how, target, how, wanted, range(1, calls + 1, options.every))
        tried[how] += count
        troubles += found
    summary: dict[str, Any] = {
        "series": options.series, "calls": calls, "faults": dict(tried), "same_bits": not troubles,
        "hashes_compared": len(wanted), "troubles": troubles,
    }  # fmt: skip
    print(json.dumps(summary))
    if options.summary:
        options.summary.write_text(json.dumps(summary, indent=1) + "\n")
    return 0 if not troubles else 1


def fresh(
    folder: Path, target: list[str], how: str, wanted: dict[str, str], numbers: range
) -> tuple[int, list[str]]:
    """A new store for every fault."""
    troubles = []
    for k in numbers:
        place = Place(folder / str(k))
        code = start(place, target, [INJECT, "--at", str(k), "--how", how, "--"]).wait()
        found = after_fault(place, code, how)
        found += differences(wanted, run_undisturbed(place, target))
        print(f"{how:9s} at {k:4d}  exit {code:3d}  {found or 'the same bits'}", flush=True)
        troubles += [f"{how} at {k}: {trouble}" for trouble in found]
        if not found:
            shutil.rmtree(place.folder)
    return len(numbers), troubles


def chain(folder: Path, target: list[str], how: str, wanted: dict[str, str]) -> tuple[int, list[str]]:
    """One store, and a fault at every place that its runs come to."""
    place, troubles, count = Place(folder), list[str](), 0
    folder.mkdir(parents=True)
    places = folder / "places.txt"
    while True:
        known = len(places.read_text().splitlines()) if places.exists() else 0
        code = start(place, target, [INJECT, "--new", str(places), "--how", how, "--"]).wait()
        now = places.read_text().splitlines()
        if len(now) == known:
            found = [f"exit {code}: {output_of(place)[-500:]}"] if code else differences(wanted, outcome(place.run))
            print(f"{how:9s} ended after {count} faults: {found or 'the same bits'}", flush=True)
            return count, troubles + found
        count += 1
        found = after_fault(place, code, how)
        where = now[-1].replace(str(folder), "")[:90]
        print(f"{how:9s} {count:4d}  exit {code:3d}  {found or 'whole'}  {where}", flush=True)
        troubles += [f"{how} at {now[-1]}: {trouble}" for trouble in found]


def after_fault(place: Place, code: int, how: str) -> list[str]:
    """What is wrong right after a fault."""
    troubles = half_written(place.store)
    output = output_of(place)
    if code != (DIED if how.startswith("die") else 1):
        troubles.append(f"exit code {code}")
    if "Traceback" in output:
        troubles.append(f"a traceback: {output[-1500:]}")
    return troubles


if __name__ == "__main__":
    sys.exit(main())
