"""The filters together: configs, pickling, order, and rows that are sound."""

import os
import pickle
from dataclasses import asdict, fields
from itertools import islice
from json import dumps, loads
from pathlib import Path

import pytest

from data.filters.judging import found, reason
from data.making import example
from postgrad.data.filters import FilterConfig, config_of, make, needs_tokens
from postgrad.data.sources import SourceSpec, read
from postgrad.embedded.sources import GENERATORS, examples
from postgrad.recipe.filter import Filter
from postgrad.records.types import Example, Message, content_id
from postgrad.support.errors import Mistake

DATA = os.environ.get("POSTGRAD_TEST_DATA")
EVERYTHING = FilterConfig(
    min_chars=1, max_words=500, max_tokens=500, max_mojibake=0.1, self_identification=("names", "cutoff"),
    keywords=("acme",), repetition=True, max_loop=8, scripts=("latin",), lookalikes="drop", max_urls=0.5,
    max_non_letters=0.9, keep_if=("words > 0",), languages=("en",))


def count(messages: tuple[Message, ...]) -> int:
    return sum(len(message.content.split()) for message in messages)


def test_a_recipe_says_what_the_config_holds_with_the_same_defaults() -> None:
    said = Filter().model_dump(mode="json")
    assert config_of(said) == FilterConfig()
    held = {field.name for field in fields(FilterConfig)}
    assert set(said) - {"keywords_file"} == held - {"self_identification_list"}


def test_a_config_goes_through_json_and_back() -> None:
    config = config_of({"self_identification": ["names"], "languages": ["de"], "keep_if": ["words > 1"]})
    assert len(config.self_identification_list) == 64
    assert config_of(loads(dumps(asdict(config)))) == config


def test_a_filter_can_be_sent_to_another_process() -> None:
    one = make(EVERYTHING, count)
    other = pickle.loads(pickle.dumps(one))
    rows = [example("Say something of the weather, please.", answer) for answer in (
        "It is sunny today and it will be warm tomorrow.", "", "I am ChatGPT.", "Buy at acme.", "<|im_end|>", "a " * 99,
        "Ich weiß nicht, wie das Wetter morgen in der Stadt werden soll, tut mir leid, wirklich.")]
    assert [other(row) for row in rows] == [one(row) for row in rows]
    assert [handled.record is not None for handled in map(make(EVERYTHING, count), rows)] == [True] + [False] * 6


@pytest.mark.parametrize("said", [
    {"languages": ["english"]}, {"scripts": ["roman"]}, {"keep_if": ["words >"]}, {"keywords": [" "]},
    {"min_chars": 3, "max_chars": 2}, {"keywords_file": "/nowhere/k.txt"}])
def test_a_config_that_no_filter_can_be_made_of_is_known_before_a_row_is_read(said: dict[str, object]) -> None:
    with pytest.raises(Mistake, match=r"curate\.filter"):
        config_of(said)


def test_who_needs_a_tokenizer() -> None:
    assert not needs_tokens(FilterConfig(min_words=1, keep_if=("words > 1",)))
    assert needs_tokens(FilterConfig(min_tokens=1)) and needs_tokens(FilterConfig(keep_if=("1 < tokens < 9",)))


def test_no_detail_quotes_the_row() -> None:
    secret = "Zyxwvut"
    configs = [{"max_words": 1}, {"keywords": (secret,)}, {"max_urls": 0.0}, {"max_non_letters": 0.0},
               {"scripts": ("greek",)}, {"keep_if": (f'not contains(text, "{secret}")',)}, {"lookalikes": "drop"},
               {"max_loop": 2}, {"self_identification": ("names",)}, {}]
    text = f"I am ChatGPT. https://{secret}.org <|{secret}|> {secret}а " + f"{secret} " * 9
    for config in configs:
        said = found(example(text, text), **{"markers": "drop" if not config else "keep", **config})
        assert said is not None and secret.lower() not in " ".join(said).lower()


@pytest.mark.parametrize("capability", ["math", "instructions", "knowledge", "safety"])
def test_the_sound_rows_of_the_embedded_generators_lose_nothing(capability: str) -> None:
    """Neither by default nor with the filters that judge what is said; only lists and sums repeat themselves there."""
    whole = make(FilterConfig(max_mojibake=0.0, self_identification=("names", "cutoff"), lookalikes="drop", max_loop=8,
                              scripts=("latin",), max_urls=0.0, languages=("en",), language_confidence=0.9))
    plain = make(FilterConfig())
    for row in examples(capability, seed=17, count=1500):
        messages = tuple(Message(**message) for message in row["messages"])
        record = Example(content_id(messages), example("a", "b").parents, messages, "s", "MIT", capability)
        assert plain(record).record is record
        assert whole(record).record is record, (row, whole(record).entries)


@pytest.mark.parametrize("name", sorted(name for name in GENERATORS if "_" in name.removeprefix("world_")))
def test_prompts_and_problems_of_the_generators_lose_nothing(name: str, tmp_path: Path) -> None:
    path = GENERATORS[name](17, 300, tmp_path)
    plain, seen = make(FilterConfig()), 0
    for handled in islice(read([path], SourceSpec("s", "MIT", kind="problems")), 300):
        assert handled.record is not None and plain(handled.record).record is handled.record
        seen += 1
    assert seen == 300


@pytest.mark.skipif(not DATA, reason="POSTGRAD_TEST_DATA is not set: no real data sets to filter")
def test_real_answers_lose_nothing_by_default() -> None:
    path = Path(str(DATA)) / "gsm8k" / "train.jsonl"
    rows = [handled.record for handled in islice(read([path], SourceSpec("gsm8k", "MIT")), 2000)]
    assert len(rows) == 2000
    assert [reason(row) for row in rows if row is not None] == [""] * 2000
