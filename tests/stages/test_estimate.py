"""The estimate of `postgrad plan`: exact where a hand can count, light, and silent about what it cannot know."""

import json
import math
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from postgrad.chat import Tokenizer, template
from postgrad.data.files import count_rows
from postgrad.embedded import BASE
from postgrad.embedded.sources import GENERATORS
from postgrad.pipeline import Store, execute
from postgrad.pipeline.steps import in_order
from postgrad.recipe import Recipe, load
from postgrad.stages import costs
from postgrad.stages.costs import Cost, Costs, Generation
from postgrad.stages.estimate import PlanRow, estimate
from postgrad.stages.lengths import exact_count, rough_count
from postgrad.stages.plan import plan
from postgrad.stages.shipped import shipped
from postgrad.support.errors import Failure, Mistake
from postgrad.support.model_shape import Shape, shape_of

ANSWERS = [f"The answer to question {number} is {number * number}." for number in range(40)]


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    """Forty rows of known text on the base that ships; nothing in it overlaps."""
    lines = [json.dumps({"question": f"What is {number} times {number}?", "answer": answer})
             for number, answer in enumerate(ANSWERS)]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "recipe.yaml").write_text("""
schema: 1
base_model: embedded
capabilities:
  math: {priority: 1, sources: [squares], development: [world_math]}
sources:
  squares: {path: rows.jsonl, format: question_answer, licence: MIT, verifier: math}
stages:
  - {name: sft, kind: sft, epochs: 3, batch_size: 7, max_length: 256}
  - {name: pairs, kind: prefer, prompts: [squares], completions: 2, max_tokens: 8, pool: [policy]}
  - {name: dpo, kind: dpo, batch_size: 8, max_length: 256}
  - {name: rlvr, kind: rlvr, problems: [squares], steps: 4, prompts_per_step: 5, group_size: 2, max_tokens: 8,
     updates_per_step: 2}
evaluate: {max_tokens: 8, limit: 12}
""")
    return load(str(tmp_path / "recipe.yaml"), (), shipped())


@pytest.fixture
def planned(recipe: Recipe, tmp_path: Path) -> dict[str, PlanRow]:
    return {row.step: row for row in estimate(recipe, tmp_path / "store").steps}


def tokens_by_hand() -> int:
    """Of all forty conversations, as the template writes them."""
    tokenizer, written = Tokenizer.load(BASE), template("tulu")
    return sum(
        len(written.encode([{"role": "user", "content": f"What is {number} times {number}?"},
                            {"role": "assistant", "content": answer}], tokenizer).ids)
        for number, answer in enumerate(ANSWERS))


def test_what_can_be_counted_is_exact(planned: dict[str, PlanRow]) -> None:
    assert planned["sft"].optimizer_steps == math.ceil(3 * 40 / 7)
    assert planned["sft"].tokens == pytest.approx(3 * tokens_by_hand())
    assert planned["rlvr"].optimizer_steps == 4 * 2
    assert planned["evaluate.base"].what == "12 problems"


def test_a_source_without_a_weight_weighs_as_many_as_it_has_rows(recipe: Recipe, tmp_path: Path) -> None:
    """As in the mixture itself, which is made here: forty rows against a weight of 40 are half and half."""
    more = [json.dumps({"question": f"Which is {number}?", "answer": f"Word {number} " * 9}) for number in range(80)]
    (tmp_path / "more.jsonl").write_text("\n".join(more) + "\n")
    sets = [f"sources.more={{path: {tmp_path / 'more.jsonl'}, format: question_answer, licence: MIT, weight: 40}}",
            "capabilities.math.sources=[squares, more]", "curate.mixture.tokens=600"]
    changed = load(str(tmp_path / "recipe.yaml"), sets, shipped())
    planned = {row.step: row for row in estimate(changed, tmp_path / "store").steps}
    mixture = next(step for step in in_order(plan(changed).steps) if step.name == "mixture")
    made = execute([mixture], Store(tmp_path / "store"))["mixture"]
    kept = json.loads((made.folder / "counts.json").read_text())["rows_kept"]
    assert planned["sft"].optimizer_steps == pytest.approx(3 * kept / 7, abs=2)


def test_training_is_six_flops_a_parameter_and_token(planned: dict[str, PlanRow]) -> None:
    parameters, tokens = 2_324_544, 3 * tokens_by_hand()  # of the base that ships, by its safetensors file
    flops = planned["sft"].flops
    assert flops is not None and 1.0 < flops / (6 * parameters * tokens) < 1.05  # attention is what is above


