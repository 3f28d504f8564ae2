"""The three steps of a `prefer` stage, on a folder of a tiny random model, by the pipeline's own resources."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM

from postgrad.pipeline.resources import Resources
from postgrad.preferences import rules, steps
from postgrad.records.tables import read_records, write_records
from postgrad.records.types import Completion, Example, Message, Origin, Preference, Problem, Rating, content_id
from postgrad.support.errors import Failure, Mistake

CONFIG: dict[str, Any] = {
    "pool": ["policy", "base"], "completions": 4, "temperature": 1.0, "top_p": 1.0, "max_tokens": 50,
    "template": "tulu", "slots": 8, "seed": 3,
    "wanted": {"rows": 12, "priorities": {"math": 1.0, "safety": 1.0}, "weights": {}}}


def write_model(folder: Path, seed: int) -> Path:
    torch.manual_seed(seed)
    letters = {chr(place): place - 29 for place in range(32, 127)} | {"\n": 0, "<eos>": 1, "<unk>": 2}
    LlamaForCausalLM(LlamaConfig(
        vocab_size=len(letters), hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=96, initializer_range=0.5, eos_token_id=1, pad_token_id=1,
        bos_token_id=None)).save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel(letters, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.add_special_tokens(["<eos>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<eos>"}))
    return folder


def write_prompts(folder: Path) -> Path:
    folder.mkdir()
    problems, examples = [], []
    for n in range(10):
        asked = (Message("user", f"What is {n} + 5?"),)
        origin = (Origin("sums", "f", n),)
        problems.append(Problem(
            content_id(asked), origin, asked, {"answer": "x"}, "math", "train", "sums", "MIT", "math"))
        said = (Message("user", f"Say {n}."), Message("assistant", "yes"))
        examples.append(Example(content_id(said), (Origin("words", "f", n),), said, "words", "MIT", "safety"))
    long = (Message("user", "x" * 200), Message("assistant", "yes"))
    examples.append(Example(content_id(long), (Origin("words", "f", 10),), long, "words", "MIT", "safety"))
    write_records(folder / "problems.parquet", Problem, problems)
    write_records(folder / "examples.parquet", Example, examples)
    return folder


def resources(folder: Path) -> Resources:
    for path in (folder, folder.with_suffix(".work")):
        path.mkdir(exist_ok=True)
    return Resources(folder, folder.with_suffix(".work"), "key", 1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("prefer")
    inputs = {"prompts.rows": write_prompts(root / "rows")}
    inputs |= {f"pool.{name}": write_model(root / name, seed) for seed, name in enumerate(("policy", "base"))}
    for name in ("completions", "again"):
        steps.complete(inputs, CONFIG, resources(root / name))
    steps.rate({"completions": root / "completions"}, {"judge": {"kind": "rules"}}, resources(root / "ratings"))
    return root


def test_every_prompt_is_answered_by_the_whole_pool(made: Path) -> None:
    prompts = list(read_records(made / "completions/prompts.parquet", Example))
    completions = list(read_records(made / "completions/completions.parquet", Completion))
    about = json.loads((made / "completions/pool.json").read_text())
    assert len(prompts) == about["prompts"] == 12 - about["prompts_too_long"]
    assert all(prompt.messages[-1].role == "user" and len(prompt.messages[0].content) < 100 for prompt in prompts)
    assert [(c.prompt_id, c.sample) for c in completions] == [(p.content_id, s) for p in prompts for s in range(4)]
    keys = {model["model_key"] for model in about["pool"]}
    for place, prompt in enumerate(prompts):
        assert {c.model_key for c in completions[4 * place : 4 * place + 4]} == keys, prompt
    assert (made / "completions/completions.parquet").read_bytes() == (made / "again/completions.parquet").read_bytes()


def test_each_completion_has_the_judges_four_ratings(made: Path) -> None:
    prompts = {p.content_id: p for p in read_records(made / "completions/prompts.parquet", Example)}
    completions = list(read_records(made / "completions/completions.parquet", Completion))
    ratings = list(read_records(made / "ratings/ratings.parquet", Rating))
    expected = [r.value for c in completions for r in rules.rate(prompts[c.prompt_id].messages[-1].content, c.text)]
    assert [rating.value for rating in ratings] == expected and len(ratings) == 4 * len(completions)


def test_pairs_or_a_clear_word_that_there_are_none(made: Path) -> None:
    inputs = {"completions": made / "completions", "ratings": made / "ratings"}
    with pytest.raises(Failure, match="no two answers to any of"):
        steps.pair(inputs, {"seed": 0, "margin": 9.0, "floor": 0.0}, resources(made / "none"))
    completions = list(read_records(made / "completions/completions.parquet", Completion))
    assert any(completion.finish_reason == "stop" for completion in completions), "the model must end some answers"
    steps.pair(inputs, {"seed": 0, "margin": 0.0, "floor": 0.0}, resources(made / "pairs"))
    pairs = list(read_records(made / "pairs/preferences.parquet", Preference))
    statistics = json.loads((made / "pairs/pairs.json").read_text())
    assert len(pairs) == statistics["pairs"] > 0
    assert set(statistics["completions_by_model"]) == {"policy", "base"}
    assert {pair.prompt[0].role for pair in pairs} == {"user"}


def test_mistakes_are_clear(made: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(Failure, match=r"neither examples\.parquet nor problems\.parquet"):
        steps.complete({"prompts.rows": empty}, CONFIG, resources(tmp_path / "out"))
    with pytest.raises(Mistake, match="no judge of kind 'oracle'"):
        steps.rate({"completions": made / "completions"}, {"judge": {"kind": "oracle"}}, resources(tmp_path / "r"))
