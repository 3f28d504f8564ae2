"""A whole run small enough for a test: a random Llama with the tokenizer that ships, a few dozen rows, all stages."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile, copytree
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from postgrad.embedded import BASE
from postgrad.pipeline import Artifact, Event, Store
from postgrad.recipe import load
from postgrad.stages.run import Outcome, run
from postgrad.stages.shipped import shipped

FRUITS = ("apples", "pears", "plums", "figs", "limes", "dates", "quinces", "cherries")
SECRET = "the sealed orchard of Umbrel"
"""Stands in every prompt of the unseen task and nowhere else."""

RECIPE = """\
schema: 1
name: tiny
base_model: base
seed: 3
capabilities:
  math: {priority: 2.0, sources: [sums], development: [sums_dev], unseen: [sums_new]}
  instructions: {priority: 1.0, sources: [shapes], development: [shapes_dev]}
sources:
  sums: {path: sums.jsonl, format: question_answer, verifier: math, licence: MIT}
  shapes: {path: shapes.jsonl, format: problems, verifier: instructions, licence: MIT}
tasks:
  sums_dev: {path: sums_dev.jsonl, format: question_answer, verifier: math, licence: MIT}
  sums_new: {path: sums_new.jsonl, format: question_answer, verifier: math, licence: MIT}
  shapes_dev: {path: shapes_dev.jsonl, format: problems, verifier: instructions, licence: MIT}
curate:
  mixture: {max_epochs: 1}
stages:
  - {name: sft, kind: sft, learning_rate: 2.0e-2, epochs: 4, batch_size: 8, max_length: 128, micro_batch_tokens: 512}
  - {name: pairs, kind: prefer, prompts: [sums, shapes], rows: 16, pool: [policy, base], completions: 4, max_tokens: 12}
  - {name: dpo, kind: dpo, learning_rate: 1.0e-4, batch_size: 4, max_length: 128, micro_batch_tokens: 512}
  - {name: rlvr, kind: rlvr, problems: [shapes], steps: 2, prompts_per_step: 4, group_size: 4, learning_rate: 1.0e-3,
     max_tokens: 12, micro_batch_tokens: 512}
evaluate: {limit: 8, max_tokens: 12}
"""


def write_base(folder: Path) -> None:
    """One layer, width 32, random weights, the vocabulary of the base that ships."""
    folder.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        copyfile(BASE / name, folder / name)
    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(
        vocab_size=1536, hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, initializer_range=0.02, tie_word_embeddings=True,
        bos_token_id=0, eos_token_id=0, pad_token_id=1)).save_pretrained(folder)


def sums(count: int, first: int = 0, where: str = "at the market") -> list[dict[str, Any]]:
    """Questions with an answer in GSM8K's form, no two alike."""
    rows = []
    for number in range(first, first + count):
        one, other, fruit = 3 + number, 5 + 7 * number % 11, FRUITS[number % len(FRUITS)]
        question = f"Tam buys {one} {fruit} {where} and Lea adds {other}: how many {fruit} are there?"
        rows.append({"question": question, "answer": f"{one} + {other} = {one + other}\n#### {one + other}"})
    return rows


def shapes(count: int, first: int = 0, ask: str = "say something about {} in at most {} words") -> list[dict[str, Any]]:
    """Constraints that random text sometimes holds."""
    rows: list[dict[str, Any]] = []
    for number in range(first, first + count):
        count = 5 + number % 4
        text = f"Number {number}: {ask.format(FRUITS[number % len(FRUITS)], count)}."
        rule = {"kind": "words", "relation": "at_most", "count": count}
        rows.append({"messages": [{"role": "user", "content": text}], "ground_truth": {"constraints": [rule]}})
    return rows


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@dataclass
class Place:
    """A recipe with its files, a store, a run folder and a seal log, all in one folder."""

    folder: Path
    recipe: Path
    name: str = "run"

    @property
    def out(self) -> Path:
        return self.folder / self.name

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def seal(self) -> Path:
        return self.folder / "seal.jsonl"

    def run(self, *sets: str, watch: Callable[[Event], None] | None = None, **choice: Any) -> tuple[Outcome, list[str]]:
        """Carry the recipe out in this process; what was done, and the names of the steps that ran, in order."""
        done: list[str] = []

        def on_event(event: Event) -> None:
            if event.kind == "done":
                done.append(event.step.name)
            if watch:
                watch(event)

        recipe = load(str(self.recipe), sets, shipped())
        outcome = run(recipe, self.out, self.store, seal_log=self.seal, on_event=on_event, **choice)
        return outcome, done

    def command(self, *more: str) -> list[str]:
        """The arguments of `postgrad run` that do the same."""
        return ["run", str(self.recipe), "--out", str(self.out), "--store", str(self.store),
                "--seal-log", str(self.seal), *more]  # fmt: skip

    def json(self, name: str) -> Any:
        return json.loads((self.out / name).read_text())

    def opened(self) -> Store:
        return Store.existing(self.store)

    def made(self) -> list[Artifact]:
        """Every whole artifact in the store, of whatever run."""
        return [found for found in self.opened().artifacts() if isinstance(found, Artifact)]

    def artifacts(self) -> dict[str, Path]:
        """Step → artifact folder, of everything in the run."""
        store = self.opened()
        return {said["name"]: store.artifact(said["key"]).folder for said in self.json("run.json")["steps"]}

    def hashes(self) -> dict[str, tuple[str, str]]:
        """Step → its key and the hash of its outputs."""
        return {said["name"]: (said["key"], said["outputs"]) for said in self.json("run.json")["steps"]}

    def copy(self, folder: Path) -> "Place":
        """The same place, store and run and all, elsewhere."""
        copytree(self.folder, folder, symlinks=True)
        return Place(folder, folder / self.recipe.name, self.name)


def write_place(folder: Path, base: Path, text: str = RECIPE) -> Place:
    """A fresh place in an empty folder; the base model is linked to."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "base").symlink_to(base)
    write_jsonl(folder / "sums.jsonl", sums(24))
    write_jsonl(folder / "shapes.jsonl", shapes(12))
    write_jsonl(folder / "sums_dev.jsonl", sums(10, 100, "in a small harbour town by the cold northern sea"))
    write_jsonl(folder / "sums_new.jsonl", sums(10, 200, f"in {SECRET} beyond the mill of the old count"))
    write_jsonl(folder / "shapes_dev.jsonl", shapes(10, 100, "use at most {1} words to tell the king what {0} are for"))
    (folder / "recipe.yaml").write_text(text)
    return Place(folder, folder / "recipe.yaml")
