"""The part of a plan that brings rows: sources read and cleaned, deduplicated, decontaminated, mixed. No torch."""

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from postgrad.data import steps as curation
from postgrad.data.files import find_files
from postgrad.data.filters import config_of, needs_tokens
from postgrad.data.hub import cached_files
from postgrad.data.mixture import Wanted, Wish, as_config
from postgrad.data.pii.kinds import KINDS as PERSONAL
from postgrad.data.pii.pseudonyms import key_file, load_key
from postgrad.data.sources import SourceSpec, kind_of, resolve
from postgrad.embedded.sources import TASKS, form_of_generator, split_of_task
from postgrad.pipeline.steps import File, Step, versioned
from postgrad.preferences.prompts import Wanted as Prompts
from postgrad.recipe import PreferStage, Recipe
from postgrad.stages import sourcing
from postgrad.support.errors import Mistake
from postgrad.support.shares import as_written

CLEANING = ("phonenumbers", "py3langid", "python-stdnum", "regex", "tokenizers")
"""Packages whose version shapes what a source's rows become."""
PRESIDIO = ("presidio-analyzer", "spacy")
"""More of them where Presidio looks for personal data; and so does the model that the recipe names."""
ACCOUNT = ("ledger.parquet", "counts.json", "findings.json", "mixture.json")
"""Files of curation that say what it did. Only people, reports and cards read them: no step does."""
UNLIMITED = 1e9
"""Epochs of a source that is drawn from until the prompts or problems asked for are there."""

read_source = versioned(4)(curation.read_source)
deduplicate = versioned(3)(curation.deduplicate)
decontaminate = versioned(3)(curation.decontaminate)
mix = versioned(4)(curation.mix)


def step(name: str, run: Any, config: dict[str, Any], inputs: dict[str, Step | File], **more: Any) -> Step:
    """A step with its function's version."""
    return Step(name, run, config, inputs, version=run.version, **more)


