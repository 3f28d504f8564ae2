"""The native engine against plain transformers: the same tokens and log-probabilities, whatever shares the batch."""

from typing import Any

import pytest
import torch
from transformers import Olmo2Config, Olmo2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

from generation.making import EOS, VOCABULARY, Letters, Loaded, llama, requests
from postgrad.generation.native import NativeEngine
from postgrad.generation.protocol import Request, Sampling
from postgrad.records.types import Completion
from postgrad.support.errors import Mistake


def ids_of(completions: list[Completion]) -> list[tuple[int, ...]]:
    return [completion.turns[0].token_ids for completion in completions]


def plain(model: Any, request: Request, limit: int, ends: list[int]) -> tuple[int, ...]:
    made = model.generate(
        torch.tensor([request.ids]), max_new_tokens=limit, do_sample=False, eos_token_id=ends, pad_token_id=0)
    return tuple(made[0, len(request.ids) :].tolist())


@pytest.mark.parametrize("slots", [1, 7, 64])
def test_greedy_is_transformers_generate_token_for_token(loaded: Loaded, slots: int) -> None:
    asked = requests(60 if slots > 1 else 12)
    ends = [EOS, 11, 12, 13]  # enough ends that some rows stop early and others do not
    completions = NativeEngine(loaded, "k", slots).generate(
        asked, Sampling(temperature=0, max_tokens=25, stop_ids=(11, 12, 13)))
    assert ids_of(completions) == [plain(loaded.model, request, 25, ends) for request in asked]
    reasons = [completion.finish_reason for completion in completions]
    assert reasons == ["stop" if ids[-1] in ends else "length" for ids in ids_of(completions)]
    assert set(reasons) == {"stop", "length"}


@pytest.mark.parametrize("kind", ["olmo2", "qwen3", "sliding"])
def test_other_architectures_run_through_their_own_forward(kind: str) -> None:
    shape = dict(
        vocab_size=VOCABULARY, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=128, initializer_range=0.3, eos_token_id=EOS, pad_token_id=0)
    torch.manual_seed(1)
    if kind == "olmo2":
        model: Any = Olmo2ForCausalLM(Olmo2Config(**shape)).eval()
    else:
        more = dict(use_sliding_window=True, sliding_window=5, max_window_layers=1) if kind == "sliding" else {}
        model = Qwen3ForCausalLM(Qwen3Config(**shape, head_dim=8, **more)).eval()
    asked = requests(12, seed=2)
    completions = NativeEngine(Loaded(model, Letters()), "k", 5).generate(asked, Sampling(temperature=0, max_tokens=20))
    assert ids_of(completions) == [plain(model, request, 20, [EOS]) for request in asked]


def test_log_probabilities_are_those_of_a_plain_forward() -> None:
    model, exact = llama(initializer_range=0.1), llama(initializer_range=0.1).double()
    asked = requests(40, group=4)
    sampling = Sampling(temperature=0.7, max_tokens=20)
    completions = NativeEngine(Loaded(model, Letters()), "k", 9).generate(asked, sampling)
    for request, completion in zip(asked, completions, strict=True):
        turn = completion.turns[0]
        for judge in (model, exact):
            with torch.no_grad():
                logits = judge(torch.tensor([request.ids + turn.token_ids])).logits[0, len(request.ids) - 1 : -1]
            for temperature, said in ((1.0, turn.policy_logprobs), (0.7, turn.logprobs)):
                scores = torch.log_softmax(logits / temperature, -1)
                expected = scores.gather(-1, torch.tensor(turn.token_ids)[:, None])[:, 0]
                assert torch.allclose(torch.tensor(said, dtype=expected.dtype), expected, atol=1e-5, rtol=0)


def test_the_same_seeds_give_the_same_answers_whatever_the_batch(loaded: Loaded) -> None:
    asked, sampling = requests(40, group=4), Sampling(max_tokens=20)
    together = NativeEngine(loaded, "k", 16).generate(asked, sampling)
    assert together == NativeEngine(loaded, "k", 16).generate(asked, sampling)
    alone = [NativeEngine(loaded, "k", 1).generate([request], sampling)[0] for request in asked]
    assert ids_of(together) == ids_of(alone)
    assert len(set(ids_of(together))) > 35


