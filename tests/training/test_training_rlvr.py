"""GRPO: its loss against plain transformers and a formula written apart; what counts and what does not; resume to the
bit.
"""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from models.making import EOS, write_model

from postgrad.generation.native import NativeEngine
from postgrad.models import LoadedModel, load
from postgrad.records.tables import read_records
from postgrad.records.types import Completion, Message, Problem, Turn, Verdict, completion_id
from postgrad.support.errors import Failure, Mistake
from postgrad.training import loop, rlvr
from postgrad.training.rollouts import Group, Prompt, prompts_of_step, requests
from training.making import Bench, bytes_of

CONFIG: dict[str, Any] = {
    "steps": 4,
    "prompts_per_step": 3,
    "group_size": 4,
    "kl": 0.05,
    "clip": 0.2,
    "clip_high": 0.3,
    "learning_rate": 5e-3,
    "schedule": "constant",
    "warmup": 0.0,
    "weight_decay": 0.0,
    "clip_norm": 1.0,
    "temperature": 0.9,
    "max_tokens": 10,
    "micro_batch_tokens": 100,
    "seed": 1,
    "template": "tulu",
    **rlvr.DEFAULTS,
}


def problems(count: int) -> list[Problem]:
    return [Problem(f"problem{n}", (), (Message("user", f"say {n} " + "hello " * n),), n, "v", "train", "s", "MIT", "c")
            for n in range(count)]


def verify(problem: Problem, completion: Completion) -> Verdict:
    """Half of the answers are right, by a rule that depends on their tokens alone."""
    return Verdict("ok", float(sum(completion.turns[-1].token_ids) % 2), {}, "", "v", 1)


def engine(policy: LoadedModel, key: str, step: int) -> NativeEngine:
    return NativeEngine(policy, key, 4, policy_step=step)


def run(bench: Bench, name: str, config: dict[str, Any] | None = None, check: Any = verify) -> Path:
    folder = bench.inputs()["model"] / "model"
    resources = bench.resources(name)
    rlvr.run(load(folder), load(folder), problems(7), check, engine, config or CONFIG, resources)
    return resources.out


def group(rewards: list[float | None], seed: int, prompt: tuple[int, ...] = (60, 70, 80, 90)) -> Group:
    """A group of random answers; a reward of None is a verifier that failed."""
    draw = torch.Generator().manual_seed(seed)
    completions, verdicts = [], []
    for sample, reward in enumerate(rewards):
        length = int(torch.randint(1, 12, (), generator=draw))
        ids = tuple(torch.randint(5, 200, (length,), generator=draw).tolist())
        logprobs = tuple((-5 * torch.rand(length, generator=draw)).tolist())
        turn = Turn("", ids, (True,) * length, logprobs, logprobs)
        completions.append(Completion(f"p{seed}", sample, "m", 0, {}, 0, (turn,), "stop"))
        verdicts.append(Verdict("ok" if reward is not None else "timeout", reward, {}, "", "v", 1))
    problem = Problem(f"p{seed}", (), (), 0, "v", "train", "s", "MIT", "c")
    return Group(Prompt(problem, prompt), tuple(completions), tuple(verdicts))


