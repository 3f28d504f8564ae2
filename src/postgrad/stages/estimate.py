"""`postgrad plan`: what each step of a recipe would do and cost on this machine, without doing any of it. No torch.

What is counted and what is assumed (rows from sampled sources, answers as long as the examples', a share of groups that
teach nothing) is said here and in `lengths`; what work costs is said in `costs`; docs/plan.md has how near it comes.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from postgrad.data.mixture import Part
from postgrad.embedded.sources import CANARIES
from postgrad.generation.journaled import BATCH_SLOTS
from postgrad.pipeline import Artifact, Store, missing, plan_keys
from postgrad.pipeline.steps import File, Step, in_order
from postgrad.recipe import DpoStage, PreferStage, Recipe, RlvrStage, SftStage
from postgrad.stages import algorithms, sourcing
from postgrad.stages.costs import PROCESS_BYTES, Cost, Costs, Generation, matmul_rate
from postgrad.stages.lengths import Lengths, Sampled, exact_count, rough_count, weighted
from postgrad.stages.notes import notes
from postgrad.stages.plan import base_step, plan
from postgrad.stages.rows import Rows
from postgrad.stages.source_use import MIXTURE, SourceRow, SourceUse
from postgrad.support.model_shape import Shape, shape_of

RAMBLING = 1.6
"""Answers of a base without a chat template to plain text, over those of a trained model: it ends late or never."""
LOST = 0.58
"""Share of the most tokens that it spends on an answer in a chat form that it was never taught, whatever is asked."""
UNTOLD = 0.7
"""Share of the most tokens that an answer takes where no example of its capability has one."""
LONGEST = 1.5
"""The longest of many answers of a trained model, over their mean."""
PAIRS, CHOOSY_PAIRS = 0.87, 0.6
"""Share of prompts whose answers differ in their ratings; and where a floor or a margin is asked for besides."""
ENDED = 0.5
"""Mean answer of a pair over the most tokens of one, at most: an answer that was cut off is never chosen."""
TEACHING = 0.5
"""Share of RLVR's groups whose rewards differ, so that they are trained on."""
IMPORT_SECONDS = 3.0
"""torch and transformers, once a process: counted to the step that imports the base."""
STEP_SECONDS = 0.05
ROW_SECONDS = 1.2e-4
RATING_SECONDS = 4.8e-4
"""Of a step without a model: what it takes at least, and for each row that it reads; and of rating an answer."""
SECRET_TOKENS = 10
"""Tokens of a planted secret: a record number of the clinic has nine."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One step. `tokens` that go through the model; `seconds` of the step; `memory_bytes` of the process at its peak in
    it. What cannot be told is None. `cached`: it is in the store.
    """

    step: str
    stage: str | None
    what: str
    tokens: float | None = None
    optimizer_steps: int | None = None
    flops: float | None = None
    seconds: float | None = None
    memory_bytes: float | None = None
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """What a step does: words for a person, and its cost if a model's shape is known."""

    what: str
    tokens: float | None = None
    updates: int | None = None
    cost: Cost | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A row for every step, in the order in which they run, and for every use of a source. `mixed`: the mixture has
    been made, so that its rows are counted and not estimated. `notes`: what the recipe is going to regret.
    """

    steps: list[PlanRow]
    sources: list[SourceRow]
    mixed: bool
    notes: list[str]


def estimate(recipe: Recipe, store_root: Path) -> Estimate:
    """The estimate of a recipe's plan."""
    steps = in_order(plan(recipe).steps)
    store = Store(store_root)
    absent = missing(steps, store)
    mixed = _mixed(steps, store)
    base = _base(recipe, store)
    one = _Estimator(recipe, base, mixed)
    found = []
    for step in steps:
        work = one.work(step)
        cost = work.cost
        memory = None if cost is None or not cost.flops else PROCESS_BYTES + cost.memory
        found.append(PlanRow(
            step.name, step.stage, work.what, work.tokens, work.updates, cost.flops or None if cost else None,
            cost.seconds if cost else None, memory, not absent[step.name]))
    updates = {row.step: row.optimizer_steps for row in found if row.optimizer_steps is not None}
    return Estimate(found, one.use.table(), mixed is not None, notes(recipe, updates, base is not None, one.sampled))