def test_every_step_says_what_it_does_and_how_long(planned: dict[str, PlanRow]) -> None:
    assert all(row.what and row.seconds is not None and math.isfinite(row.seconds) for row in planned.values())
    assert not any(row.cached for row in planned.values())
    assert {row.stage for row in planned.values()} >= {None, "sft", "pairs", "dpo", "rlvr"}


def test_a_base_that_is_not_here_leaves_figures_unknown(recipe: Recipe, tmp_path: Path) -> None:
    elsewhere = recipe.model_copy(update={"base_model": "nobody/nothing"})
    found = {row.step: row for row in estimate(elsewhere, tmp_path / "store").steps}
    assert found["sft"].flops is None and found["sft"].seconds is None and found["sft"].memory_bytes is None
    assert found["sft"].optimizer_steps == math.ceil(3 * 40 / 7)


# What a recipe is going to regret

def noted(tmp_path: Path, *sets: str) -> list[str]:
    return estimate(load(str(tmp_path / "recipe.yaml"), sets, shipped()), tmp_path / "store").notes


def test_a_stage_of_few_steps_is_noted_and_one_of_twenty_is_not(recipe: Recipe, tmp_path: Path) -> None:
    few = noted(tmp_path)  # 3 epochs of 40 rows by 7; 37 pairs by 8; 4 steps of two updates
    assert few == [
        "sft: 18 optimiser steps, too few to learn from; lower sft.batch_size or raise sft.epochs",
        "dpo: 5 optimiser steps, too few to learn from; lower dpo.batch_size or raise dpo.epochs",
        "rlvr: 8 optimiser steps, too few to learn from; raise rlvr.steps"]
    assert noted(tmp_path, "sft.batch_size=6", "dpo.batch_size=1", "rlvr.steps=10") == []


ENOUGH = ("sft.batch_size=1", "dpo.batch_size=1", "rlvr.steps=10")


def test_a_recipe_that_measures_nothing_is_told_so(recipe: Recipe, tmp_path: Path) -> None:
    (line,) = noted(tmp_path, *ENOUGH, "capabilities.math.development=[]")
    assert line.startswith("no task is scored, so nothing is measured")


def test_a_base_that_is_not_here_is_noted(recipe: Recipe, tmp_path: Path) -> None:
    (line,) = noted(tmp_path, *ENOUGH, "base_model=nobody/nothing")
    assert line.startswith("base_model: nobody/nothing is not on this machine")


def test_a_source_that_cannot_be_read_in_its_format_is_noted_with_its_fields(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"frage": "What is a secret?", "answer": "This."}\n')
    line, *_ = noted(tmp_path)
    assert line.startswith("sources.squares: none of the first 200 rows can be read as question_answer")
    assert "missing field, question; the fields are answer, frage" in line and "secret" not in line


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_every_generator_can_be_sampled(name: str, tmp_path: Path) -> None:
    from postgrad.stages.lengths import _made

    assert [len(row) for row in _made(name, 3, 2)] == [2, 2]


def test_the_quickstart_needs_neither_torch_nor_scipy(tmp_path: Path) -> None:
    code = ("import sys; from postgrad.cli.main import main; code = main(sys.argv[1:]); "
            "print(code, [name for name in ('torch', 'transformers', 'scipy', 'rich', 'matplotlib') "
            "if name in sys.modules])")
    told = subprocess.run([sys.executable, "-c", code, "plan", "quickstart", "--store", str(tmp_path / "store")],
                          capture_output=True, text=True, timeout=300)
    assert told.stdout.splitlines()[-1] == "0 []", told.stderr


def test_an_unseen_task_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from postgrad.embedded import sources

    def opened(*_: object) -> Iterator[object]:
        raise AssertionError("an unseen problem was read")

    for module in set(sources.UNSEEN.values()):
        monkeypatch.setattr(module, "new_stream", opened)
    unsealed = load("quickstart", ("evaluate.unseal=what a plan costs",), shipped())
    found = {row.step: row for row in estimate(unsealed, tmp_path / "store").steps}
    assert found["task.world_math_hard"].what == f"{sources.SIZES['world_math_hard']} problems"
    named = {task for one in unsealed.capabilities.values() for task in (*one.development, *one.unseen)}
    assert {f"task.{task}" for task in named} == {name for name in found if name.startswith("task.")}


# What work costs

SMALL = Shape(parameters=1_000_000, layers=4, width=128, inner=512, keys=64, vocabulary=1000, chat=False)


def test_costs_of_a_row_of_things_add_up_and_memory_is_the_largest() -> None:
    assert Cost(1, 2, 30) + Cost(10, 20, 3) == Cost(11, 22, 30)


def test_twice_the_rate_halves_the_arithmetic() -> None:
    slow, fast = (Costs(SMALL, rate).scoring(1e6, 100, 100).seconds for rate in (1e9, 2e9))
    assert slow == pytest.approx(2 * fast)


