"""Steps that bring something into the run: the base model, generated sources, the problems and hashes of tasks.

Nothing here imports torch when it is loaded: planning must stay light.
"""

from collections.abc import Iterator
from dataclasses import fields

from postgrad.chat import template
from postgrad.data.files import find_files
from postgrad.data.sources import SourceSpec, read, read_from
from postgrad.embedded.sources import GENERATORS, LICENCE, capability_of_task, problems, split_of_task
from postgrad.pipeline.resources import Resources
from postgrad.pipeline.steps import Config, Inputs, versioned
from postgrad.records.tables import write_records
from postgrad.records.types import Message, Origin, Problem, content_id
from postgrad.support.errors import Mistake
from postgrad.support.hashed_items import write_hashed_items
from postgrad.support.hashing import hash_json

PROBLEMS = "problems.parquet"


@versioned(1)
def base(inputs: Inputs, config: Config, resources: Resources) -> None:
    """The base model as a folder that every later step trusts. Config: {"template", "licence", "id"?}.

    Input `weights`; with "id", the hub id, that is what the key has seen of it in the local cache.
    """
    from postgrad.models.base import import_base  # brings torch

    spec = config["id"] if "id" in config else str(inputs["weights"])
    import_base(spec, resources.out, template=template(config["template"]), licence=config["licence"])


@versioned(2)
def make_source(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Rows made by a generator that ships. Config: {"generator", "seed", "rows"}."""
    GENERATORS[config["generator"]](config["seed"], config["rows"], resources.out)


@versioned(4)
def task(inputs: Inputs, config: Config, resources: Resources) -> None:
    """The problems of a task: of the input `file`, read by config "spec", else of the one that ships as "task"."""
    if not write_records(resources.out / PROBLEMS, Problem, problems_of(inputs, config)):
        raise Mistake("holds no problem", where=f"tasks.{config['task']}", mend="give at least one")


@versioned(4)
def hash_task(inputs: Inputs, config: Config, resources: Resources) -> None:
    """A task's n-grams, hashed: the door of an unseen task that opens nothing. Config: as `task`, and "ngram"."""
    from postgrad.evaluation.seal import hashed_ngrams
    from postgrad.tasks import load

    name = config["task"]
    found = load(name, problems_of(inputs, config), split=config["split"])
    write_hashed_items(resources.out / f"{name}.hashed.parquet", hashed_ngrams(found, config["ngram"]))


def problems_of(inputs: Inputs, config: Config) -> Iterator[Problem]:
    """A task's problems, by the inputs and the config of its steps."""
    return _of_file(inputs, config) if "file" in inputs else _that_ships(config["task"])


def _that_ships(name: str) -> Iterator[Problem]:
    """Gold and wrong answers are in `meta`, where only `postgrad verify` looks."""
    rows = problems(name)
    file = hash_json(rows)
    for number, row in enumerate(rows):
        messages = tuple(Message(**message) for message in row["messages"])
        yield Problem(
            content_id(messages), (Origin(name, file, number),), messages, row["ground_truth"], row["verifier"],
            split_of_task(name), name, LICENCE, capability_of_task(name), row["plain"],
            {"gold": row["gold"], "wrong": row["wrong"]})


def _of_file(inputs: Inputs, config: Config) -> Iterator[Problem]:
    """A task's file must be sound to the last row: a score over what happened to be readable would mislead."""
    spec = SourceSpec(kind="problems", **{key: value for key, value in config["spec"].items() if key in _SPEC_FIELDS})
    files = find_files(inputs["file"])
    for row in read(files, spec):
        if not isinstance(row.record, Problem):
            entry = row.entries[0]
            raise Mistake(f"{entry.reason} ({entry.detail})", where=read_from(files, entry.origin),
                          mend=f"correct the row or take it out: tasks.{config['task']} is to be sound to the last one")
        yield row.record


_SPEC_FIELDS = {field.name for field in fields(SourceSpec)} - {"kind"}
