"""How many rows a recipe's sources and tasks have and how long they are, from a sample of each. No torch.

Generated sources: a few rows of the generator's kind. Files: the first rows, and as many rows as the file has lines.
Tokens are counted with the base model's tokenizer where one can be read; the one inside a .gguf file cannot be read in
the time that a plan may take, and then words, digits and signs are counted instead.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from statistics import fmean

from postgrad.chat import Tokenizer, template
from postgrad.data.files import count_rows, find_files, raw_rows
from postgrad.data.formats import parse
from postgrad.data.raw import Broken
from postgrad.data.sources import SourceSpec, kind_of, resolve
from postgrad.embedded.sources import SIZES, TASKS, sound_examples
from postgrad.recipe import Recipe
from postgrad.records.types import Message, messages_json
from postgrad.stages.rows import Rows

MADE_ROWS = 48
"""Rows made to sample a generator: the mean length is then within about a tenth."""
FILE_ROWS = 200
KEPT_OF_MADE = 0.96
"""Share of a generator's examples that curation leaves: three in a hundred are planted duplicates, and some are broken,
overlong or contaminated (embedded/flaws.py)."""

OVERLONG_OF_MADE = 2.8
"""Trained tokens that the few overlong rows planted among a generator's add to the mean of its examples: 2.7 to 2.8 in
the quickstart's sources. They count in the mixture; a stage's `max_length` then leaves them out."""

PIECES = re.compile(r"[^\W\d_]+|\d|[^\w\s]|_")
TOKENS_A_PIECE = 1.08
"""Tokens for each word, digit and sign: 1.09 in GSM8K's questions and answers, 1.03 in IFEval's prompts, by the
tokenizer of SmolLM2 (300 rows each)."""
MARKERS = 5
"""Tokens that a template puts around a turn."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """Rows of a source or a task after curation, and their mean tokens: `prompt` up to where the answer begins,
    `answer` with its end, 0 if the rows have none. `longest`: the longest prompt of those sampled.
    """

    rows: float
    prompt: float
    answer: float
    longest: float


Conversation = Sequence[Message]
Count = Callable[[Conversation], tuple[int, int]]
"""A conversation → tokens of the prompt, and of the answer that its last turn is."""


def exact_count(folder: Path, template_name: str) -> Count | None:
    """Counts by the tokenizer of a model folder; None if it has none, or lacks a marker that an import would add."""
    if not (folder / "tokenizer.json").is_file():
        return None
    tokenizer, written = Tokenizer.load(folder), template(template_name)
    names = {tokenizer.token(index) for index in range(tokenizer.vocabulary_size)} if written.special_tokens else set()
    if not names >= set(written.special_tokens):
        return None

    def count(messages: Conversation) -> tuple[int, int]:
        if messages[-1].role != "assistant":
            return len(written.encode(messages_json(tuple(messages)), tokenizer, generation_prompt=True).ids), 0
        encoded = written.encode(messages_json(tuple(messages)), tokenizer)
        answer = sum(encoded.mask)
        return len(encoded.ids) - answer, answer

    return count


def rough_count(messages: Conversation) -> tuple[int, int]:
    """Counts by words, digits and signs."""
    turns = [MARKERS + round(TOKENS_A_PIECE * len(PIECES.findall(message.content))) for message in messages]
    return (sum(turns[:-1]), turns[-1]) if messages[-1].role == "assistant" else (sum(turns) + MARKERS, 0)


@dataclass(frozen=True)
class Sampled:
    """The lengths of everything that a recipe names, each sampled when it is first asked for."""

    recipe: Recipe
    rows: Rows
    count: Count

    @cached_property
    def sources(self) -> dict[str, Lengths]:
        """By source."""
        return {name: self._source(name, spec) for name, spec in self.rows.specs.items()}

    def _source(self, name: str, spec: SourceSpec) -> Lengths:
        source = self.recipe.sources[name]
        if source.generate is not None:
            made = min(MADE_ROWS, source.rows or MADE_ROWS)
            rows = float(source.rows or 0)
            prompts_only = kind_of(spec) == "problems"
            lengths = self._lengths(rows, _made(source.generate, self.recipe.seed, made))
            return Lengths(rows if prompts_only else KEPT_OF_MADE * rows, lengths.prompt,
                           0.0 if prompts_only else lengths.answer, lengths.longest)
        return self._of_files(self.rows.files(name), spec)

    def _of_files(self, files: list[Path], spec: SourceSpec) -> Lengths:
        rows = sum(count_rows(file) for file in files)
        return self._lengths(min(rows, spec.rows or rows), _parsed(files, spec))

    def _lengths(self, rows: float, sample: Iterable[Conversation]) -> Lengths:
        counted = [self.count(messages) for messages in sample]
        if not counted:
            return Lengths(0.0, 0.0, 0.0, 0.0)
        prompts, answers = zip(*counted, strict=True)
        return Lengths(rows, fmean(prompts), fmean(answers), max(prompts))

    @cached_property
    def answers(self) -> dict[str, float]:
        """Capability → mean tokens of the answers that its examples have; a capability without any is not there."""
        found: dict[str, list[Lengths]] = {}
        for name, lengths in self.sources.items():
            if lengths.answer:
                found.setdefault(self.rows.capability_of[name], []).append(lengths)
        return {capability: weighted([(one.rows, one.answer) for one in members])
                for capability, members in found.items()}

    def task(self, name: str) -> Lengths:
        """A task's problems. Unseen prompts are not read: they count as long as the rows that teach the capability."""
        capability, split = self.rows.tasks[name]
        limit = self.recipe.evaluate.limit
        if name in TASKS:
            size = SIZES[name]
            sample = self._lengths(size, _made(name, self.recipe.seed, MADE_ROWS))
        elif split == "unseen":
            spec, prompts = self.recipe.tasks[name], [one.prompt for source, one in self.sources.items()
                                                      if self.rows.capability_of[source] == capability]
            rows = sum(count_rows(file) for file in find_files(spec.path))
            mean = fmean(prompts) if prompts else 0.0
            sample = Lengths(min(rows, spec.limit or rows), mean, 0.0, mean)
        else:
            spec = self.recipe.tasks[name]
            sample = self._of_files(find_files(spec.path), SourceSpec(
                name, spec.licence, capability, format=spec.format, kind="problems", columns=spec.columns,
                rows=spec.limit))
        return Lengths(min(sample.rows, limit or sample.rows), sample.prompt, 0.0, sample.longest)


def weighted(parts: Iterable[tuple[float, float]]) -> float:
    """Mean of (weight, value); 0 without any weight."""
    pairs = list(parts)
    whole = sum(weight for weight, _ in pairs)
    return sum(weight * value for weight, value in pairs) / whole if whole else 0.0


def _made(name: str, seed: int, rows: int) -> Iterator[Conversation]:
    """Sound rows of a generator or a task that ships: what its prompts and problems ask, with the answer."""
    for row in sound_examples(name, seed, rows):
        yield [Message(**message) for message in row["messages"]]


def _parsed(files: Sequence[Path], spec: SourceSpec) -> Iterator[Conversation]:
    """The conversations of the first rows that can be read."""
    spec = resolve(files, spec)
    raw = (row.value for file in files for row in raw_rows(file) if row.value is not None)
    for value in islice(raw, min(FILE_ROWS, spec.rows or FILE_ROWS)):
        try:
            parsed = parse(value, spec.format, kind_of(spec), spec.columns)
        except Broken:
            continue  # reading the source says which row it is and why
        answers = [answer for answer in (parsed.chosen, parsed.rejected, parsed.completion) if answer is not None]
        yield from [(*parsed.messages, Message("assistant", answer)) for answer in answers] or [parsed.messages]
