"""Kill a run at random moments, let it go on each time, and compare what it comes to with an undisturbed run.

    python -m tests.hostile.kill --folder DIR [--recipe R [--set K=V] | --command ...] [--kills 50] [--seed 1]

Each try starts the command and kills its whole process group (SIGKILL) at a moment drawn uniformly from the length of
an undisturbed run; the next try goes on from what is left. A run that gets to its end first is compared, and the next
try begins another in a new store. At the end the last one is let finish and compared too. Prints a line a try.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from typing import Any

from .outcome import (
    Place,
    add_command_options,
    differences,
    finished_steps,
    half_written,
    outcome,
    output_of,
    run_undisturbed,
    start,
    target_of,
)  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_command_options(parser)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True)
    target = target_of(options)
    began = time.monotonic()
    wanted = run_undisturbed(Place(options.folder / "undisturbed"), target)
    length = time.monotonic() - began
    print(f"undisturbed: {length:.1f} s, {len(wanted)} hashes", flush=True)
    summary = disturb(options, target, wanted, length)
    print(json.dumps(summary))
    if options.summary:
        options.summary.write_text(json.dumps(summary, indent=1) + "\n")
    return 0 if summary["same_bits"] else 1


def disturb(options: argparse.Namespace, target: list[str], wanted: dict[str, str], length: float) -> dict[str, Any]:
    """The tries, until so many processes have been killed and the last run has ended."""
    draw = random.Random(options.seed)
    kills, runs, troubles = 0, 0, list[str]()
    moments: list[float] = []
    place = Place(options.folder / "disturbed-0")
    while True:
        alive = kills < options.kills
        moment = draw.uniform(0, length) if alive else None
        code = run_for(place, target, moment)
        if code is None:
            kills += 1
            moments.append(round(moment or 0.0, 3))
            damage = half_written(place.store)
            troubles += damage
            print(f"kill {kills:3d}  after {moment:7.2f} s  {finished_steps(place.store):3d} artifacts  "
                  f"{'whole' if not damage else 'DAMAGED ' + str(damage)}", flush=True)  # fmt: skip
            continue
        runs += 1
        failed = f"exit {code}: {output_of(place)[-500:]}"
        different = [failed] if code else differences(wanted, outcome(place.run))
        troubles += different
        print(f"run {runs} ended: {'the same bits' if not different else 'DIFFERENT ' + str(different)}", flush=True)
        if not alive:
            break
        place = Place(options.folder / f"disturbed-{runs}")
    return {
        "kills": kills, "runs_ended": runs, "seed": options.seed, "undisturbed_s": round(length, 1),
        "same_bits": not troubles, "troubles": troubles, "hashes_compared": len(wanted), "moments_s": moments,
    }  # fmt: skip


def run_for(place: Place, target: list[str], seconds: float | None) -> int | None:
    """Run until the end (the exit code) or until `seconds` have passed and it is killed (None)."""
    process = start(place, target)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None


if __name__ == "__main__":
    sys.exit(main())
