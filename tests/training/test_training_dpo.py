"""DPO against plain transformers: one answer at a time, its prompt before it."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from models.making import write_model
from torch import Tensor

from postgrad.chat import template
from postgrad.models import LoadedModel, load
from postgrad.records.tables import write_records
from postgrad.records.types import Message, Preference, messages_json
from postgrad.support.errors import Failure
from postgrad.training import dpo, loop
from training.making import OPTIMISATION, Bench, bytes_of, preferences

SHARED: dict[str, Any] = {name: OPTIMISATION[name] for name in ("template", "max_length", "micro_batch_tokens")}
CONFIG: dict[str, Any] = {**OPTIMISATION, "loss": "dpo_norm", "beta": 5.0, "nll": 0.0}


def plain_logprob(plain: LoadedModel, preference: Preference, text: str) -> tuple[Tensor, int]:
    messages = messages_json((*preference.prompt, Message("assistant", text)))
    encoded = template("tulu").encode(messages, plain.tokenizer)
    ids = torch.tensor([encoded.ids])
    logprobs = plain.model(input_ids=ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]
    mask = torch.tensor(encoded.mask[1:])
    return logprobs[mask].sum(), int(mask.sum())


@pytest.mark.parametrize(("kind", "nll"), [("dpo", 0.0), ("dpo_norm", 0.0), ("dpo_norm", 0.3)])
def test_loss_and_gradient_are_those_of_plain_transformers(tmp_path: Path, kind: str, nll: float) -> None:
    ours, plain = load(write_model(tmp_path / "policy")), load(tmp_path / "policy", attention="sdpa")
    reference = load(write_model(tmp_path / "reference", seed=1), attention="sdpa")
    rows, beta = preferences(7), 0.7
    write_records(tmp_path / "preferences.parquet", Preference, rows)
    pairs, left_out = dpo.read_pairs(tmp_path / "preferences.parquet", template("tulu"), ours.tokenizer, 500)
    assert not any(left_out.values())
    with torch.no_grad():
        against = torch.stack(
            [
                torch.stack([plain_logprob(reference, row, text or "")[0] for text in (row.chosen, row.rejected)])
                for row in rows
            ]
        )
    figures: dict[str, float] = {}
    for micro in dpo.dpo_update(pairs, against, range(7), 150).micros:
        share, more = dpo.dpo_loss(ours.model, micro, kind, beta, nll)
        share.backward()
        for name, value in {"loss": share, **more}.items():
            figures[name] = figures.get(name, 0.0) + value.item()

    terms, right = [], 0
    for row, (ref_chosen, ref_rejected) in zip(rows, against, strict=True):
        (chosen, n), (rejected, m) = (plain_logprob(plain, row, text or "") for text in (row.chosen, row.rejected))
        divide = (n, m) if kind == "dpo_norm" else (1, 1)
        margin = beta * ((chosen - ref_chosen) / divide[0] - (rejected - ref_rejected) / divide[1])
        terms.append(torch.log1p(torch.exp(-margin)) - nll * chosen / n)
        right += int(margin > 0)
    total = torch.stack(terms).mean()
    total.backward()
    assert figures["loss"] == pytest.approx(total.item(), abs=1e-5)
    assert figures["accuracy"] == pytest.approx(right / 7)
    for (name, mine), (_, other) in zip(ours.model.named_parameters(), plain.model.named_parameters(), strict=True):
        torch.testing.assert_close(
            mine.grad, other.grad, rtol=1e-4, atol=2e-5, msg=lambda text, name=name: f"{name}: {text}"
        )


def test_an_answer_that_was_cut_off_has_no_end_token(tmp_path: Path) -> None:
    loaded = load(write_model(tmp_path / "model"))
    (whole,) = preferences(1)
    cut = replace(whole, meta={"chosen": {"finish_reason": "stop"}, "rejected": {"finish_reason": "length"}})
    write_records(tmp_path / "pairs.parquet", Preference, [whole, cut])
    (one, other), _ = dpo.read_pairs(tmp_path / "pairs.parquet", template("tulu"), loaded.tokenizer, 500)
    assert other.chosen == one.chosen and [*other.rejected, loaded.tokenizer.eos_id] == list(one.rejected)


def test_a_side_that_was_cut_off_before_it_said_anything_makes_no_pair(bench: Bench) -> None:
    (whole,) = preferences(1)
    mute = replace(whole, rejected="", meta={"rejected": {"finish_reason": "length"}})
    inputs = bench.inputs(preferences=("preferences.parquet", Preference, [whole, mute]))
    tokenizer = load(inputs["model"] / "model").tokenizer
    pairs, left_out = dpo.read_pairs(
        inputs["preferences"] / "preferences.parquet", template("tulu"), tokenizer, 500)
    assert len(pairs) == 1 and left_out == {"rows_too_long": 0, "rows_without_answer": 1}


def test_the_reference_is_the_models_own_log_probabilities_and_the_first_loss_is_log_2(bench: Bench) -> None:
    rows = preferences(20)
    inputs = bench.inputs(preferences=("preferences.parquet", Preference, rows))
    resources = bench.resources("reference")
    dpo.reference(inputs, SHARED, resources)
    plain = load(inputs["model"] / "model", attention="sdpa")
    table = pq.read_table(resources.out / "reference.parquet").to_pylist()
    assert [row["content_id"] for row in table] == [row.content_id for row in rows]
    with torch.no_grad():
        for row, found in zip(rows, table, strict=True):
            for side in ("chosen", "rejected"):
                value, count = plain_logprob(plain, row, getattr(row, side))
                assert found[f"{side}_logprob"] == pytest.approx(value.item(), abs=1e-4)
                assert found[f"{side}_tokens"] == count

    training = bench.resources("dpo")
    dpo.run({**inputs, "reference": resources.out}, CONFIG, training)
    first, *_, last = (json.loads(line) for line in (training.out / "metrics.jsonl").read_text().splitlines())
    assert first["loss"] == pytest.approx(math.log(2), abs=1e-4)
    assert last["loss"] < first["loss"] and last["margin"] > 0


def test_a_killed_reference_goes_on_from_its_journal_and_dpo_from_its_checkpoint(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = bench.inputs(preferences=("preferences.parquet", Preference, preferences(20)))
    whole = bench.resources("reference")
    dpo.reference(inputs, SHARED, whole)
    real, calls = dpo.pair_logprobs, 0

    def dies_at_the_third(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(dpo, "pair_logprobs", dies_at_the_third)
    killed = bench.resources("killed")
    with pytest.raises(KeyboardInterrupt):
        dpo.reference(inputs, SHARED, killed)
    killed.close()
    again = bench.resources("killed")
    dpo.reference(inputs, SHARED, again)
    batches = calls - 1
    assert len(again.journal("reference")) == batches  # type: ignore[arg-type]
    assert bytes_of(again.out) == bytes_of(whole.out)
    monkeypatch.setattr(dpo, "pair_logprobs", real)

    inputs = {**inputs, "reference": whole.out}
    dpo.run(inputs, CONFIG, bench.resources("dpo"))
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    step, done = loop._step, 0

    def dies_after_two(*args: Any) -> Any:
        nonlocal done
        done += 1
        if done == 3:
            raise KeyboardInterrupt
        return step(*args)

    monkeypatch.setattr(loop, "_step", dies_after_two)
    with pytest.raises(KeyboardInterrupt):
        dpo.run(inputs, CONFIG, bench.resources("stopped"))
    resumed = bench.resources("stopped")
    dpo.run(inputs, CONFIG, resumed)
    assert bytes_of(resumed.out) == bytes_of(bench.root / "dpo.out0")


def test_pairs_that_are_too_long_are_left_out_and_a_reference_of_other_pairs_is_refused(bench: Bench) -> None:
    rows = preferences(12)
    long = Preference("long", (), rows[0].prompt, "s", "MIT", "c", chosen="hello " * 200, rejected="x")
    inputs = bench.inputs(preferences=("preferences.parquet", Preference, [*rows, long]))
    known, training = bench.resources("reference"), bench.resources("dpo")
    dpo.reference(inputs, SHARED, known)
    inputs["reference"] = known.out
    dpo.run(inputs, CONFIG, training)
    summary = json.loads((training.out / "summary.json").read_text())
    assert (summary["rows"], summary["rows_too_long"]) == (12, 1)
    bench.inputs(preferences=("preferences.parquet", Preference, rows[1:]))
    with pytest.raises(Failure, match="of other pairs"):
        dpo.run(inputs, CONFIG, bench.resources("other"))
    unpaired = Preference("u", (), rows[0].prompt, "s", "MIT", "c", completion="x", label=True)
    bench.inputs(preferences=("preferences.parquet", Preference, [unpaired]))
    with pytest.raises(Failure, match="row 1 is not a pair"):
        dpo.reference(inputs, SHARED, bench.resources("unpaired"))
