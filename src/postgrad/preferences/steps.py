"""The steps of a `prefer` stage: complete, rate, pair. Each is `(inputs, config, resources)` and writes into
`resources.out`.

    complete   prompts × pool → completions.parquet, prompts.parquet (examples without an answer), pool.json
    rate       completions    → ratings.parquet
    pair       ratings        → preferences.parquet, pairs.json
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from postgrad.generation.chat import ChatEngine, open_engine
from postgrad.generation.journaled import generate_journaled
from postgrad.generation.protocol import Request
from postgrad.models.deterministic import make_deterministic
from postgrad.preferences import pairs, prompts, rules
from postgrad.records.tables import read_records, write_records
from postgrad.records.types import (
    Completion,
    Example,
    Preference,
    Rating,
    completion_id,
    messages_json,
)  # fmt: skip
from postgrad.support.errors import Failure, Mistake
from postgrad.support.files import write_atomically
from postgrad.support.hashing import canonical_json, hash_text
from postgrad.support.resources import Resources

PROMPTS, POOL = "prompts.", "pool."


Inputs = Mapping[str, Path]
Config = Mapping[str, Any]


def _seed(seed: int, prompt_id: str, sample: int) -> int:
    """63 bits that belong to one completion of one prompt."""
    return int(hash_text(f"completions/{seed}/{prompt_id}/{sample}")[:16], 16) >> 1


def deal(pool: int, completions: int, prompt: int) -> list[int]:
    """Which of the pool answers each sample of the prompt of that number: in turn, beginning where the last prompt
    ended.
    """
    return [(prompt * completions + sample) % pool for sample in range(completions)]


def _model(folder: Path) -> Path:
    """An artifact's model, or a folder that is one itself."""
    return folder / "model" if (folder / "model").is_dir() else folder


def complete(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Answer each prompt `completions` times, dealt out over the pool, one model in memory at a time.

    Inputs: `prompts.SOURCE` (curated artifacts), `pool.NAME` for each name of `config["pool"]` (an artifact with
    `model/`, or a model folder). Config: pool (names, in order; one that stands there twice answers twice as often),
    completions, temperature, top_p, max_tokens, template, slots, wanted (the fields of `prompts.Wanted`; None: all),
    seed. A prompt that some model of the pool cannot read is left out and counted in `pool.json`.
    """
    make_deterministic(resources.threads)
    folders = [inputs[name] for name in sorted(inputs) if name.startswith(PROMPTS)]
    found = prompts.distinct(prompt for folder in folders for prompt in prompts.read(folder))
    wanted = None if config["wanted"] is None else prompts.Wanted(**config["wanted"])
    asked = prompts.choose(found, config["seed"], wanted)
    if not asked:
        raise Mistake("no prompts are left to answer", where="prompts", mend="name sources with rows left by curation")
    samples: dict[tuple[str, int], Completion] = {}
    pool: list[dict[str, Any]] = []
    too_long: set[str] = set()
    with resources.progress("completions", len(asked) * config["completions"], "completions") as progress:
        for name in dict.fromkeys(config["pool"]):
            engine = open_engine(_model(inputs[POOL + name]), config["template"], config["slots"])
            requests, unread = _requests(engine, asked, name, config)
            too_long |= unread
            sampling = engine.sampling(config["temperature"], config["max_tokens"], top_p=config["top_p"])
            made = generate_journaled(engine.engine, requests, sampling, resources.journal("completions"), progress)
            samples |= {(one.prompt_id, one.sample): one for one in made}
            pool.append({"name": name, "model_key": engine.engine.model_key, "completions": len(made)})
    kept = [prompt for prompt in asked if prompt.content_id not in too_long]
    if not kept:
        raise Failure(f"all {len(asked)} prompts are longer than the models read", where="prompts")
    order = [(prompt.content_id, sample) for prompt in kept for sample in range(config["completions"])]
    write_records(resources.out / "completions.parquet", Completion, (samples[key] for key in order))
    write_records(resources.out / "prompts.parquet", Example, kept)
    about = {"pool": pool, "prompts": len(kept), "prompts_too_long": len(too_long), "prompts_found": len(found)}
    write_atomically(resources.out / "pool.json", canonical_json(about).encode())


def _requests(engine: ChatEngine, asked: list[Example], name: str, config: Config) -> tuple[list[Request], set[str]]:
    """What a model is asked, at all its places of the pool, and the prompts that leave it no room to answer."""
    requests, unread = [], set()
    pool = config["pool"]
    for index, prompt in enumerate(asked):
        ids = engine.prompt(messages_json(prompt.messages))
        if len(ids) >= engine.context:
            unread.add(prompt.content_id)
            continue
        for sample, who in enumerate(deal(len(pool), config["completions"], index)):
            if pool[who] == name:
                seed = _seed(config["seed"], prompt.content_id, sample)
                requests.append(Request(prompt.content_id, ids, sample, seed))
    return requests, unread


def rate(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Rate every completion. Inputs: `completions`. Config: judge {kind: rules}."""
    if config["judge"]["kind"] != "rules":
        raise Mistake(f"no judge of kind {config['judge']['kind']!r}", where="judge", mend="use {kind: rules}")
    folder = inputs["completions"]
    asked = {one.content_id: one.messages[-1].content for one in read_records(folder / "prompts.parquet", Example)}

    def ratings() -> Iterator[Rating]:
        with resources.progress("ratings", None, "completions") as progress:
            for completion in read_records(folder / "completions.parquet", Completion):
                yield from rules.rate(asked[completion.prompt_id], completion.text, completion_id(completion))
                progress.advance()

    write_records(resources.out / "ratings.parquet", Rating, ratings())


def pair(inputs: Inputs, config: Config, resources: Resources) -> None:
    """Make pairs. Inputs: `completions`, `ratings`. Config: seed, margin, floor. Failure if no pair can be made."""
    folder = inputs["completions"]
    names = _names(folder)
    made, statistics = pairs.make(
        read_records(folder / "prompts.parquet", Example), read_records(folder / "completions.parquet", Completion),
        read_records(inputs["ratings"] / "ratings.parquet", Rating), config["seed"], config["margin"], config["floor"],
        names)
    if not made:
        raise Failure(
            f"no two answers to any of {statistics['prompts']} prompts differ in their ratings", where="pairs",
            mend="raise the stage's completions, temperature or max_tokens (an answer that is cut off is never chosen)")
    write_records(resources.out / "preferences.parquet", Preference, made)
    write_atomically(resources.out / "pairs.json", canonical_json(statistics).encode())


def _names(folder: Path) -> dict[str, str]:
    """Model key → its name in the pool; models of the same weights share their names."""
    names: dict[str, str] = {}
    for model in json.loads((folder / "pool.json").read_text())["pool"]:
        known = names.get(model["model_key"])
        names[model["model_key"]] = f"{known}, {model['name']}" if known else model["name"]
    return names
