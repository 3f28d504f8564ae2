"""Rollouts: the policy answers problems, a verifier judges the answers, and all of it is recorded.

What was sampled in a step is written down before it is trained on, and what is written is what training reads. So a
killed run trains on the very same completions, even of an engine that cannot promise the same bits twice.

    WORK/rollouts/00000012/completions.parquet   Completion, group by group
    WORK/rollouts/00000012/verdicts.parquet      Verdict, in the same order
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from postgrad.generation.protocol import Engine, Request, Sampling
from postgrad.models import LoadedModel
from postgrad.records.tables import read_records, write_records
from postgrad.records.types import Completion, Problem, Verdict, completion_id
from postgrad.support.errors import Failure
from postgrad.support.files import whole_folder
from postgrad.training.packing import seed_of

Verify = Callable[[Problem, Completion], Verdict]
EngineFactory = Callable[[LoadedModel, str, int], Engine]
"""(policy, key of the weights the stage began with, step) → an engine that samples from the weights as they are."""
FILES: dict[str, type[Any]] = {"completions.parquet": Completion, "verdicts.parquet": Verdict}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A problem with its prompt's tokens."""

    problem: Problem
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """One prompt's completions with their verdicts."""

    prompt: Prompt
    completions: tuple[Completion, ...]
    verdicts: tuple[Verdict, ...]


def prompts_of_step(prompts: Sequence[Prompt], step: int, count: int, seed: int) -> list[Prompt]:
    """The prompts of a step: consecutive ones of permutation after permutation, each a function of (seed, epoch)."""
    chosen: list[Prompt] = []
    for place in range(step * count, (step + 1) * count):
        epoch, index = divmod(place, len(prompts))
        if not chosen or index == 0:
            order = list(range(len(prompts)))
            random.Random(seed_of("problems", seed, epoch)).shuffle(order)
        chosen.append(prompts[order[index]])
    return chosen


def requests(prompts: Sequence[Prompt], group_size: int, step: int, seed: int) -> list[Request]:
    """`group_size` requests of each prompt. Where a problem stands in a step again (there are fewer problems than a
    step has prompts), its samples are numbered on, so that it is answered anew and not in the same words.
    """
    asked: Counter[str] = Counter()
    made = []
    for prompt in prompts:
        name = prompt.problem.content_id
        for sample in range(asked[name], asked[name] + group_size):
            made.append(Request(name, prompt.ids, sample, seed_of("sample", seed, step, name, sample)))
        asked[name] += group_size
    return made


def roll(
    prompts: Sequence[Prompt],
    engine: Engine,
    verify: Verify,
    sampling: Sampling,
    group_size: int,
    *,
    step: int,
    seed: int,
    folder: Path,
) -> list[Group]:
    """Completions and verdicts of a step: those recorded in `folder`, or new ones, which are recorded there first."""
    if not folder.is_dir():
        completions = engine.generate(requests(prompts, group_size, step, seed), sampling)
        verdicts = []
        for index, completion in enumerate(completions):
            verdict = verify(prompts[index // group_size].problem, completion)
            verdicts.append(replace(verdict, completion=completion_id(completion)))
        with whole_folder(folder) as made:
            write_records(made / "completions.parquet", Completion, completions)
            write_records(made / "verdicts.parquet", Verdict, verdicts)
    completions = list(read_records(folder / "completions.parquet", Completion))
    verdicts = list(read_records(folder / "verdicts.parquet", Verdict))
    if not len(completions) == len(verdicts) == len(prompts) * group_size:
        raise Failure(f"{len(completions)} completions recorded, {len(prompts) * group_size} wanted", where=str(folder),
                      mend="remove the stage's work folder to begin it anew")
    groups = []
    for number, prompt in enumerate(prompts):
        part = slice(number * group_size, (number + 1) * group_size)
        groups.append(Group(prompt, tuple(completions[part]), tuple(verdicts[part])))
    return groups


def gather(work: Path, out: Path) -> None:
    """Join the recorded steps, in order, to out/rollouts.parquet and out/verdicts.parquet."""
    folders = sorted(path for path in (work / "rollouts").iterdir() if not path.name.startswith("."))
    for (name, kind), target in zip(FILES.items(), ("rollouts.parquet", "verdicts.parquet"), strict=True):

        def records(name: str = name, kind: type[Any] = kind) -> Iterator[Any]:
            for folder in folders:
                yield from read_records(folder / name, kind)

        write_records(out / target, kind, records())