def test_answers_come_in_the_order_asked_with_their_own_names(loaded: Loaded) -> None:
    asked = requests(30, group=3)
    counted: list[tuple[int, int]] = []
    completions = NativeEngine(loaded, "weights", 4, policy_step=3).generate(
        asked, Sampling(max_tokens=9), lambda rows, tokens: counted.append((rows, tokens)))
    assert [(c.prompt_id, c.sample, c.seed) for c in completions] == [(r.prompt_id, r.sample, r.seed) for r in asked]
    assert all(c.model_key == "weights" and c.policy_step == 3 for c in completions)
    assert sum(rows for rows, _ in counted) == 30
    assert sum(tokens for _, tokens in counted) == sum(map(len, ids_of(completions)))


@pytest.mark.parametrize("stop", [("m",), ("xy", "f"), ("£q",)])
def test_a_stop_string_ends_a_text_where_it_first_occurs(loaded: Loaded, stop: tuple[str, ...]) -> None:
    asked = requests(40)
    free = NativeEngine(loaded, "k", 8).generate(asked, Sampling(max_tokens=30))
    stopped = NativeEngine(loaded, "k", 8).generate(asked, Sampling(max_tokens=30, stop=stop))
    for without, with_stop in zip(free, stopped, strict=True):
        text, places = without.text, [place for s in stop if (place := without.text.find(s)) >= 0]
        # The first stop string to be complete is what ends a text.
        ends = [text.find(s) + len(s) for s in stop if s in text]
        if places:
            assert with_stop.finish_reason == "stop"
            assert with_stop.turns[0].token_ids == without.turns[0].token_ids[: min(ends)]
            assert not any(s in with_stop.text for s in stop)
            assert text.startswith(with_stop.text)
        else:
            assert (with_stop.text, ids_of([with_stop])) == (text, ids_of([without]))


def test_an_answer_ends_where_the_model_can_read_no_further() -> None:
    loaded = Loaded(llama(max_position_embeddings=24), Letters())
    asked = [Request("long", tuple(range(3, 23)), 0, 1), Request("short", (5, 6), 0, 1)]
    long, short = NativeEngine(loaded, "k", 2).generate(asked, Sampling(temperature=0, max_tokens=10, stop_ids=()))
    assert ids_of([long, short]) == [plain(loaded.model, asked[0], 4, [EOS]), plain(loaded.model, asked[1], 10, [EOS])]
    assert len(long.turns[0].token_ids) == 4 and long.finish_reason == "length"
    with pytest.raises(Mistake, match="24 tokens, and the model reads 24"):
        NativeEngine(loaded, "k", 2).generate([Request("p", tuple(range(3, 27)), 0, 1)], Sampling())
    with pytest.raises(Mistake, match="prompt p: is empty"):
        NativeEngine(loaded, "k", 2).generate([Request("p", (), 0, 1)], Sampling())


@pytest.mark.parametrize("stop", [(), ("f", "xyz"), ("bc",)])
def test_a_stream_joined_is_what_generate_says(loaded: Loaded, stop: tuple[str, ...]) -> None:
    engine = NativeEngine(loaded, "k", 4)
    for request in requests(12, seed=5):
        sampling = Sampling(max_tokens=20, stop=stop)
        pieces = list(engine.stream(request.ids, sampling, request.seed))
        assert "".join(pieces) == engine.generate([request], sampling)[0].text


def test_the_model_is_left_as_it_was(loaded: Loaded) -> None:
    model = llama(attention_dropout=0.5)
    model.train()
    before = model.config._attn_implementation
    asked = requests(6)
    with_dropout = NativeEngine(Loaded(model, Letters()), "k", 4).generate(asked, Sampling(temperature=0, max_tokens=8))
    assert model.training and model.config._attn_implementation == before
    assert ids_of(with_dropout) == ids_of(
        NativeEngine(loaded, "k", 4).generate(asked, Sampling(temperature=0, max_tokens=8)))
    loss = model(torch.tensor([[3, 4, 5]]), labels=torch.tensor([[3, 4, 5]])).loss
    loss.backward()
    assert model.model.embed_tokens.weight.grad is not None


def test_no_requests_no_answers(loaded: Loaded) -> None:
    assert NativeEngine(loaded, "k", 4).generate([], Sampling()) == []
