"""A small plan with everything that can go wrong in it: files, a diamond, a journal, a checkpoint, clock readings.

    python tests/hostile/demo.py --out RUN --store STORE [--entries N] [--steps N] [--pause SECONDS]

Exit codes and one-line errors are those of `postgrad run`.
"""

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path

from postgrad.pipeline import Artifact, Config, Event, File, Inputs, Resources, Step, Store, execute, write_run
from postgrad.support.errors import EXIT_INTERRUPTED, PostgradError
from postgrad.support.files import write_atomically


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def read(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Take every `config["every"]`-th line of the file."""
    lines = inputs["file"].read_text().splitlines()[:: config["every"]]
    (resources.out / "rows").mkdir()
    (resources.out / "rows" / "lines.txt").write_text("\n".join(lines))


def answer(inputs: Inputs, config: Config, resources: Resources) -> None:
    """A long step with a journal: each answer is paid for once."""
    lines = (inputs["rows"] / "rows" / "lines.txt").read_text().splitlines()
    journal = resources.journal("answers")
    for number in range(config["entries"]):
        if str(number) not in journal:
            time.sleep(config["pause"])
            journal.append(str(number), {"answer": _hash(lines[number % len(lines)] + str(number))})
    answers = [journal.get(str(number))["answer"] for number in range(config["entries"])]
    (resources.out / "answers.json").write_text(json.dumps(answers))


def train(inputs: Inputs, config: Config, resources: Resources) -> None:
    """A long step with a checkpoint: `weights` after n updates depend on all that came before."""
    rows = [path.read_text() for folder in inputs.values() for path in sorted(folder.rglob("*")) if _is_data(path)]
    checkpoint = resources.work / "checkpoint.json"
    state = {"step": 0, "weights": _hash("".join(rows))}
    if checkpoint.exists():
        state = json.loads(checkpoint.read_text())
    started = time.monotonic()
    while state["step"] < config["steps"]:
        time.sleep(config["pause"])
        state = {"step": state["step"] + 1, "weights": _hash(state["weights"] + str(state["step"]))}
        write_atomically(checkpoint, json.dumps(state).encode())
    (resources.out / "weights.txt").write_text(state["weights"])
    (resources.out / "metrics.jsonl").write_text(json.dumps({"seconds": time.monotonic() - started}) + "\n")


def _is_data(path: Path) -> bool:
    return path.is_file() and path.name not in ("manifest.json", "metrics.jsonl")


def plan(source: Path, entries: int, steps: int, pause: float) -> list[Step]:
    """Two sources' worth of rows, answers to one, two trainings one after the other."""
    odd = Step("read.odd", read, {"every": 2}, {"file": File(source)})
    third = Step("read.third", read, {"every": 3}, {"file": File(source)})
    answers = Step("answers", answer, {"entries": entries, "pause": pause}, {"rows": odd}, stage="answers")
    config = {"steps": steps, "pause": pause, "seed": 1}
    first = Step("first", train, config, {"rows": third}, numeric=True, stage="first", aside=("metrics.jsonl",))
    inputs: dict[str, Step | File] = {"model": first, "answers": answers}
    second = Step("second", train, config, inputs, numeric=True, stage="second", aside=("metrics.jsonl",))
    return [odd, third, answers, first, second]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--entries", type=int, default=6)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--pause", type=float, default=0.0)
    options = parser.parse_args()
    source = Path(__file__).with_name("demo_rows.txt")
    done: dict[str, Artifact] = {}
    try:
        store = Store(options.store)
        steps = plan(source, options.entries, options.steps, options.pause)

        def on_event(event: Event) -> None:
            print(event.kind, event.step.name, flush=True)
            if event.artifact:
                done[event.step.name] = event.artifact
                write_run(options.out, store, steps, done, {"recipe": "demo"})

        execute(steps, store, on_event=on_event)
    except PostgradError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
