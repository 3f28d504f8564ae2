"""From a recipe to its plan: which steps it becomes and what each is given. Wiring only; no torch.

    base                                     the base model, imported
    make.S read.S                            a source: made; read, filtered and redacted
    deduplicate decontaminate mixture        what SFT trains on
    task.T hash.T                            a task's problems; its hashed n-grams
    SFT                                      the trained model
    P.completions P.ratings P                completions of the pool, ratings, pairs
    D.reference D                            reference log-probabilities, the trained model; of sources with pairs also
                                             D.deduplicate D.decontaminate
    R.problems R.proof R                     problems by priority, the proof of their verifiers, the trained model
    evaluate.STAGE                           scores of base_plain, base and every stage with weights
    evaluate.STAGE.unseen                    the same on unseen tasks, after the last stage, if the recipe unseals them
    scores                                   all of them compared
    canaries.STAGE                           how much of the planted secrets the last model gives away

Rows come first, so that a mistake in what the last stage reads is found before the first one trains.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from postgrad.embedded import BASE as EMBEDDED_BASE
from postgrad.embedded.sources import CANARIES
from postgrad.pipeline.environment import default_threads
from postgrad.pipeline.steps import File, Step, in_order
from postgrad.recipe import DpoStage, PreferStage, Recipe, RlvrStage, SftStage
from postgrad.stages import algorithms, sourcing
from postgrad.stages.rows import Rows, step
from postgrad.support.errors import Mistake

SCORES = "scores"
CANDIDATES = 1023
"""Secrets of the same form that a canary is ranked among: with it 2¹⁰."""
CANARY_SAMPLES = 4
"""Completions drawn for each canary, besides the likeliest one."""
SLOTS = 128
"""Completions that run side by side in the native engine; part of every key that depends on it."""
ROLLOUT_SLOTS = 256
"""The same in RLVR, whose answers are sampled a step at a time."""
SAVED_DTYPE = "float32"
TIMED = ("timings.jsonl",)
READING = ("transformers", "tokenizers", "gguf")
"""Packages that a base model is imported with."""
VERIFYING = ("math-verify",)
SCORING = (*VERIFYING, "numpy", "scipy")
"""Packages that verdicts, and scores with their intervals, come from."""


@dataclass(frozen=True)
class Plan:
    """All steps, in order; `weights`: those that yield a model; `opening`: those that read unseen problems; `scores`:
    the comparison of all stages, and, for a run that ends at an earlier one, of those so far.
    """

    steps: list[Step]
    weights: list[Step]
    opening: list[Step]
    scores: list[Step]


def plan(recipe: Recipe, until: str | None = None) -> Plan:
    """The plan of a checked recipe; `until` is the stage that this run ends at, if not the last.

    Reads no more than the first rows of sources whose format is `auto`.
    """
    return _Wiring(recipe, until).plan()


def base_step(recipe: Recipe) -> Step:
    """The step that imports the base model, whatever names it: `embedded`, a folder, a .gguf file, or a hub id."""
    return _model_step("base", recipe.base_model, recipe)


def _model_step(name: str, said: str, recipe: Recipe) -> Step:
    """The import of a model. Of a hub id the key covers the files in the local cache, as of any other."""
    embedded = said == "embedded"
    path = EMBEDDED_BASE if embedded else Path(said)
    config: dict[str, Any] = {"template": recipe.template, "licence": "Apache-2.0" if embedded else None}
    if path.is_absolute():
        return step(name, sourcing.base, config, {"weights": File(path)}, packages=READING)
    cached = in_hub_cache(said)
    inputs: dict[str, Step | File] = {"weights": File(cached)} if cached else {}
    return step(name, sourcing.base, config | {"id": said}, inputs, packages=READING)


def in_hub_cache(name: str) -> Path | None:
    """The folder of a hub id in the local cache; None if it is not there, or no id: importing it says which."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(name, "config.json")
    except HFValidationError:
        return None
    return Path(found).parent if isinstance(found, str) else None


def need_models(recipe: Recipe) -> None:
    """Mistake if a model that the recipe names by a hub id is not in the local cache: a run would find out later."""
    named = {"base_model": recipe.base_model}
    named |= {f"models.{name}.path": one.path for name, one in recipe.models.items()}
    for key, said in named.items():
        if said != "embedded" and not Path(said).is_absolute() and in_hub_cache(said) is None:
            raise Mistake(f"{said} is neither a file or folder nor in the local Hugging Face cache", where=key,
                          mend=f"check the path, or fetch it first (`hf download {said}`); postgrad downloads nothing")


