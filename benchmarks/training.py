"""Training speed against TRL on the same documents or pairs, from the same random weights, with as many tokens a step,
the same optimiser (AdamW, fused) and threads; one side after the other in turn, each in a process of its own.

    python benchmarks/training.py sft-packed|sft-default|dpo --peer PYTHON [--model tiny|tiny49|FOLDER]
                                  [--count 400] [--repeats 3] [--threads 2]

PYTHON has trl (made for 1.16). Prints one line of JSON: `ratio` is our tokens/s over TRL's, medians of
the repeats; `memory` TRL's largest peak over ours; `share_of_matmul` 6·N·tokens/s over the rate of `torch.mm` at
[4096×256]·[256×704] in our processes (N: all parameters, tied ones once).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from work import model_folder

HERE = Path(__file__).parent


def side(python: str, script: str, *said: object) -> dict[str, Any]:
    """What one side's process prints last. RuntimeError with what it said if it fails."""
    calm = {**os.environ, "GOMP_SPINCOUNT": "1000"}  # as `postgrad` has its threads wait; the same for both sides
    done = subprocess.run([python, script, *map(str, said)], cwd=HERE, env=calm, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{script}: {done.stderr}")
    made: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("work", choices=("sft-packed", "sft-default", "dpo"))
    parser.add_argument("--peer", required=True, metavar="PYTHON")
    parser.add_argument("--model", default="tiny")
    for name, value in (("count", 400), ("repeats", 3), ("threads", 2)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    found: dict[str, list[dict[str, Any]]] = {"own": [], "trl": []}
    with tempfile.TemporaryDirectory() as made:
        folder = model_folder(options.model, Path(made)).absolute()
        for _ in range(options.repeats):
            for name, python, script in (("own", sys.executable, "own_side.py"), ("trl", options.peer, "trl_side.py")):
                found[name].append(side(python, script, options.work, folder, options.count, options.threads))
    rates = {name: statistics.median(one["tokens"] / one["seconds"] for one in runs) for name, runs in found.items()}
    peaks = {name: max(one["peak_bytes"] for one in runs) for name, runs in found.items()}
    print(json.dumps({
        "benchmark": "training", **vars(options) | {"peer": "trl"},
        "tokens": {name: runs[0]["tokens"] for name, runs in found.items()},
        "tokens_per_second": {name: round(rate) for name, rate in rates.items()},
        "seconds": {name: [round(one["seconds"], 2) for one in runs] for name, runs in found.items()},
        "peak_bytes": peaks, "ratio": round(rates["own"] / rates["trl"], 2),
        "memory": round(peaks["trl"] / peaks["own"], 2),
        "share_of_matmul": round(statistics.median(one["share_of_matmul"] for one in found["own"]), 3)}))


if __name__ == "__main__":
    main()