def _mixed(steps: list[Step], store: Store) -> list[Part] | None:
    """What the mixture came to, if it is in the store."""
    keys = plan_keys(steps, store.hash_memory)
    key = store.planned(keys[MIXTURE]) if MIXTURE in keys else None
    made = store.look(key) if key else None
    if not isinstance(made, Artifact):
        return None
    return [Part(**part) for part in json.loads((made.folder / "mixture.json").read_text())["parts"]]


def _base(recipe: Recipe, store: Store) -> Path | None:
    """Where the base model's files can be read: as imported if the store has it, else where it lies, else nowhere."""
    step = base_step(recipe)
    key = store.planned(plan_keys([step], store.hash_memory)[step.name])
    kept = store.look(key) if key else None
    if isinstance(kept, Artifact):
        return kept.folder / "model"
    source = step.inputs.get("weights")
    return source.path if isinstance(source, File) else None


class _Estimator:
    """The estimates of one recipe. `base`: a model folder, a .gguf file, or None if the base cannot be looked at;
    `mixed`: the mixture if it has been made.
    """

    def __init__(self, recipe: Recipe, base: Path | None, mixed: list[Part] | None) -> None:
        self.recipe = recipe
        self.rows = Rows(recipe, base_step(recipe))
        count = exact_count(base, recipe.template) if base is not None and base.is_dir() else None
        self.sampled = Sampled(recipe, self.rows, count or rough_count)
        self.use = SourceUse(recipe, self.rows, self.sampled, mixed)
        self.shape: Shape | None = shape_of(base) if base is not None else None
        self.stages = {stage.name: stage for stage in recipe.stages}
        self.known: dict[Callable[..., None], Callable[[Step], Work]] = {
            sourcing.base: self._import, sourcing.make_source: self._make, sourcing.task: self._task,
            algorithms.compare: lambda _: Work("compare all scores", cost=Cost(0.0, STEP_SECONDS)),
            algorithms.sft: self._sft, algorithms.complete: self._complete, algorithms.rate: self._rate,
            algorithms.pair: self._pair,
            algorithms.reference: self._reference, algorithms.dpo: self._dpo, algorithms.rlvr: self._rlvr,
            algorithms.evaluate: self._evaluate, algorithms.canaries: self._canaries}

    def work(self, step: Step) -> Work:
        """What the step does and costs."""
        if step.run in self.known:
            return self.known[step.run](step)
        seconds = STEP_SECONDS + ROW_SECONDS * self._rows_of(step)
        return Work(step.run.__name__.replace("_", " "), cost=Cost(0.0, seconds))

    @cached_property
    def costs(self) -> Costs | None:
        """None where the base's shape is not known."""
        return Costs(self.shape, matmul_rate()) if self.shape else None

    def _cost(self, of: Callable[[Costs], Cost]) -> Cost | None:
        return of(self.costs) if self.costs is not None else None

    def _rows_of(self, step: Step) -> float:
        """Rows that a step of curation reads: those of the sources that it comes from."""
        if step.run is sourcing.make_source:
            return float(step.config["rows"])
        if "name" in step.config and step.config["name"] in self.sampled.sources:
            return self.sampled.sources[step.config["name"]].rows
        return sum(self._rows_of(source) for source in step.inputs.values() if isinstance(source, Step))

    # Bringing things in

    def _import(self, step: Step) -> Work:
        cost = self._cost(lambda costs: costs.loading(written=True)) or Cost()
        return Work("import the base model", cost=cost + Cost(0.0, IMPORT_SECONDS))

    def _make(self, step: Step) -> Work:
        count = step.config["rows"]
        return Work(f"make {count:,} rows", cost=Cost(0.0, STEP_SECONDS + ROW_SECONDS * count / 2))

    def _task(self, step: Step) -> Work:
        lengths = self.sampled.task(step.config["task"])
        return Work(f"{lengths.rows:,.0f} problems", cost=Cost(0.0, STEP_SECONDS + ROW_SECONDS * lengths.rows))

    # Training

    def _sft(self, step: Step) -> Work:
        stage = self.stages[step.name]
        assert isinstance(stage, SftStage)
        rows = _mean([(part.copies, self.sampled.sources[part.source]) for part in self.use.mixture])
        length = min(rows.prompt + rows.answer, stage.max_length)
        read = round(rows.rows * stage.epochs)
        updates = math.ceil(read / stage.batch_size)
        at_once = max(length, min(stage.micro_batch_tokens, stage.batch_size * length))
        cost = self._cost(lambda costs: costs.loading(True) + costs.training(read * length, length, updates, at_once))
        return Work(f"{stage.epochs:g} × {rows.rows:,.0f} conversations", read * length, updates, cost)

    # Preferences

    @cached_property
    def prefer(self) -> dict[str, tuple[PreferStage, Lengths, float]]:
        """prefer stage → (stage, its prompts with the answers of a trained model, the mean answer of its pairs)."""
        return {stage.name: self._prompts(stage) for stage in self.recipe.stages if isinstance(stage, PreferStage)}

    def _prompts(self, stage: PreferStage) -> tuple[PreferStage, Lengths, float]:
        asked = self._asked(self.use.prompts(stage), stage.max_tokens)
        said = [self._answer(member, asked.answer, stage.max_tokens) for member in stage.pool]
        return stage, asked, min(ENDED * stage.max_tokens, sum(said) / len(said))

    def _asked(self, counts: Mapping[str, float], most: int) -> Lengths:
        """So many prompts of each source, with the answers that a trained model gives."""
        sources = self.sampled.sources
        return _mean([(count, replace(sources[name], rows=count, answer=self._gold(name, most)))
                      for name, count in counts.items()])

    def _gold(self, source: str, most: int) -> float:
        """Mean tokens of an answer of a trained model: as in the source's examples, else in those of its capability."""
        own = self.sampled.sources[source].answer
        return min(most, own or self._untaught(self.rows.capability_of[source], most))

    def _untaught(self, capability: str, most: int) -> float:
        """The same where a prompt has no example of its own."""
        return min(most, self.sampled.answers.get(capability, UNTOLD * most))

    def _answer(self, model: str, gold: float, most: int) -> float:
        """The same of a model by its name in the plan: `base` may know no chat."""
        if model not in ("base", "base_plain") or (self.shape and self.shape.chat):
            return min(most, gold)
        return min(most, RAMBLING * gold) if model == "base_plain" else max(min(most, gold), LOST * most)

    def _generation(self, model: str, asked: Lengths, each: float, most: int, slots: int, a_call: float) -> Generation:
        """`each` answers of the model to each of these prompts; `a_call`: requests in one call of the engine."""
        mean = self._answer(model, asked.answer, most)
        longest = most if mean > asked.answer else min(most, LONGEST * mean)
        return Generation(asked.rows, asked.prompt, asked.longest, asked.rows * each, mean, longest, slots, a_call)

    def _complete(self, step: Step) -> Work:
        stage, asked, _ = self.prefer[str(step.stage)]
        slots, most = step.config["slots"], stage.max_tokens
        places = Counter(stage.pool)
        what = f"{stage.completions} answers to each of {asked.rows:,.0f} prompts by {', '.join(places)}"
        each = stage.completions / len(stage.pool)
        parts = [self._generation(member, asked, each * times, most, slots, slots * BATCH_SLOTS)
                 for member, times in places.items()]
        cost = self._cost(lambda costs: sum((costs.loading() + costs.generating(part) for part in parts), Cost()))
        return Work(what, sum(part.tokens for part in parts), None, cost)

    def _rate(self, step: Step) -> Work:
        stage, asked, _ = self.prefer[str(step.stage)]
        answers = asked.rows * stage.completions
        return Work(f"rate {answers:,.0f} answers", cost=Cost(0.0, STEP_SECONDS + RATING_SECONDS * answers))

    def _pair(self, step: Step) -> Work:
        stage, asked, _ = self.prefer[str(step.stage)]
        answers = asked.rows * stage.completions
        what = f"{self._share(stage) * asked.rows:,.0f} pairs"
        return Work(what, cost=Cost(0.0, STEP_SECONDS + ROW_SECONDS * answers))

    def _pairs(self, step: Step) -> tuple[float, float]:
        """For DPO: how many pairs its sources have or its `prefer` stage makes, and tokens of one, the prompt once and
        both answers.
        """
        source, dpo = step.inputs["preferences"], self.stages[str(step.stage)]
        assert isinstance(source, Step) and isinstance(dpo, DpoStage)
        if dpo.preferences:
            pairs = _mean([(one.rows, one) for one in map(self.sampled.sources.__getitem__, dpo.preferences)])
            return pairs.rows, pairs.prompt + 2 * pairs.answer
        stage, asked, answer = self.prefer[str(source.stage)]
        return self._share(stage) * asked.rows, asked.prompt + 2 * answer

    @staticmethod
    def _share(stage: PreferStage) -> float:
        """The share of prompts that give a pair: fewer where a chosen answer must be good, or the better by far."""
        return CHOOSY_PAIRS if stage.floor or stage.margin else PAIRS

    def _reference(self, step: Step) -> Work:
        pairs, length = self._pairs(step)
        at_once = min(step.config["micro_batch_tokens"], pairs * length)
        cost = self._cost(lambda costs: costs.loading() + costs.scoring(pairs * length, length, at_once, shared=True))
        return Work(f"{pairs:,.0f} pairs scored", pairs * length, None, cost)

    def _dpo(self, step: Step) -> Work:
        stage = self.stages[step.name]
        assert isinstance(stage, DpoStage)
        pairs, length = self._pairs(step)
        read = round(pairs * stage.epochs)
        updates = math.ceil(read / stage.batch_size)
        at_once = max(length, min(stage.micro_batch_tokens, stage.batch_size * length))
        cost = self._cost(lambda costs: costs.loading(True) + costs.training(
            read * length, length, updates, at_once, shared=True))
        return Work(f"{stage.epochs:g} × {pairs:,.0f} pairs", read * length, updates, cost)

    # Rewards

    def _rlvr(self, step: Step) -> Work:
        stage = self.stages[step.name]
        assert isinstance(stage, RlvrStage)
        asked = self._asked(self.use.problems(stage), stage.max_tokens)
        group, requests = stage.group_size, stage.prompts_per_step * stage.group_size
        sampled = self._generation(step.name, asked, group, stage.max_tokens, step.config["slots"], requests)
        length = asked.prompt + sampled.answer
        trained = TEACHING * asked.rows * (asked.prompt + group * sampled.answer)
        updates = stage.steps * stage.updates_per_step
        at_once = min(stage.micro_batch_tokens, max(length, trained / updates))

        def of(costs: Costs) -> Cost:
            alone = (costs.loading(True) + costs.generating(sampled)
                     + costs.training(trained, length, updates, at_once, shared=True))
            return costs.beside(alone + costs.scoring(trained, length, at_once, shared=True)) if stage.kl > 0 else alone

        what = f"{stage.steps} × {stage.prompts_per_step} prompts × {group} answers"
        return Work(what, sampled.tokens + trained, updates, self._cost(of))

    # Scores

    def _evaluate(self, step: Step) -> Work:
        model = step.config["stage"]
        parts = []
        for task in step.config["tasks"]:
            lengths, most = self.sampled.task(task["name"]), task["max_tokens"]
            asked = replace(lengths, answer=self._untaught(task["capability"], most))
            slots = step.config["slots"]
            parts.append(self._generation(model, asked, 1.0, most, slots, slots * BATCH_SLOTS))
        problems = sum(part.requests for part in parts)
        cost = self._cost(lambda costs: sum(map(costs.generating, parts), costs.loading()))
        return Work(f"{problems:,.0f} problems", sum(part.tokens for part in parts), None, cost)


    def _canaries(self, step: Step) -> Work:
        """Each secret is ranked among others; what is drawn besides costs next to nothing."""
        known = len(CANARIES[step.config["generator"]].canaries(step.config["seed"]))
        tokens = known * (step.config["candidates"] + 1) * SECRET_TOKENS
        cost = self._cost(lambda costs: costs.loading() + costs.scoring(
            tokens, SECRET_TOKENS, tokens / known, shared=True))
        return Work(f"{known} planted secrets", tokens, None, cost)


def _mean(parts: list[tuple[float, Lengths]]) -> Lengths:
    """So many rows of each: all of them together."""
    return Lengths(sum(count for count, _ in parts), weighted([(count, one.prompt) for count, one in parts]),
                   weighted([(count, one.answer) for count, one in parts]),
                   max((one.longest for count, one in parts if count), default=0.0))