@pytest.mark.parametrize("advantage", ["standardised", "centred"])
@pytest.mark.parametrize("budget", [20, 10_000])
def test_loss_and_gradient_are_those_of_a_plain_forward_and_the_formula(
    tmp_path: Path, advantage: str, budget: int
) -> None:
    ours, plain = load(write_model(tmp_path / "policy")), load(tmp_path / "policy", attention="sdpa")
    packed, reference = load(write_model(tmp_path / "ref", seed=1)), load(tmp_path / "ref", attention="sdpa")
    groups = [group([1, 0, 0, None], 1), group([1, 1, 1], 2), group([0.5, 1, 0], 3)]
    config = {**CONFIG, "advantage": advantage, "micro_batch_tokens": budget}
    (update,) = rlvr.rlvr_updates(groups, config, packed.model)
    figures: dict[str, float] = {}
    for micro in update.micros:
        share, more = rlvr.rlvr_loss(ours.model, micro, config)
        share.backward()
        for name, value in {"loss": share, **more}.items():
            figures[name] = figures.get(name, 0.0) + value.item()

    def logprobs(model: LoadedModel, prompt: tuple[int, ...], ids: tuple[int, ...]) -> torch.Tensor:
        logits = model.model(input_ids=torch.tensor([prompt + ids])).logits[0] / config["temperature"]
        return logits.log_softmax(-1)[len(prompt) - 1 : -1].gather(1, torch.tensor(ids)[:, None])[:, 0]

    terms, kl, clipped, mismatch = [], 0.0, 0, 0.0
    for one, rewards in ((groups[0], [1, 0, 0]), (groups[2], [0.5, 1, 0])):
        mean = sum(rewards) / 3
        deviation = math.sqrt(sum((reward - mean) ** 2 for reward in rewards) / 3)
        for completion, reward in zip(one.completions, rewards, strict=False):
            a = (reward - mean) / (deviation + 1e-6 if advantage == "standardised" else 1)
            turn = completion.turns[-1]
            now = logprobs(plain, one.prompt.ids, turn.token_ids)
            with torch.no_grad():
                held = logprobs(reference, one.prompt.ids, turn.token_ids)
            for p, q, r in zip(now, turn.logprobs, held, strict=True):
                ratio = torch.exp(p - q)
                bounded = torch.clamp(ratio, 0.8, 1.3)
                divergence = torch.exp(r - p) - (r - p) - 1
                terms.append(-torch.minimum(ratio * a, bounded * a) + 0.05 * divergence)
                kl += divergence.item()
                clipped += bool(bounded * a < ratio * a)
                mismatch += abs(p.item() - q)
    total = torch.stack(terms).mean()
    total.backward()
    assert figures["loss"] == pytest.approx(total.item(), rel=1e-4, abs=1e-4)
    assert figures["kl"] == pytest.approx(kl / len(terms), rel=1e-4)
    assert figures["clip_share"] == pytest.approx(clipped / len(terms), abs=1e-6)
    assert figures["mismatch"] == pytest.approx(mismatch / len(terms), rel=1e-4)
    for (name, mine), (_, other) in zip(ours.model.named_parameters(), plain.model.named_parameters(), strict=True):
        torch.testing.assert_close(
            mine.grad, other.grad, rtol=1e-3, atol=1e-4, msg=lambda text, name=name: f"{name}: {text}"
        )


def test_groups_without_variance_and_answers_without_verdict_are_counted_and_left_out() -> None:
    groups = [group([1, 1, 1, 1], 1), group([0, None, None, None], 2), group([None] * 4, 3), group([1, 0, None, 1], 4)]
    (update,) = rlvr.rlvr_updates(groups, CONFIG, None)
    assert {row for micro in update.micros for row in micro.rows} == {"p4"}
    assert update.notes["zero_variance"] == 0.75 and update.notes["unverified"] == 8 / 16
    assert update.notes["reward"] == pytest.approx(6 / 8) and update.notes["pass_rate"] == pytest.approx(6 / 8)
    advantages = torch.cat([micro.data["advantage"] for micro in update.micros]).unique()
    torch.testing.assert_close(advantages, torch.tensor([-math.sqrt(2), math.sqrt(0.5)]), rtol=1e-4, atol=1e-4)


def test_parts_of_a_step_hold_every_group_once() -> None:
    groups = [group([1, 0], seed) for seed in range(5)]
    updates = rlvr.rlvr_updates(groups, {**CONFIG, "updates_per_step": 2}, None)
    named = [sorted({row for micro in update.micros for row in micro.rows}) for update in updates]
    assert named == [["p0", "p2", "p4"], ["p1", "p3"]]


def test_a_step_without_any_variance_leaves_the_weights(bench: Bench) -> None:
    out = run(bench, "flat", check=lambda problem, completion: Verdict("ok", 1.0, {}, "", "v", 1))
    before, after = (load(folder).model.state_dict() for folder in (bench.root / "base" / "model", out / "model"))
    assert all(torch.equal(before[name], after[name]) for name in before)
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [line["zero_variance"] for line in lines] == [1.0] * 4


