"""The names that a recipe may use: sources made by the embedded generators, and the tasks that ship.

`GENERATORS[name](seed, rows, folder)` writes one JSONL file and returns its path; the same arguments give the same
bytes. `problems(task)` gives the problems of a task that ships, distinct and in a fixed order. All rows are ours:
Apache-2.0.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path

from postgrad.embedded import instructions, knowledge, math, safety
from postgrad.embedded.clinic import canaries as clinic_canaries
from postgrad.embedded.clinic import rules
from postgrad.embedded.clinic import source as clinic
from postgrad.embedded.flaws import Planted, plant
from postgrad.embedded.rows import Row, as_example, as_prompt

LICENCE = "Apache-2.0"
TASK_SEED = 20261123

DEVELOPMENT = {
    "world_math": math,
    "world_instructions": instructions,
    "world_knowledge": knowledge,
    "world_safety": safety,
    "clinic_rules": rules,
}
UNSEEN = {
    "world_math_hard": math,
    "world_instructions_new": instructions,
    "world_knowledge_new": knowledge,
    "world_safety_new": safety,
    "clinic_rules_new": rules,
}
TASKS: tuple[str, ...] = (*DEVELOPMENT, *UNSEEN)
"""The tasks that ship."""
SIZES = {
    "world_math": 600,
    "world_instructions": 800,
    "world_knowledge": 400,
    "world_safety": 440,
    "world_math_hard": 400,
    "world_instructions_new": 400,
    "world_knowledge_new": 400,
    "world_safety_new": 400,
    "clinic_rules": 400,
    "clinic_rules_new": 400,
}
"""Problems of each task: more where training aims highest, so that a gain of three points can be told from noise."""


def split_of_task(name: str) -> str:
    return "development" if name in DEVELOPMENT else "unseen"


def capability_of_task(name: str) -> str:
    return (DEVELOPMENT | UNSEEN)[name].__name__.rsplit(".", 1)[1]


def problems(name: str, seed: int = TASK_SEED, count: int | None = None) -> list[Row]:
    """The problems of a task that ships: of the same length and order at every call."""
    if name in DEVELOPMENT:
        return list(islice(DEVELOPMENT[name].stream(seed, "development"), count or SIZES[name]))
    if name in UNSEEN:
        return list(islice(UNSEEN[name].new_stream(seed), count or SIZES[name]))
    raise KeyError(f"no embedded task {name!r}; there are: {', '.join(TASKS)}")


def _training(capability: str, seed: int) -> Iterator[Row]:
    """Training problems of a capability; where the distinct ones run out, another round in a new order."""
    module = {"math": math, "instructions": instructions, "knowledge": knowledge, "safety": safety}[capability]
    for round_ in range(1000):
        yield from module.stream(seed + 7919 * round_, "train")


def examples(capability: str, seed: int, count: int) -> list[Row]:
    """Sound SFT examples of a capability."""
    rows = instructions.answered(seed) if capability == "instructions" else _training(capability, seed)
    return [as_example(row) for row in islice(rows, count)]


def sound_examples(name: str, seed: int, count: int) -> list[Row]:
    """Examples such as a generator makes or a task asks for, by its name, without planted flaws: to see how long."""
    if name == "clinic":
        return clinic.rows(seed, max(count, clinic.FEWEST))[:count]
    if name.startswith("clinic_"):
        return [as_example(row) for row in islice(rules.stream(seed, "train"), count)]
    return examples(name.split("_")[1], seed, count)


def raw_lines(capability: str, seed: int, count: int) -> tuple[list[bytes], Planted]:
    """The lines of a raw source, with its planted flaws, and what was planted where."""
    name = f"world_{capability}"
    return plant(examples(capability, seed, count), problems(name), seed)


def _write(path: Path, lines: list[bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def _examples_file(capability: str) -> Callable[[int, int, Path], Path]:
    def make(seed: int, rows: int, folder: Path) -> Path:
        return _write(folder / f"world_{capability}.jsonl", raw_lines(capability, seed, rows)[0])

    make.__doc__ = f"SFT examples of {capability}, raw: curation has work to do."
    return make


def _problems_file(capability: str, name: str, keep: Callable[[Row], Row]) -> Callable[[int, int, Path], Path]:
    def make(seed: int, rows: int, folder: Path) -> Path:
        drawn = islice(_training(capability, seed + 1), rows)
        return _write(folder / f"{name}.jsonl", [json.dumps(keep(row)).encode() for row in drawn])

    make.__doc__ = f"Training {'prompts' if keep is as_prompt else 'problems'} of {capability}."
    return make


def _clinic_file(seed: int, rows: int, folder: Path) -> Path:
    """SFT examples of a made-up clinic, with the identifiers of nobody, and canaries."""
    return _write(folder / "clinic.jsonl", [json.dumps(row).encode() for row in clinic.rows(seed, rows)])


@cache
def _generators() -> dict[str, Callable[[int, int, Path], Path]]:
    made: dict[str, Callable[[int, int, Path], Path]] = {}
    for capability in ("math", "instructions", "knowledge", "safety"):
        made[f"world_{capability}"] = _examples_file(capability)
        for suffix, keep in (("problems", dict), ("prompts", as_prompt)):
            name = f"world_{capability}_{suffix}"
            made[name] = _problems_file(capability, name, keep)
    return made | {"clinic": _clinic_file}


GENERATORS = _generators()
"""Sources that need no download: world_CAPABILITY (SFT examples), ..._problems (RLVR) and ..._prompts (preferences);
and `clinic` (SFT examples)."""
CANARIES = {"clinic": clinic_canaries}
"""The generators that plant canaries: `canaries(seed)` in a source, and `secrets(seed, count)` of the same form."""


def form_of_generator(name: str) -> tuple[str, str]:
    """(format, kind) of the rows that a generator makes: examples, problems, or prompts (problems without a truth)."""
    if name.endswith("_problems"):
        return "problems", "problems"
    return "messages", "problems" if name.endswith("_prompts") else "examples"
