"""SFT against plain transformers, one conversation at a time; and the promises of the loop: packing and accumulation
change nothing, a kill changes nothing, a loss that is not finite stops and names its rows.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from models.making import EOS, write_model

from postgrad.chat import template
from postgrad.models import load
from postgrad.records.types import Example, Message, messages_json
from postgrad.support.errors import Failure, Mistake
from postgrad.training import checkpoints, loop, sft
from postgrad.training.rows import conversation
from training.making import OPTIMISATION, Bench, bytes_of, examples

CONFIG: dict[str, Any] = {**OPTIMISATION, "loss": "sum"}


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("budget", [1, 150, 100_000])
def test_loss_and_gradient_are_those_of_plain_transformers(tmp_path: Path, reduction: str, budget: int) -> None:
    folder = write_model(tmp_path)
    ours, plain = load(folder), load(folder, attention="sdpa")
    rows = examples(9)
    tulu = template("tulu")
    packed = [conversation(row.messages, tulu, ours.tokenizer, 60) for row in rows]
    update = sft.sft_update(packed, [row.content_id for row in rows], range(9), reduction, budget)
    loss = torch.zeros(())
    for micro in update.micros:
        share, _ = sft.sft_loss(ours.model, micro)
        share.backward()
        loss = loss + share.detach()

    total, sums, counts = torch.zeros(()), [], []
    for row in rows:
        encoded = tulu.encode(messages_json(row.messages), ours.tokenizer)
        ids = torch.tensor([encoded.ids[:60]])
        labels = torch.tensor(
            [[index if mask else -100 for index, mask in zip(encoded.ids, encoded.mask, strict=True)][:60]]
        )
        count = int((labels[:, 1:] != -100).sum())
        sums.append(plain.model(input_ids=ids, labels=labels).loss * count)
        counts.append(count)
    if reduction == "sum":
        total = torch.stack(sums).sum() / sum(counts)
    else:
        total = torch.stack([value / count for value, count in zip(sums, counts, strict=True)]).mean()
    total.backward()
    torch.testing.assert_close(loss, total.detach(), rtol=0, atol=1e-5)
    for (name, mine), (_, other) in zip(ours.model.named_parameters(), plain.model.named_parameters(), strict=True):
        torch.testing.assert_close(
            mine.grad, other.grad, rtol=1e-4, atol=1e-5, msg=lambda text, name=name: f"{name}: {text}"
        )


def test_the_mask_is_the_answer_and_its_end(tmp_path: Path) -> None:
    tokenizer = load(write_model(tmp_path)).tokenizer
    made = conversation((Message("user", "hello"), Message("assistant", "world 12")), template("tulu"), tokenizer, 100)
    trained = [index for index, mask in zip(made.segment.ids, made.segment.trained, strict=True) if mask]
    assert tokenizer.decode(trained) == "world 12<eos>" and trained[-1] == EOS
    assert made.trained == len(trained) and not made.cut
    cut = conversation((Message("user", "hello"), Message("assistant", "world 12")), template("tulu"), tokenizer, 5)
    assert cut.trained == 0 and cut.cut


def test_same_seed_same_bytes_and_micro_batches_change_the_weights_by_rounding_only(bench: Bench) -> None:
    inputs = bench.inputs(examples=("examples.parquet", Example, examples(20)))
    for name, budget in (("one", 128), ("two", 128), ("small", 40), ("large", 10_000)):
        sft.run(inputs, {**CONFIG, "micro_batch_tokens": budget}, bench.resources(name))
    one, two, small, large = (bytes_of(bench.root / f"{name}.out0") for name in ("one", "two", "small", "large"))
    assert one == two
    figures = [[json.loads(line) for line in found["metrics.jsonl"].splitlines()] for found in (small, large)]
    for a, b in zip(*figures, strict=True):
        assert a["loss"] == pytest.approx(b["loss"], abs=1e-4) and a["tokens"] == b["tokens"]
    weights = [load(bench.root / f"{name}.out0" / "model").model.state_dict() for name in ("small", "large")]
    torch.testing.assert_close(weights[0], weights[1], rtol=0, atol=2e-3)
    assert figures[0][-1]["loss"] < figures[0][0]["loss"]


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


@pytest.mark.parametrize(("owner", "name", "calls"), [
    (loop, "_step", 4), (loop, "_write", 5), (checkpoints, "save_file", 3), (checkpoints.shutil, "rmtree", 2)])
def test_a_kill_at_any_point_ends_in_the_same_bytes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, calls: int
) -> None:
    inputs = bench.inputs(examples=("examples.parquet", Example, examples(20)))
    sft.run(inputs, CONFIG, bench.resources("whole"))
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(loop, "CHECKPOINT_SHARE", float("inf"))
    real = getattr(owner, name)
    for allowed in range(calls):
        done = 0

        def then_die(*args: Any, allowed: int = allowed, **kwargs: Any) -> Any:
            nonlocal done
            result = real(*args, **kwargs)
            done += 1
            if done > allowed:
                raise Killed
            return result

        with monkeypatch.context() as patch:
            patch.setattr(owner, name, then_die)
            with pytest.raises(Killed):
                sft.run(inputs, CONFIG, bench.resources(f"killed{allowed}"))
        again = bench.resources(f"killed{allowed}")
        assert name != "_step" or len(list(again.work.glob("checkpoint-*"))) == (allowed > 0)
        sft.run(inputs, CONFIG, again)
        assert bytes_of(again.out) == bytes_of(bench.root / "whole.out0")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_and_names_step_and_rows(bench: Bench, value: float) -> None:
    rows = examples(20)
    rows[7] = Example("the-bad-row", (), (Message("user", "hello"), Message("assistant", "~~~")), "s", "MIT", "c")
    inputs = bench.inputs(examples=("examples.parquet", Example, rows))
    loaded = load(write_model(inputs["model"] / "model", tied=False))  # tied, it would spoil every row's softmax
    with torch.no_grad():
        loaded.model.get_input_embeddings().weight[loaded.tokenizer.encode("~")[-1]] = value
    loaded.model.save_pretrained(inputs["model"] / "model")
    resources = bench.resources("bad")
    with pytest.raises(Failure) as caught:
        sft.run(inputs, {**CONFIG, "micro_batch_tokens": 1, "epochs": 1}, resources)
    assert "the-bad-row" in str(caught.value)
    assert "row1," not in str(caught.value)
    assert "step " in str(caught.value) and "learning rate" in str(caught.value)
    assert not (resources.out / "model").exists()


def test_rows_that_teach_nothing_are_counted_and_none_left_is_said(bench: Bench) -> None:
    silent = Example("silent", (), (Message("user", "hello"),), "s", "MIT", "c")
    inputs = bench.inputs(examples=("examples.parquet", Example, [*examples(8), silent]))
    resources = bench.resources("sft")
    sft.run(inputs, CONFIG, resources)
    summary = json.loads((resources.out / "summary.json").read_text())
    assert (summary["rows"], summary["rows_without_trained_tokens"]) == (8, 1)
    with pytest.raises(Failure, match="no conversation to train on"):
        sft.run(bench.inputs(examples=("examples.parquet", Example, [silent])), CONFIG, bench.resources("none"))


def test_rows_longer_than_the_model_reads_are_a_mistake(bench: Bench) -> None:
    long = Example("long", (), (Message("user", "x" * 600), Message("assistant", "y")), "s", "MIT", "c")
    inputs = bench.inputs(examples=("examples.parquet", Example, [*examples(8), long]))  # the model reads 512 tokens
    with pytest.raises(Mistake, match="the model reads 512; set it to 512 or less"):
        sft.run(inputs, {**CONFIG, "max_length": 1000}, bench.resources("long"))
    sft.run(inputs, {**CONFIG, "max_length": 512}, bench.resources("cut"))


def test_a_checkpoint_of_another_model_is_refused(bench: Bench, tmp_path: Path) -> None:
    one, other = load(write_model(tmp_path / "a")), load(write_model(tmp_path / "b", num_hidden_layers=3))
    optimizer = torch.optim.AdamW(one.model.parameters())
    work = tmp_path / "work"
    work.mkdir()
    checkpoints.save(work, 3, one.model, optimizer, {})
    with pytest.raises(Failure, match="checkpoint cannot be used"):
        checkpoints.restore(work, other.model, torch.optim.AdamW(other.model.parameters()))