def test_a_run_records_what_was_said_and_learns_from_its_own_log_probabilities(bench: Bench) -> None:
    out = run(bench, "rlvr")
    completions = list(read_records(out / "rollouts.parquet", Completion))
    verdicts = list(read_records(out / "verdicts.parquet", Verdict))
    assert len(completions) == len(verdicts) == 4 * 3 * 4
    assert [verdict.completion for verdict in verdicts] == [completion_id(completion) for completion in completions]
    assert [completion.policy_step for completion in completions] == [step for step in range(4) for _ in range(12)]
    assert (
        len({(c.policy_step, c.prompt_id, c.sample) for c in completions}) == len({c.seed for c in completions}) == 48
    )
    for completion in completions:
        assert (completion.finish_reason == "stop") == (completion.turns[-1].token_ids[-1] == EOS)
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    for line, start in zip(lines, range(0, 48, 12), strict=True):
        assert line["reward"] == pytest.approx(
            sum(verdict.reward or 0 for verdict in verdicts[start : start + 12]) / 12
        )
        assert line["mismatch"] < 1e-5  # sampling and training agree on what the policy thinks
    assert lines[0]["kl"] == pytest.approx(0, abs=1e-6) and lines[-1]["kl"] > 1e-6


@pytest.mark.parametrize("updates", [1, 2])
def test_a_kill_after_any_step_ends_in_the_same_bytes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, updates: int
) -> None:
    config = {**CONFIG, "updates_per_step": updates}
    whole = run(bench, "whole", config)
    assert bytes_of(run(bench, "twice", config)) == bytes_of(whole)
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(loop, "CHECKPOINT_SHARE", float("inf"))
    for allowed in range(1, 4):
        asked = 0

        def dies(problem: Problem, completion: Completion, allowed: int = allowed) -> Verdict:
            nonlocal asked
            asked += 1
            if asked > 12 * allowed + 5:
                raise KeyboardInterrupt
            return verify(problem, completion)

        with pytest.raises(KeyboardInterrupt):
            run(bench, f"killed{allowed}", config, dies)
        assert bytes_of(run(bench, f"killed{allowed}", config)) == bytes_of(whole)


def test_problems_come_in_permutations() -> None:
    prompts = [Prompt(problem, ()) for problem in problems(7)]
    order = [prompt.problem.ground_truth for step in range(7) for prompt in prompts_of_step(prompts, step, 3, seed=5)]
    assert all(sorted(order[start : start + 7]) == list(range(7)) for start in (0, 7, 14))
    assert order[:7] != order[7:14]


def test_a_problem_that_a_step_asks_twice_is_answered_anew() -> None:
    prompts = prompts_of_step([Prompt(problem, (9,)) for problem in problems(2)], 0, 4, seed=5)
    made = requests(prompts, 3, step=0, seed=5)
    assert [request.prompt_id for request in made] == [p.problem.content_id for p in prompts for _ in range(3)]
    assert len({(r.prompt_id, r.sample) for r in made}) == len({r.seed for r in made}) == 12
    assert [r.seed for r in made[:3]] == [r.seed for r in requests(prompts[:1], 3, step=0, seed=5)]


def test_no_problems_and_no_log_probabilities_are_said(bench: Bench) -> None:
    loaded = load(bench.inputs()["model"] / "model")
    with pytest.raises(Mistake, match="no problems"):
        rlvr.run(loaded, loaded, [], verify, engine, CONFIG, bench.resources("none"))
    silent = group([1, 0], 1)
    bare = tuple(Completion(c.prompt_id, c.sample, "m", 0, {}, 0, (Turn("hello"),), "stop") for c in silent.completions)
    with pytest.raises(Failure, match="no log-probabilities"):
        rlvr.rlvr_updates([Group(silent.prompt, bare, silent.verdicts)], CONFIG, None)
