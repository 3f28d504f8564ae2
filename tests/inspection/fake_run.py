"""A run folder with a store, as `docs/interfaces.md` draws it, filled with made-up but plausible contents."""

import json
import math
import random
from pathlib import Path
from typing import Any

from fake_choices import CAPABILITIES, HOSTILE, ITEMS, LEAVE, REDACTED, SCORED, STAGES, TASKS, findings, recipe

from postgrad.records.tables import write_records
from postgrad.records.types import (
    Completion,
    Example,
    LedgerEntry,
    Message,
    Origin,
    Outcome,
    Preference,
    Problem,
    Rating,
    Turn,
    Verdict,
    completion_id,
    content_id,
)
from postgrad.support.hashing import hash_text


def make(folder: Path, until: str = "rlvr", seed: int = 1, items: int = ITEMS) -> Path:
    """Write `folder/run` and `folder/.store`; `until` names the last stage that was reached. Returns the run folder."""
    maker = Maker(folder, random.Random(seed), items)
    reached = STAGES[: STAGES.index(until) + 1] if until in STAGES else ()
    maker.base()
    maker.data()
    if until != "none":
        maker.problems()
        for stage in ("base_plain", "base", *reached):
            maker.evaluate(stage)
        for stage in reached:
            maker.metrics(stage)
        if "dpo" in reached:
            maker.pairs()
        if "rlvr" in reached:
            maker.rollouts()
    maker.finish(reached)
    return folder / "run"