def simulated_steps(lengths: list[int], slots: int) -> int:
    """Steps of an engine that puts the next request into a slot as soon as it is free."""
    running: list[int] = []
    queue, steps = list(lengths), 0
    while queue or running:
        while queue and len(running) < slots:
            running.append(queue.pop(0))
        running = [left - 1 for left in running if left > 1]
        steps += 1
    return steps


@pytest.mark.parametrize("requests", [5, 16, 100, 512])
def test_engine_steps_are_those_of_an_engine_played_through(requests: int) -> None:
    lengths = [10 + 20 * (number * 7919 % 101) // 100 for number in range(requests)]
    asked = Generation(1, 10, 10, requests, sum(lengths) / requests, max(lengths), slots=16, a_call=512)
    assert asked.engine_steps == pytest.approx(simulated_steps(lengths, 16), rel=0.25)


def test_the_rate_of_this_machine_is_one_that_a_machine_can_have() -> None:
    assert 1e8 < costs.matmul_rate() < 1e15
    assert costs.cores() >= 1


# What files say

def test_the_base_that_ships_has_the_shape_that_its_config_says() -> None:
    assert shape_of(BASE) == Shape(2_324_544, 5, 192, 512, 96, 1536, chat=False)


def gguf(pairs: list[tuple[str, object]], tensors: list[tuple[str, tuple[int, ...]]]) -> bytes:
    """A GGUF file's head by ggml's docs/gguf.md, version 3."""
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    def value(one: object) -> bytes:
        if isinstance(one, str):
            return struct.pack("<I", 8) + text(one)
        if isinstance(one, list):
            return struct.pack("<IIQ", 9, 8, len(one)) + b"".join(map(text, one))
        return struct.pack("<II", 4, one)

    return (b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs))
            + b"".join(text(name) + value(one) for name, one in pairs)
            + b"".join(text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, 0)
                       for name, shape in tensors))


PAIRS: list[tuple[str, object]] = [
    ("general.architecture", "llama"), ("llama.block_count", 2), ("llama.embedding_length", 8),
    ("llama.feed_forward_length", 24), ("llama.attention.head_count", 4), ("llama.attention.head_count_kv", 2),
    ("tokenizer.ggml.tokens", ["a", "bc", "def"])]


def test_a_gguf_file_says_its_shape(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf(PAIRS, [("token_embd.weight", (8, 3)), ("blk.0.ffn_norm.weight", (8,))]))
    assert shape_of(path) == Shape(8 * 3 + 8, 2, 8, 24, 4, 3, chat=False)
    path.write_bytes(gguf([*PAIRS, ("tokenizer.chat_template", "{{ messages }}")], []))
    assert (found := shape_of(path)) and found.chat


def test_a_damaged_head_is_said_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf(PAIRS, [("token_embd.weight", (8, 3))])[:150])
    with pytest.raises(Failure, match="head cannot be read"):
        shape_of(path)


def test_an_architecture_that_says_its_size_otherwise_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf([("general.architecture", "mamba")], []))
    assert shape_of(path) is None


@pytest.mark.parametrize("config", ["[]", '{"hidden_size": "wide", "num_attention_heads": 0}', "{"])
def test_a_config_that_is_none_is_said_in_a_line(tmp_path: Path, config: str) -> None:
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", 2) + b"{}")
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(Failure, match="its head cannot be read"):
        shape_of(tmp_path)


@pytest.mark.parametrize("name", ["rows.jsonl.gz", "rows.parquet"])
def test_a_source_that_is_damaged_is_said_in_a_line(recipe: Recipe, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"neither of the two")
    spoiled = load(str(tmp_path / "recipe.yaml"), [f"sources.squares.path={tmp_path / name}"], shipped())
    with pytest.raises(Mistake, match=name):
        estimate(spoiled, tmp_path / "store")


def test_rows_of_a_file_are_its_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(["{}"] * 1000))  # the last line without its end
    assert count_rows(path) == 1000
    monkeypatch.setattr("postgrad.data.files.COUNTED_BYTES", 300)
    assert count_rows(path) == pytest.approx(1000, rel=0.01)


def test_counting_words_comes_near_to_counting_tokens() -> None:
    from postgrad.embedded.sources import examples
    from postgrad.records.types import Message

    exact = exact_count(BASE, "tulu")
    assert exact is not None
    sample = [[Message(**message) for message in row["messages"]] for row in examples("math", 1, 40)]
    exactly, roughly = (sum(sum(count(row)) for row in sample) for count in (exact, rough_count))
    assert roughly == pytest.approx(exactly, rel=0.3)
