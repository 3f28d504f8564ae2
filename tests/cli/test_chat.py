"""`postgrad chat` says what plain transformers would say, and knows which model was asked for."""

import io
import json
from pathlib import Path

import pytest
import torch
from models.making import write_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from postgrad.cli.main import main


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A run folder with two different models: that of stage sft, and the final one."""
    run = tmp_path / "run"
    write_model(run / "model", seed=1)
    write_model(tmp_path / "artifact" / "model", seed=2)
    (run / "stages").mkdir()
    (run / "stages" / "sft").symlink_to(tmp_path / "artifact")
    (run / "run.json").write_text(
        json.dumps(
            {
                "format": 2,
                "store": "../.store",
                "recipe": {"template": "tulu", "evaluate": {"temperature": 0.0}},
                "stages": {"sft": {"kind": "sft"}, "pairs": {"kind": "prefer"}},
            }
        )
    )
    return run


def greedy(folder: Path, text: str, tokens: int = 12) -> str:
    """transformers, alone: no cache of ours, no template of ours."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(text, return_tensors="pt", add_special_tokens=False).input_ids
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        out = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=tokens)
    return str(tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True))


@pytest.mark.parametrize(("stage", "folder"), [([], "model"), (["--stage", "sft"], "stages/sft/model")])
def test_one_answer_is_the_models_own(
    finished: Path, capsys: pytest.CaptureFixture[str], stage: list[str], folder: str
) -> None:
    assert main(["chat", str(finished), *stage, "--prompt", "hello there", "--max-tokens", "12"]) == 0
    wanted = greedy(finished / folder, "<|user|>\nhello there\n<|assistant|>\n")
    assert capsys.readouterr().out == wanted + "\n"


def test_a_conversation_goes_on_until_it_is_ended(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("hello\n\n/new\nhello\n/quit\nnever\n"))
    assert main(["chat", str(finished), "--max-tokens", "4"]) == 0
    answer = greedy(finished / "model", "<|user|>\nhello\n<|assistant|>\n", 4)
    assert capsys.readouterr().out == f"{answer}\n" * 2  # after /new the same question, the same answer
    monkeypatch.setattr("sys.stdin", io.StringIO("hello\n" + "word " * 600 + "\nhello\n"))
    assert main(["chat", str(finished), "--max-tokens", "4"]) == 0  # the end of the input ends it
    assert "beginning anew" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("stage", "line"),
    [("sfft", "no stage sfft with a model; did you mean sft?"), ("pairs", "no stage pairs with a model; known: sft")],
)
def test_a_stage_without_a_model_is_a_mistake(
    finished: Path, capsys: pytest.CaptureFixture[str], stage: str, line: str
) -> None:
    assert main(["chat", str(finished), "--stage", stage]) == 2
    assert capsys.readouterr().err == f"{finished}: {line}\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--temperature", "nan"], "temperature is nan; use 0 (greedy), or 0.001 to 1000"),
        (["--temperature", "1e-300"], "temperature is 1e-300; use 0 (greedy), or 0.001 to 1000"),
        (["--seed", "9" * 23], "is no whole number of at most 18 digits"),
        (["--seed", "-1"], "-1 is no whole number"),
        (["--prompt", "\udcff\udcfe"], "\ufffd\ufffd is not UTF-8; use another name or text"),
    ],
)
def test_options_that_no_answer_can_be_drawn_by_are_mistakes(
    finished: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert main(["chat", str(finished), "--prompt", "hello", *options]) == 2
    shown = capsys.readouterr()
    assert said in shown.err and shown.err.count("\n") == 1 and shown.out == ""
