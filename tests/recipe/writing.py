"""A sound recipe as text, for tests to spoil."""

from pathlib import Path

from postgrad.recipe import Shipped

SHIPPED = Shipped(
    tasks={"world_math": "development", "world_safety": "development", "world_math_hard": "unseen"},
    generators=("world_math", "world_math_problems", "world_safety"), verifiers=("math", "match"))

SOUND = """\
base_model: embedded
capabilities:
  math:
    priority: 2
    sources: [sums, problems]
    development: [world_math]
    unseen: [world_math_hard]
sources:
  sums:
    path: sums.jsonl
    licence: MIT
  problems:
    generate: world_math_problems
    rows: 50
tasks:
  mine: {path: mine.jsonl, verifier: math, licence: MIT}
stages:
  - name: sft
    kind: sft
    epochs: 2
    primary: [world_math]
  - name: pairs
    kind: prefer
    prompts: [problems]
  - name: dpo
    kind: dpo
  - name: rlvr
    kind: rlvr
    problems: [problems]
    steps: 10
"""


def write(folder: Path, text: str = SOUND, name: str = "recipe.yaml") -> Path:
    """The recipe and the files that it names."""
    for file in ("sums.jsonl", "mine.jsonl"):
        (folder / file).write_text('{"question": "1+1", "answer": "2"}\n')
    path = folder / name
    path.write_text(text)
    return path