class _Wiring:
    """Builds one plan; holds what later steps refer to by name."""

    def __init__(self, recipe: Recipe, until: str | None) -> None:
        self.recipe = recipe
        self.until = until
        self.base = base_step(recipe)
        self.rows = Rows(recipe, self.base)
        self.models: dict[str, Step] = {"base": self.base}  # stage → the step with its weights
        self.others: dict[str, Step] = {}  # of `models:` → the step that imports it
        self.preferences: Step | None = None
        self.sources: list[Step] = []
        self.steps: list[Step] = []
        self.opening: list[Step] = []
        self.scores: list[Step] = []
        self.evaluations: dict[str, Step] = {}
        self.threads = default_threads()

    def plan(self) -> Plan:
        last = self.recipe.stages[-1].name if self.recipe.stages else None
        scored = {"base_plain": self.base, "base": self.base}
        for name, model in scored.items():
            self._evaluate(name, model, None, "development")
        for stage in self.recipe.stages:
            if isinstance(stage, PreferStage):
                self._prefer(stage)
            else:
                made = self._trained(stage)
                self.steps.append(made)
                self.models[stage.name] = scored[stage.name] = made
                self._evaluate(stage.name, made, stage.name, "development")
            if stage.name == self.until != last:
                self._compare(f"{SCORES}.{stage.name}", stage.name)
        if self.recipe.evaluate.unseal:
            for name, model in scored.items():
                self._evaluate(name, model, last, "unseen")
        self._compare(SCORES, last)
        if self.recipe.evaluate.canaries and last is not None:
            self._canaries(list(self.models)[-1])
        weights = [self.models[name] for name in self.models if name != "base"]
        return Plan([*self.sources, *self.steps], weights, self.opening, self.scores)

    def _canaries(self, stage: str) -> None:
        """The secrets planted in a source, tried against the model of a stage. Mistake if that has not seen the source:
        what it does not say of it would be no news.
        """
        sources, model = self.recipe.sources, self.models[stage]
        name = next(name for name, source in sources.items() if source.generate in CANARIES)
        mixed = name in self.rows.examples and name not in self.rows.left_out and sources[name].weight != 0
        if not mixed or self.rows.mixture() not in in_order([model]):
            raise Mistake(f"wants to try secrets of {name}, and no SFT before {stage} trains on it",
                          where="evaluate.canaries", mend="have it in the mixture, or set canaries to false")
        config = {
            "generator": sources[name].generate, "source": name, "seed": self.recipe.seed, "candidates": CANDIDATES,
            "stage": stage, "template": self.recipe.template, "samples": CANARY_SAMPLES, "temperature": 1.0,
            "slots": SLOTS, "confidence": self.recipe.evaluate.confidence}
        inputs: dict[str, Step | File] = {
            "model": model, "examples": self.rows.mixture(), "planted": self.rows.made(name)}
        made = self._numeric(f"canaries.{stage}", algorithms.canaries, config, inputs, self.recipe.stages[-1].name,
                             packages=SCORING)
        self.steps.append(made)

    def _compare(self, name: str, stage: str | None) -> None:
        """All scores so far, side by side. It belongs to the stage that it ends with."""
        config = {"stages": list(self.evaluations), "confidence": self.recipe.evaluate.confidence}
        made = step(name, algorithms.compare, config, dict(self.evaluations), stage=stage, packages=SCORING)
        self.steps.append(made)
        self.scores.append(made)

    def _from(self, stage: SftStage | PreferStage | DpoStage | RlvrStage) -> Step:
        return self.models[stage.from_] if stage.from_ else list(self.models.values())[-1]

    def _numeric(self, name: str, run: Any, config: dict[str, Any], inputs: dict[str, Step | File], stage: str | None,
                 aside: tuple[str, ...] = (), packages: tuple[str, ...] = ()) -> Step:
        config = config | {"threads": self.threads, "device": "cpu"}
        return step(name, run, config, inputs, stage=stage, numeric=True, aside=aside, packages=packages)

    def _config(self, stage: SftStage | DpoStage | RlvrStage, *left_out: str) -> dict[str, Any]:
        """A stage's own settings, and what every algorithm needs of the recipe."""
        said = stage.model_dump(mode="json", exclude={"name", "kind", "from_", "primary", *left_out})
        return said | {"seed": self.recipe.seed, "template": self.recipe.template, "dtype": SAVED_DTYPE}

    def _trained(self, stage: SftStage | DpoStage | RlvrStage) -> Step:
        match stage:
            case SftStage():
                return self._sft(stage)
            case DpoStage():
                return self._dpo(stage)
            case RlvrStage():
                return self._rlvr(stage)

    def _sft(self, stage: SftStage) -> Step:
        if not self.rows.examples:
            raise Mistake("no capability with a priority has a source whose rows have answers to train on",
                          where=f"stage {stage.name}", mend="list one under a capability's `sources`")
        examples = self.rows.mixture()
        self.sources.append(examples)
        inputs: dict[str, Step | File] = {"model": self._from(stage), "examples": examples}
        return self._numeric(stage.name, algorithms.sft, self._config(stage), inputs, stage.name, TIMED)

    def _prefer(self, stage: PreferStage) -> None:
        recipe, name = self.recipe, stage.name
        pool = {f"pool.{member}": self._member(member, stage) for member in stage.pool}
        config = {
            "pool": list(stage.pool), "completions": stage.completions, "temperature": stage.temperature, "top_p": 1.0,
            "max_tokens": stage.max_tokens, "template": recipe.template, "slots": SLOTS, "seed": recipe.seed,
            "wanted": None if (wanted := self.rows.asked(stage)) is None else asdict(wanted)}
        prompts = self.rows.curated(f"{name}.", stage.prompts, "problems")
        self.sources.append(prompts)
        inputs: dict[str, Step | File] = {"prompts.rows": prompts, **pool}
        completions = self._numeric(f"{name}.completions", algorithms.complete, config, inputs, name)
        ratings = step(f"{name}.ratings", algorithms.rate, {"judge": stage.judge.model_dump(mode="json")},
                       {"completions": completions}, stage=name)
        rule = {"seed": recipe.seed, "margin": stage.margin, "floor": stage.floor}
        self.preferences = step(name, algorithms.pair, rule,
                                {"completions": completions, "ratings": ratings}, stage=name)
        self.steps.append(self.preferences)

    def _member(self, member: str, stage: PreferStage) -> Step:
        if member == "policy":
            return self._from(stage)
        if member in self.models:
            return self.models[member]
        if member not in self.others:
            self.others[member] = _model_step(f"model.{member}", self.recipe.models[member].path, self.recipe)
        return self.others[member]

    def _dpo(self, stage: DpoStage) -> Step:
        preferences = self.preferences
        if stage.preferences:
            preferences = self.rows.pairs(stage.name, stage.preferences)
            self.sources.append(preferences)
        assert preferences is not None  # the recipe's check
        inputs: dict[str, Step | File] = {"model": self._from(stage), "preferences": preferences}
        config = self._config(stage, "preferences")
        needed = {name: config[name] for name in ("template", "max_length", "micro_batch_tokens")}
        reference = self._numeric(f"{stage.name}.reference", algorithms.reference, needed, inputs, stage.name)
        return self._numeric(stage.name, algorithms.dpo, config, {**inputs, "reference": reference}, stage.name, TIMED)

    def _rlvr(self, stage: RlvrStage) -> Step:
        wanted = stage.steps * stage.prompts_per_step
        problems = self.rows.drawn(stage.name, stage.problems, wanted)
        proof = step(f"{stage.name}.proof", algorithms.prove, {}, {"problems": problems}, packages=VERIFYING)
        self.sources.append(proof)
        inputs: dict[str, Step | File] = {"model": self._from(stage), "problems": problems, "proof": proof}
        slots = min(ROLLOUT_SLOTS, stage.prompts_per_step * stage.group_size)
        config = self._config(stage, "problems", "algorithm") | {"slots": slots}
        return self._numeric(stage.name, algorithms.rlvr, config, inputs, stage.name, TIMED, VERIFYING)

    def _evaluate(self, name: str, model: Step, stage: str | None, split: str) -> None:
        """One model's scores on the tasks of a split, as part of a stage."""
        evaluate = self.recipe.evaluate
        tasks = {task: capability for task, (capability, of) in self.rows.tasks.items() if of == split}
        if not tasks:
            return
        wanted = [{"name": task, "capability": capability, "split": split, "max_tokens": self._longest(task)}
                  for task, capability in tasks.items()]
        unseen = split == "unseen"
        label = f"{name}.unseen" if unseen else name
        config = {
            "stage": name, "tasks": wanted, "template": self.recipe.template, "plain": name == "base_plain",
            "slots": SLOTS, "seed": self.recipe.seed, "confidence": evaluate.confidence, "limit": evaluate.limit,
            "temperature": evaluate.temperature,
            "unseal": evaluate.unseal if unseen else None}
        problems = {f"task.{task}": self.rows.problems(task) for task in tasks}
        inputs: dict[str, Step | File] = {"model": model, **problems}
        made = self._numeric(f"evaluate.{label}", algorithms.evaluate, config, inputs, stage, packages=SCORING)
        self.steps.append(made)
        self.evaluations[label] = made
        if unseen:
            self.opening += [step for step in (*problems.values(), made) if step not in self.opening]

    def _longest(self, task: str) -> int:
        """Tokens of an answer: the evaluation's bound, or the task's own where that is lower."""
        spec, bound = self.recipe.tasks.get(task), self.recipe.evaluate.max_tokens
        return min(bound, spec.max_tokens) if spec and spec.max_tokens else bound
