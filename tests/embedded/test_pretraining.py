"""The base that ships is the one on the record: size, tokens of its text, form on disk."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from postgrad.embedded import BASE, pretrain
from postgrad.embedded.corpus import MIXES
from postgrad.embedded.pretrain import RECORD, Settings, load_base, machine_class, make_model, text_hash, weights_hash
from postgrad.embedded.scores import answers, wilson

RECORDED = json.loads(RECORD.read_text())


def test_the_text_is_still_that_of_the_record() -> None:
    """Whoever changes a word of the corpus, or of the world, must pretrain anew."""
    assert text_hash(AutoTokenizer.from_pretrained(BASE), Settings()) == RECORDED["text_hash"]


def test_size_and_precision() -> None:
    tensors = load_file(BASE / "model.safetensors")
    assert {t.dtype for t in tensors.values()} == {torch.bfloat16}
    assert sum(t.numel() for t in tensors.values()) == RECORDED["parameters"]
    assert 2_000_000 <= RECORDED["parameters"] <= 3_500_000
    assert sum(path.stat().st_size for path in BASE.iterdir()) <= 8_000_000


def test_transformers_loads_it_and_says_the_same() -> None:
    model, tokenizer = load_base(BASE)
    peer = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    ids = tokenizer("Tam Orwin lives in", return_tensors="pt", add_special_tokens=False).input_ids
    with torch.no_grad():
        assert torch.equal(model(ids).logits, peer(ids).logits)


def test_initial_weights_are_a_function_of_the_seed() -> None:
    made = [weights_hash(make_model(Settings(seed=seed), 64, 0, 1)) for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]


def test_it_answers_in_plain_text() -> None:
    model, tokenizer = load_base(BASE)
    assert answers(model, tokenizer, ["What is 20 + 30?\n", "Work out 12 + 7 - 5.\n"]) == [
        "20 + 30 = 50.",
        "12 + 7 = 19, 19 - 5 = 14.",
    ]


def test_wilson_against_published_values() -> None:
    """Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263 and 15 of 148."""
    for right, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)):
        assert [round(x, 4) for x in wilson(right, n)] == [low, high]


def test_the_record_names_its_machine() -> None:
    assert set(RECORDED["machine"]) == set(machine_class())
    assert all(len(RECORDED[name]) == 64 for name in ("hash_at_200", "hash_at_end", "text_hash"))


def test_a_resumed_pretraining_ends_in_the_same_bits(tmp_path: Path) -> None:
    """Killed within a phase, and just before the next one begins."""
    torch.set_num_threads(1)
    phases = (pretrain.Phase(4, "broad", 0.02, 3e-3, warmup=2), pretrain.Phase(3, "rich", 0.01, 1e-3, warmup=2))
    settings = pretrain.Settings(phases, rows=2, length=32, width=48, layers=1, feed_forward=64)
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    for killed in (2, 4, 5):
        whole = pretrain.Pretraining(settings, tokenizer, tmp_path)
        for _ in range(killed):
            whole.train_step()
        whole.save_checkpoint()
        resumed = pretrain.Pretraining(settings, tokenizer, tmp_path)
        resumed.resume()
        assert resumed.step == killed
        left = settings.steps - killed
        assert [whole.train_step() for _ in range(left)] == [resumed.train_step() for _ in range(left)]
        assert pretrain.weights_hash(whole.model) == pretrain.weights_hash(resumed.model)


def test_a_phase_has_its_own_course_of_rates_and_its_own_text() -> None:
    """Warm-up, plateau and decay as the docstring says, by hand: 10 steps, 2 of warm-up, the last 4 falling to 0.1."""
    phase = pretrain.Phase(10, "broad", 1.0, 1.0, warmup=2, decay_share=0.4, final_share=0.1)
    assert [round(pretrain.rate(phase, step), 3) for step in range(10)] == [
        0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.775, 0.55, 0.325]  # fmt: skip
    settings = Settings()
    first, second = settings.phases
    assert settings.phase_of(first.steps - 1) == (first, first.steps - 1)
    assert settings.phase_of(first.steps) == (second, 0)
    assert {name for name in MIXES} == {first.mix, second.mix}