class Maker:
    def __init__(self, folder: Path, chance: random.Random, items: int) -> None:
        self.folder, self.chance, self.items = folder, chance, items
        self.steps: list[dict[str, Any]] = []
        self.scores: list[dict[str, Any]] = []
        self.outcomes: dict[tuple[str, str], list[float]] = {}
        self.hardness: dict[tuple[str, int], float] = {}
        self.prompts: dict[str, list[Problem]] = {}

    def step(self, name: str, inputs: tuple[str, ...] = (), stage: str | None = None) -> Path:
        key = hash_text(name)
        path = self.folder / ".store" / "artifacts" / key
        path.mkdir(parents=True)
        (path / "manifest.json").write_text(
            json.dumps(
                {
                    "step": name,
                    "config": {"redact": {"treatments": REDACTED}} if name.startswith("read.") else {},
                    "inputs": {one: {"step": one, "key": hash_text(one)} for one in inputs},
                    "started": "2025-01-07T10:00:00Z",
                    "duration_s": self.chance.uniform(1, 20),
                    "peak_memory_bytes": 1_400_000_000,
                }
            )
        )
        self.steps.append({"name": name, "key": key, "outputs": hash_text("out" + name), "stage": stage})
        return path

    def base(self) -> None:
        path = self.step("base")
        (path / "about.json").write_text(
            json.dumps({"origin": "embedded", "licence": "Apache-2.0", "parameters": 2_900_000, "plain": True})
        )

    def example(self, source: str, row: int) -> Example:
        messages = (Message("user", f"question {row} of {source}"), Message("assistant", f"answer {row}"))
        return Example(
            content_id(messages),
            (Origin(source, hash_text(source), row),),
            messages,
            source,
            "Apache-2.0",
            source.split("_")[0],
        )

    def data(self) -> None:
        rows = {
            source: [self.example(source, row) for row in range(n)]
            for source, n in {
                "math_train": 900,
                "instructions_train": 700,
                "knowledge_train": 500,
                "safety_train": 300,
                "forum": 400,
            }.items()
        }
        previous: tuple[str, ...] = ()
        for work, reasons in LEAVE:
            entries: dict[str, list[LedgerEntry]] = {source: [] for source in rows}
            for part, reason, number in reasons:
                for _ in range(number):
                    source = self.chance.choice(list(rows))
                    gone = rows[source].pop() if part != "read" else self.example(source, 9_000 + len(entries[source]))
                    entries[source].append(LedgerEntry(gone.parents[0], part, "drop", reason))
            if work == "read":
                entries["forum"] += [
                    LedgerEntry(one.parents[0], "redact", "change", "e-mail address") for one in rows["forum"][:44]
                ]
            groups = {f"read.{source}": [source] for source in rows} if work == "read" else {work: list(rows)}
            made = []
            for step, sources in groups.items():
                path = self.step(step, previous)
                write_records(path / "examples.parquet", Example, [row for source in sources for row in rows[source]])
                write_records(
                    path / "ledger.parquet", LedgerEntry, [entry for source in sources for entry in entries[source]]
                )
                made.append(step)
                if work == "decontaminate":
                    (path / "findings.json").write_text(json.dumps(findings()))
                if work == "mixture":
                    (path / "mixture.json").write_text(
                        json.dumps(
                            {
                                "unit": "tokens",
                                "parts": [
                                    {
                                        "capability": source.split("_")[0] if source != "forum" else "knowledge",
                                        "source": source,
                                        "rows": len(rows[source]),
                                        "copies": len(rows[source]),
                                        "available_rows": 900,
                                        "tokens": len(rows[source]) * 41,
                                        "available_tokens": 40_000,
                                        "epochs": 1.0 + self.chance.random(),
                                        "target_share": 0.2,
                                        "reached_share": 1 / len(rows),
                                        "left_out": False,
                                    }
                                    for source in rows
                                ],
                            }
                        )
                    )
            previous = tuple(made)

    def problems(self) -> None:
        for task, (capability, split, _) in TASKS.items():
            made = []
            for number in range(self.items):
                extra = f" {HOSTILE}" if number % 2 else ""
                messages = (
                    Message(
                        "user",
                        f"[{task} {number}] Mira has {number + 3} baskets of {7 + number % 9} plums. "
                        f"How many plums are there?{extra}",
                    ),
                )
                made.append(
                    Problem(
                        content_id(messages), (), messages, str(number), "math", split, task, "Apache-2.0", capability
                    )
                )
            self.prompts[task] = made

    def evaluate(self, stage: str) -> None:
        path = self.step(f"evaluate.{stage}", (stage,) if stage in STAGES else ("base",), stage)
        for task, (capability, split, shares) in TASKS.items():
            share = shares[SCORED.index(stage)]
            outcomes, completions, values = [], [], []
            for index, problem in enumerate(self.prompts[task]):
                # how hard an item is carries over from stage to stage, mostly
                if self.chance.random() < 0.3 or (task, index) not in self.hardness:
                    self.hardness[task, index] = self.chance.random()
                value = float(self.hardness[task, index] < share)
                values.append(value)
                text = (
                    f"There are {index + 3} baskets with {7 + index % 9} plums each.\n"
                    f"The answer is {(index + 3) * (7 + index % 9)}."
                    if value
                    else f"plums plums are {index} and the {stage} says {HOSTILE}"
                )
                completion = Completion(
                    problem.content_id,
                    0,
                    hash_text(stage),
                    0,
                    {"temperature": 0},
                    0,
                    (Turn(text),),
                    "stop" if value else "length",
                )
                completions.append(completion)
                outcomes.append(
                    Outcome(
                        problem.content_id,
                        value,
                        "",
                        Verdict("ok", value, {}, "the number agrees" if value else "no final number", "math", 1),
                    )
                )
            self.outcomes[stage, task] = values
            write_records(path / f"{task}.outcomes.parquet", Outcome, outcomes)
            write_records(path / f"{task}.completions.parquet", Completion, completions)
            write_records(path / f"{task}.problems.parquet", Problem, self.prompts[task])
            mean, n = sum(values) / len(values), len(values)
            half = 1.96 * math.sqrt(max(mean * (1 - mean), 1e-3) / n)
            self.scores.append(
                {
                    "stage": stage,
                    "task": task,
                    "capability": capability,
                    "split": split,
                    "metric": "accuracy",
                    "value": mean,
                    "low": max(0.0, mean - half),
                    "high": min(1.0, mean + half),
                    "n": n,
                }
            )

    def metrics(self, stage: str) -> None:
        path = self.step(stage, ("mixture",), stage)
        steps = {"sft": 400, "dpo": 90, "rlvr": 120}[stage]
        lines = []
        for step in range(steps):
            t, noise = step / steps, lambda size: self.chance.gauss(0, size)
            line = {
                "step": step + 1,
                "learning_rate": 1e-3 * (1 - t),
                "grad_norm": 1.1 * math.exp(-2 * t) + 0.3 + abs(noise(0.1)),
                "tokens": 8000,
                "seconds": 0.4,
            }
            if stage == "sft":
                line["loss"] = 3.2 * math.exp(-4 * t) + 0.8 + noise(0.06)
            if stage == "dpo":
                line |= {
                    "loss": 0.69 * math.exp(-t) + noise(0.02),
                    "accuracy": 0.5 + 0.35 * t + noise(0.04),
                    "margin": 1.8 * t + noise(0.1),
                    "chosen_logprob": -0.9 - 0.3 * t + noise(0.03),
                    "rejected_logprob": -1.0 - 1.2 * t + noise(0.03),
                }
            if stage == "rlvr":
                line |= {
                    "loss": noise(0.02),
                    "reward": 0.4 + 0.3 * t + noise(0.05),
                    "kl": 0.05 * t + abs(noise(0.004)),
                    "entropy": 0.9 - 0.5 * t + noise(0.03),
                    "length": 42 + 14 * t + noise(2),
                    "zero_variance": min(1.0, max(0.0, 0.3 + 0.2 * t + noise(0.06))),
                    "clip_share": 0.0,
                    "mismatch": 1e-6 * abs(noise(1)),
                }
            lines.append(json.dumps(line))
        (path / "metrics.jsonl").write_text("\n".join(lines) + "\n")
        (path / "summary.json").write_text(json.dumps({"steps": steps, "trained_tokens": steps * 8000}))

    def pairs(self) -> None:
        completions, ratings, preferences = [], [], []
        for number in range(120):
            prompt = (Message("user", f"Write one line about plum {number} in capitals."),)
            for sample in range(4):
                completion = Completion(
                    content_id(prompt), sample, hash_text("sft"), 0, {}, 0, (Turn(f"A PLUM {'!' * sample}"),), "stop"
                )
                completions.append(completion)
                for aspect in ("helpfulness", "instruction_following", "honesty", "truthfulness"):
                    value = (
                        None if self.chance.random() < 0.03 else float(min(5, max(1, round(self.chance.gauss(3.4, 1)))))
                    )
                    ratings.append(Rating(completion_id(completion), "rules", aspect, value, "by rule"))
            preferences.append(
                Preference(
                    content_id(prompt),
                    (),
                    prompt,
                    "instructions_train",
                    "Apache-2.0",
                    self.chance.choice(list(CAPABILITIES)),
                    f"PLUM NUMBER {number} IS RIPE AND BLUE.",
                    "plum.",
                )
            )
        write_records(
            self.step("pairs.completions", ("sft",), "pairs") / "completions.parquet", Completion, completions
        )
        write_records(self.step("pairs.ratings", ("pairs.completions",), "pairs") / "ratings.parquet", Rating, ratings)
        path = self.step("pairs", ("pairs.ratings",), "pairs")
        write_records(path / "preferences.parquet", Preference, preferences)
        (path / "pairs.json").write_text(json.dumps({"pairs": len(preferences), "ties": 14}))

    def rollouts(self) -> None:
        path = next(self.folder / ".store" / "artifacts" / step["key"] for step in self.steps if step["name"] == "rlvr")
        completions, verdicts = [], []
        for step in range(0, 120, 10):
            for problem in self.prompts["arithmetic"][step : step + 4]:
                for sample in range(8):
                    right = self.chance.random() < 0.3 + step / 300
                    completion = Completion(
                        problem.content_id,
                        sample,
                        hash_text("rlvr"),
                        step,
                        {},
                        sample,
                        (Turn(f"So it is {sample}." if right else "I do not know."),),
                        "stop",
                    )
                    completions.append(completion)
                    verdicts.append(Verdict("ok", float(right), {}, "", "math", 1, completion_id(completion)))
        write_records(path / "rollouts.parquet", Completion, completions)
        write_records(path / "verdicts.parquet", Verdict, verdicts)

    def comparisons(self, reached: tuple[str, ...]) -> list[dict[str, Any]]:
        spans = [(start, to, task) for start, to in zip(("base", *reached), reached, strict=False) for task in TASKS]
        for to in dict.fromkeys((*reached[:1], *reached[-1:])):
            for task in TASKS:
                better = max("base", "base_plain", key=lambda base: sum(self.outcomes[base, task]))
                spans += [(better, to, task)] if (better, to, task) not in spans else []
        result = []
        for start, to, task in spans:
            for split in [TASKS[task][1]]:
                pairs = [b - a for a, b in zip(self.outcomes[start, task], self.outcomes[to, task], strict=True)]
                mean = sum(pairs) / len(pairs)
                half = 1.96 * math.sqrt(sum((one - mean) ** 2 for one in pairs) / len(pairs) ** 2)
                p = math.erfc(abs(mean) / (half / 1.96) / math.sqrt(2)) if half else 1.0
                result.append(
                    {
                        "from": start,
                        "to": to,
                        "task": task,
                        "split": split,
                        "metric": "accuracy",
                        "difference": mean,
                        "low": mean - half,
                        "high": mean + half,
                        "p_value": p,
                        "n": len(pairs),
                        "test": "McNemar",
                    }
                )
        return result

    def finish(self, reached: tuple[str, ...]) -> None:
        run = self.folder / "run"
        run.mkdir()
        names = [
            *(["sft"] if "sft" in reached else []),
            *(["pairs", "dpo"] if "dpo" in reached else []),
            *(["rlvr"] if "rlvr" in reached else []),
        ]
        (run / "run.json").write_text(
            json.dumps(
                {
                    "format": 2,
                    "recipe": recipe(),
                    "recipe_hash": hash_text("recipe"),
                    "seed": 17,
                    "store": "../.store",
                    "versions": {
                        "postgrad": "0.1.0",
                        "python": "3.12.3",
                        "torch": "2.13.0+cpu",
                        "transformers": "5.23.0",
                    },
                    "hardware": {
                        "processor": {"machine": "x86_64", "instructions": ["avx2", "avx512f", "fma"]},
                        "processors": 2,
                        "threads": 2,
                        "memory_bytes": 8_000_000_000,
                        "accelerators": [],
                        "system": "Linux",
                    },
                    "stages": {
                        name: {"artifact": hash_text(name), "outputs": hash_text("out" + name)} for name in names
                    },
                    "steps": self.steps,
                    "files": [],
                    "seal": {"head": hash_text("seal"), "opened": True, "reason": "final scores of the first release"},
                }
            )
        )
        if self.scores:
            (run / "scores.json").write_text(
                json.dumps({"scores": self.scores, "comparisons": self.comparisons(reached)})
            )
