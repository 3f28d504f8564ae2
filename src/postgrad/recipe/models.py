"""What a recipe may say: strict, frozen pydantic models. `docs/recipe.md` and the JSON Schema are made from them.

Values are checked one by one here; what several keys must agree on is in `check.py`. Defaults that Tülu 3 published say
so: [P] is the paper (arXiv 2411.15124) with its tables and sections, [OI] the documents of allenai/open-instruct.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from postgrad.recipe.filter import Filter
from postgrad.recipe.part import (
    AboveZero,
    BelowOne,
    Count,
    Epochs,
    Name,
    Names,
    NotNegative,
    Part,
    Share,
    Temperature,
    Text,
    wrong,
)
from postgrad.recipe.redact import Redact
from postgrad.recipe.regimen import Stage

GENERATED_LICENCE = "Apache-2.0"       # what this project's own generators make
Format = Literal[
    "auto", "messages", "sharegpt", "alpaca", "question_answer", "prompt_completion", "prompts", "preference",
    "ultrafeedback", "unpaired", "problems", "ifeval"]
AboveLimit = Literal["stop", "drop_source", "drop_rows", "accept"]


class Capability(Part):
    """A skill: how much it matters, what teaches it and what measures it."""

    priority: NotNegative
    """Share of the trained tokens that it aims at: tokens × priority / sum of all priorities. 0: not trained on."""
    sources: Names = ()
    """Names of sources. A source belongs to one capability."""
    development: Names = ()
    """Tasks scored after every stage, to make choices by."""
    unseen: Names = ()
    """Sealed tasks: scored only when `evaluate.unseal` gives a reason."""


def _one_of_three(schema: dict[str, Any]) -> None:
    """What the validators below hold, said in the JSON Schema."""
    schema.pop("required", None)
    schema["oneOf"] = [
        {"required": ["path", "licence"]}, {"required": ["hub", "licence"]}, {"required": ["generate", "rows"]}]


class Source(Part):
    """Rows to train on or to answer: read from files (`path`) or from a data set of the hub (`hub`), or made by a
    generator that ships (`generate`)."""

    model_config = ConfigDict(json_schema_extra=_one_of_three)

    path: Path | None = None
    """A file, a folder or a glob: JSON Lines, JSON, CSV, TSV, Parquet, Arrow, each also .gz or .zst. Relative to the
    recipe (with `--set`: to the current folder)."""
    hub: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")] | None = None
    """A data set of the hub, OWNER/NAME, instead of `path`: read from the local cache by the extra `hub`."""
    subset: Text | None = None
    """Of a hub data set: its configuration. Default: its only one."""
    split: Annotated[str, Field(pattern=r"^[\w.]+$")] | None = None
    """Of a hub data set. Default: train."""
    revision: Text | None = None
    """Of a hub data set: the commit, or its beginning. Default: the only one in the cache."""
    generate: Text | None = None
    """Name of a generator that ships, instead of `path`."""
    rows: Count | None = None
    """Generated: how many rows to make. Read: at most so many, from the first on. Default: all."""
    format: Format = "auto"
    """How a row is read. `auto` looks at its fields."""
    columns: dict[str, Text] = Field(default_factory=dict)
    """For rows with fields of their own: a field of a format → the rows' field, or a path such as `answers.0.text`."""
    verifier: Text | None = None
    """Name of the verifier that checks answers, for rows that serve as problems and name none."""
    licence: Text
    """Under which licence the rows may be used, such as MIT. An SPDX identifier, or what it says in words; generated
    rows are Apache-2.0."""
    origin: Text | None = None
    """Where the rows come from, for the cards: a URL or a text."""
    version: Text | None = None
    """Which version of them, for the cards."""
    legal_basis: Text | None = None
    """On what basis personal data in them is processed, for the report to a data-protection officer."""
    weight: NotNegative | None = None
    """Share within the capability, relative to its other sources; 0: not in the mixture. Default: its rows."""
    repeat: Count = 1
    """The mixture has all its rows so many times at least, whatever its share; its default weight counts them so."""
    max_rows: Count | None = None
    """At most so many of its rows in the mixture, copies counted, drawn at random. Default: no limit."""
    max_tokens: Count | None = None
    """At most so many of its trained tokens in the mixture. Default: no limit."""
    max_share: AboveZero = 1.0
    """At most this share of the mixture."""

    @model_validator(mode="before")
    @classmethod
    def _generated_rows_are_ours(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("generate") and "licence" not in value:
            return {**value, "licence": GENERATED_LICENCE}
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> "Source":
        ways = [name for name in ("path", "hub", "generate") if getattr(self, name) is not None]
        if not ways:
            raise wrong("has none of path, hub and generate", "give one: --set {key}.path=FILE, or a generator")
        if len(ways) > 1:
            raise wrong(f"has both {ways[0]} and {ways[1]}", "give exactly one of the two")
        for name in ("subset", "split", "revision"):
            if self.hub is None and getattr(self, name) is not None:
                raise wrong(f"has a {name}, but is no hub data set", f"remove `{name}`, or say `hub:`")
        if self.generate is not None and self.rows is None:
            raise wrong("does not say how many rows to generate", "add e.g. `rows: 1000`")
        for name, said in (("format", self.format != "auto"), ("columns", bool(self.columns))):
            if self.generate is not None and said:
                raise wrong(f"has {'a ' if name == 'format' else ''}{name}, but a generator knows its own",
                             f"remove `{name}`")
        if self.weight == 0 and self.repeat > 1:
            raise wrong("has weight 0, so that there is nothing to repeat", "remove `weight` or `repeat`")
        return self


class TaskSpec(Part):
    """A task of your own. Those that ship need no entry."""

    path: Path
    """The problems: a file, a folder or a glob. Relative to the recipe file."""
    request: Literal["generate"] = "generate"
    """What the model is asked for: `generate`, an answer in its own words."""
    verifier: Text
    """Name of the verifier that scores an answer."""
    licence: Text
    """Under which licence the problems may be used."""
    format: Format = "auto"
    """How a row is read. `auto` looks at its fields."""
    columns: dict[str, Text] = Field(default_factory=dict)
    """As a source's."""
    limit: Count | None = None
    """At most so many problems, from the first on. Default: all."""
    max_tokens: Count | None = None
    """Longest answer in tokens, if less than `evaluate.max_tokens`."""


class ModelSpec(Part):
    """Another model that answers prompts, for the pool of a `prefer` stage."""

    path: Text
    """Hub id (in the local cache), folder, or .gguf file. Relative to the recipe file."""


class Deduplicate(Part):
    """Of the rows that say the same, one stays."""

    exact: bool = True
    """Drop rows whose messages are equal but for white space."""
    near: Annotated[float, Field(ge=0.5, le=1)] | None = None
    """Drop rows that share this much of their runs of three words with a better row, such as 0.8. Default: no."""
    turns: Literal["all", "user"] = "all"
    """What is compared: whole dialogues, or what the user says in them."""


class Decontaminate(Part):
    """Training rows that overlap a task. The rule of [P] 3.2: user turns, 8-grams, half of the task's tokens."""

    ngram: Annotated[int, Field(ge=1, le=64)] = 8
    """Length of an overlap in tokens. Published: 8."""
    overlap: BelowOne = 0.5
    """A row is contaminated if more than this share of a prompt's tokens lie in shared n-grams. Published: 0.5."""
    rows: Literal["drop", "keep"] = "drop"
    """Contaminated rows of a source below the limit. Published: keep."""
    source_limit: Share = 0.02
    """A source is contaminated if it overlaps more than this share of a task's problems. Published: 0.02."""
    above_limit: AboveLimit = "stop"
    """What happens to a contaminated source. `accept` stays in the report and the cards for ever."""
    unseen_above_limit: AboveLimit | None = None
    """The same where it overlaps an unseen task. Default: as `above_limit`. Published: drop_source."""


class Mixture(Part):
    """How much SFT trains on, shared out by priority: an amount of tokens, or of rows, or a share of what there is."""

    tokens: Count | None = None
    """Trained tokens. Default: those of all sources."""
    rows: Count | None = None
    """Rows instead of tokens: priorities and `max_share` are then of rows."""
    share: AboveZero | None = None
    """Instead of an amount: this share of the trained tokens of all sources."""
    max_epochs: Epochs = 2.0
    """A source gives at most so many times its rows; what it cannot fill goes to others."""
    leave_out: Names = ()
    """Sources, or capabilities with all of theirs, that are left out to see what they are worth."""
    refill: bool = False
    """Others fill what is left out, as if the recipe did not name it. Else they give the same rows as with it, and the
    mixture is smaller, as in the ablations of [P] Table 10."""

    @model_validator(mode="after")
    def _one_budget(self) -> "Mixture":
        said = [name for name in ("tokens", "rows", "share") if getattr(self, name) is not None]
        if len(said) > 1:
            raise wrong(f"has both {said[0]} and {said[1]}", f"keep one; --set {{key}}.{said[0]}=null takes it out")
        return self


class Curate(Part):
    """What happens to rows before they are trained on, in this order."""

    filter: Filter = Filter()
    redact: Redact = Redact()
    deduplicate: Deduplicate = Deduplicate()
    decontaminate: Decontaminate = Decontaminate()
    mixture: Mixture = Mixture()


class Evaluate(Part):
    """How tasks are scored, and whether the sealed ones are opened."""

    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Of every interval."""
    unseal: Annotated[str, Field(min_length=8)] | None = None
    """Why this run opens the unseen tasks; goes into the seal log. Leave it out while the recipe is worked on."""
    temperature: Temperature = 0.0
    """Of answers; 0: always the likeliest token. Published: 0, but 0.8 for HumanEval ([P] 7)."""
    limit: Count | None = None
    """At most so many problems a task. Default: all."""
    max_tokens: Count = 4096
    """Longest answer in tokens; a task may say less. Published: 4096 ([P] 7)."""
    canaries: bool = False
    """Whether to try to get the planted secrets out of the last model, for sources whose generator plants some."""


class Recipe(Part):
    """The whole regimen: a base model in, stages in order, scores after each."""

    schema_version: Annotated[Literal[1], Field(alias="schema")] = 1
    """Version of the recipe's form."""
    name: Name = "recipe"
    """What the run is called. Default: the file's name."""
    base_model: Text
    """Hub id (in the local cache), folder, .gguf file, or `embedded`, the base that ships."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 17
    """Of everything random. Published for 8B: 123 (SFT) and 3 (RLVR), each the best of several."""
    network: Literal["allowed", "guarded", "none"] = "allowed"
    """`none`: the run has no network, by a network namespace of its own (Linux). `guarded`: Python code that connects
    beyond this machine is refused and counted, which holds no other program."""
    template: Literal["tulu", "chatml"] = "tulu"
    """Chat template: the markers, and which tokens are trained on. Published: tulu."""
    capabilities: Annotated[dict[Name, Capability], Field(min_length=1)]
    """What the model shall be good at, by name."""
    sources: dict[Name, Source] = Field(default_factory=dict)
    """Where rows come from, by name."""
    tasks: dict[Name, TaskSpec] = Field(default_factory=dict)
    """Tasks of your own, by name."""
    models: dict[Name, ModelSpec] = Field(default_factory=dict)
    """Other models for the pool of a `prefer` stage, by name."""
    curate: Curate = Curate()
    """What happens to rows before training."""
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    """What is done to the model, in this order."""
    evaluate: Evaluate = Evaluate()
    """How it is scored."""