@dataclass(frozen=True)
class Rows:
    """The rows of a recipe. `base` is the step with the base model, whose tokenizer counts tokens."""

    recipe: Recipe
    base: Step
    _made: dict[str, Step] = field(default_factory=dict)

    def _step(
        self, name: str, run: Any, config: dict[str, Any], inputs: dict[str, Step | File], *packages: str
    ) -> Step:
        """The step of that name: made once, however many uses it has. Rows belong to no stage: all may use them."""
        if name not in self._made:
            self._made[name] = step(name, run, config, inputs, packages=packages, aside=ACCOUNT)
        return self._made[name]

    @cached_property
    def capability_of(self) -> dict[str, str]:
        """source → the capability that lists it."""
        return {source: name for name, capability in self.recipe.capabilities.items() for source in capability.sources}

    @cached_property
    def specs(self) -> dict[str, SourceSpec]:
        """source → how it is read. `auto` looks into the file's first rows."""
        return {name: self._spec(name) for name in self.capability_of}

    def _spec(self, name: str) -> SourceSpec:
        source = self.recipe.sources[name]
        common: dict[str, Any] = {
            "name": name, "licence": source.licence, "capability": self.capability_of[name],
            "verifier": source.verifier or ""}
        if source.generate is not None:
            form, kind = form_of_generator(source.generate)
            return SourceSpec(**common, format=form, kind=kind)
        spec = SourceSpec(**common, format=source.format, columns=source.columns, rows=source.rows)
        return resolve(self.files(name), spec)

    def files(self, name: str) -> list[Path]:
        """The files of a source that is read."""
        return [file for place in self._places(name) for file in find_files(place)]

    def _places(self, name: str) -> list[Path]:
        """What a source that is read names: its path, or the files of its hub data set."""
        source = self.recipe.sources[name]
        if source.hub is None:
            assert source.path is not None  # the recipe's own check
            return [source.path]
        return cached_files(source.hub, source.subset, source.split or "train", source.revision, f"sources.{name}")

    @cached_property
    def _answered(self) -> list[str]:
        """The sources of capabilities with a priority, whose rows have answers."""
        return [name for name, spec in self.specs.items()
                if kind_of(spec) == "examples" and self.recipe.capabilities[spec.capability].priority > 0]

    @cached_property
    def left_out(self) -> frozenset[str]:
        """The sources that `leave_out` names, a capability's with its name. Mistake if SFT would not train on one."""
        named: set[str] = set()
        for name in self.recipe.curate.mixture.leave_out:
            own = {name} if name in self.specs else set(self.recipe.capabilities[name].sources)
            if not own & set(self._answered):
                raise Mistake(f"{name} is nothing that SFT trains on", where="curate.mixture.leave_out",
                              mend=f"leave out some of {', '.join(self._answered)}")
            named |= own & set(self._answered)
        return frozenset(named)

    @cached_property
    def examples(self) -> list[str]:
        """The sources whose rows SFT's mixture is made of. What is left out is among them unless others fill its place:
        it takes part when rows are shared out, and is then not written.
        """
        gone = self.left_out if self.recipe.curate.mixture.refill else frozenset()
        return [name for name in self._answered if name not in gone]

    @cached_property
    def wanted(self) -> Wanted:
        """What the recipe wants of the mixture. Mistake if its sources may not make up the whole of it."""
        recipe, said = self.recipe, self.recipe.curate.mixture
        shares = {name: as_written(recipe.sources[name].max_share)
                  for name in self.examples if recipe.sources[name].weight != 0}
        together = sum(shares.values(), Fraction(0))
        if shares and together < 1:
            raise Mistake(f"all that SFT trains on may have {float(together):g} of the mixture together",
                          where=f"sources.{min(shares, key=lambda name: shares[name])}.max_share",
                          mend=f"raise it, or that of another of {', '.join(shares)}, so that they reach 1")
        wishes = {name: Wish(**{key: getattr(recipe.sources[name], key) for key in Wish.__slots__})
                  for name in self.examples}
        return Wanted(self.priorities, recipe.seed, said.rows or said.tokens, 1.0 if said.share is None else said.share,
                      "rows" if said.rows else "tokens", said.max_epochs, wishes, self.left_out & set(self.examples))

    def weights(self, sources: Iterable[str]) -> dict[str, float]:
        """The weights of sources that a stage names, where they have one. 0 keeps a source out of the mixture alone."""
        said = {name: self.recipe.sources[name].weight for name in sources}
        return {name: weight for name, weight in said.items() if weight}

    def asked(self, stage: PreferStage) -> Prompts | None:
        """What is wanted of a stage's prompts; None: all."""
        if stage.rows is None:
            return None
        owners = dict.fromkeys(self.capability_of[name] for name in stage.prompts)
        return Prompts(stage.rows, {key: self.priorities[key] for key in owners}, self.weights(stage.prompts))

    def mixture(self) -> Step:
        """What SFT trains on."""
        config = as_config(self.wanted) | {"template": self.recipe.template}
        rows = self.curated("", self.examples, "examples")
        return self._step("mixture", mix, config, {"rows": rows, "base": self.base}, "tokenizers")

    def pairs(self, stage: str, sources: Iterable[str]) -> Step:
        """Preferences for a stage. Mistake if a source's rows are no pairs."""
        names = list(sources)
        for name in names:
            if self.specs[name].format == "unpaired":
                raise Mistake("unpaired rows are no pairs", where=f"sources.{name}",
                              mend=f"give stage {stage} rows with chosen and rejected answers")
        return self.curated(f"{stage}.", names, "preferences")

    def drawn(self, stage: str, sources: Iterable[str], rows: int) -> Step:
        """So many problems for a stage, shared out by priority; where there are fewer, they come round again."""
        names = list(sources)
        curated = self.curated(f"{stage}.", names, "problems")
        return self._step(f"{stage}.problems", mix, as_config(self.draws(names, rows)), {"rows": curated})

    def draws(self, sources: Iterable[str], rows: int) -> Wanted:
        """What is wanted of the problems of a stage."""
        wishes = {name: Wish(weight=weight) for name, weight in self.weights(sources).items()}
        return Wanted(self.priorities, self.recipe.seed, rows, 1.0, "rows", UNLIMITED, wishes)

    @property
    def priorities(self) -> dict[str, float]:
        return {key: capability.priority for key, capability in self.recipe.capabilities.items()}

    def curated(self, prefix: str, sources: Iterable[str], kind: str) -> Step:
        """Cleaned, deduplicated and decontaminated: one chain for each use, so that uses do not condemn each other."""
        curate = self.recipe.curate
        read: dict[str, Step | File] = {name: self._read(name, kind) for name in sources}
        rows = read
        duplicates = curate.deduplicate
        if duplicates.exact or duplicates.near is not None:
            config = {"priorities": self.priorities, **duplicates.model_dump(mode="json")}
            packages = () if duplicates.near is None else ("rensa",)
            rows = {"rows": self._step(f"{prefix}deduplicate", deduplicate, config, read, *packages)}
        tasks: dict[str, Step | File] = {f"task.{name}": self.hashes(name) for name in self.tasks}
        rule = curate.decontaminate.model_dump(mode="json")
        return self._step(f"{prefix}decontaminate", decontaminate, rule, {**rows, **tasks})

    def _read(self, name: str, kind: str) -> Step:
        """Read, filtered and redacted in one step: what a redaction removes lies in no artifact."""
        source, spec, curate = self.recipe.sources[name], replace(self.specs[name], kind=kind), self.recipe.curate
        inputs: dict[str, Step | File]
        if source.generate is not None:
            inputs = {"file": self.made(name)}
        elif source.path is not None:
            inputs = {"file": File(source.path)}
        else:
            inputs = {f"file.{number:05}": File(file) for number, file in enumerate(self._places(name))}
        filters = config_of(curate.filter.model_dump(mode="json"))
        config: dict[str, Any] = {
            "source": {key: getattr(spec, key) for key in spec.__slots__}, "filter": asdict(filters),
            "redact": self._redact(inputs)}
        if needs_tokens(filters):
            inputs["base"] = self.base
            config["template"] = self.recipe.template
        presidio = curate.redact.presidio
        packages = CLEANING if presidio is None else (*CLEANING, *PRESIDIO, presidio)
        label = name if kind == kind_of(self.specs[name]) else f"{name}.{kind}"
        return self._step(f"read.{label}", read_source, config, inputs, *packages)

    def made(self, name: str) -> Step:
        """The rows of a source that a generator makes, as they are before curation."""
        source = self.recipe.sources[name]
        config = {"generator": source.generate, "seed": self.recipe.seed, "rows": source.rows}
        return self._step(f"make.{name}", sourcing.make_source, config, {})

    def _redact(self, inputs: dict[str, Step | File]) -> dict[str, Any]:
        """What is done about personal data. The files with names and with the key of pseudonyms become inputs.

        A run makes the key before it plans. Where there is none yet, no step that needs it can be in a store.
        """
        said = self.recipe.curate.redact
        treatments = {kind: treatment for kind in PERSONAL if (treatment := getattr(said, kind)) != "keep"}
        if said.names is not None and "name" in treatments:
            inputs["names"] = File(said.names)
        key = key_file(said.pseudonym_key) if said.pseudonyms else None
        if key and os.path.exists(key):  # noqa: PTH110 (Path.exists raises where it may not look)
            load_key(key)  # Mistake if it is none
            inputs["pseudonyms"] = File(key)
        return {"treatments": treatments, "regions": list(said.regions), "presidio": said.presidio}

    @cached_property
    def tasks(self) -> dict[str, tuple[str, str]]:
        """task → (capability, split), in the order of the recipe."""
        return {task: (name, split) for name, capability in self.recipe.capabilities.items()
                for split in ("development", "unseen") for task in getattr(capability, split)}

    def problems(self, name: str) -> Step:
        """The step with the task's problems. For an unseen task only a recipe that unseals may ask."""
        return self._step(f"task.{name}", sourcing.task, self._task_config(name), self._task_inputs(name))

    def hashes(self, name: str) -> Step:
        """The step with the task's hashed n-grams."""
        config = self._task_config(name) | {"ngram": self.recipe.curate.decontaminate.ngram}
        return self._step(f"hash.{name}", sourcing.hash_task, config, self._task_inputs(name))

    def _task_inputs(self, name: str) -> dict[str, Step | File]:
        return {} if name in TASKS else {"file": File(self.recipe.tasks[name].path)}

    def _task_config(self, name: str) -> dict[str, Any]:
        capability, split = self.tasks[name]
        if name in TASKS:
            return {"task": name, "split": split_of_task(name)}
        task = self.recipe.tasks[name]
        spec = SourceSpec(name, task.licence, capability, format=task.format, kind="problems", columns=task.columns,
                          verifier=task.verifier, split=split, rows=task.limit)
        return {"task": name, "split": split, "spec": {key: getattr(spec, key) for key in spec.__slots__}}
