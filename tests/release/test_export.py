"""The exported folder as a stranger uses it: plain transformers, no postgrad."""

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer as FastTokenizer
from tokenizers import models, pre_tokenizers
from tokenizers.decoders import ByteLevel
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from postgrad.chat import Tokenizer, template
from postgrad.models.load import load, save
from postgrad.pipeline import Step, Store, execute, write_run
from postgrad.release.export import export
from postgrad.support.errors import Failure, Mistake

MESSAGES = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "What is 2 + 2?"},
    {"role": "assistant", "content": "4."},
    {"role": "user", "content": "And ½ of it? <|user|>"},
]
RECIPE = {
    "name": "tiny | run",
    "base_model": "tiny",
    "seed": 3,
    "template": "tulu",
    "sources": {"forum": {"licence": "CC-BY-SA-4.0"}},
    "stages": [{"name": "sft", "kind": "sft"}, {"name": "pairs", "kind": "prefer"}],
}


def tiny(folder: Path) -> None:
    """A byte-level tokenizer and a Llama of a few thousand parameters, saved by transformers alone."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    fast = FastTokenizer(models.BPE({token: index for index, token in enumerate(alphabet)}, []))
    fast.pre_tokenizer, fast.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=fast, eos_token="<|endoftext|>", pad_token="<|pad|>")
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)


def make_base(inputs: object, config: dict[str, object], resources: object) -> None:
    tiny(resources.out / "model")  # type: ignore[attr-defined]
    (resources.out / "about.json").write_text('{"licence": "MIT", "parameters": 12345}')  # type: ignore[attr-defined]


def make_sft(inputs: dict[str, Path], config: dict[str, object], resources: object) -> None:
    save(load(inputs["base"] / "model"), resources.out / "model", template=template("tulu"))  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    store = Store(folder / "store")
    base = Step("base", make_base, {}, {}, version=1)
    sft = Step("sft", make_sft, {}, {"base": base}, version=1, stage="sft")
    artifacts = execute([base, sft], store)
    write_run(
        folder / "run", store, [base, sft], artifacts, {"recipe": RECIPE, "seal": {"head": "abc", "opened": False}}
    )
    score = {"task": "sums", "capability": "math", "split": "development", "metric": "accuracy", "n": 10}
    (folder / "run" / "scores.json").write_text(
        json.dumps(
            {
                "scores": [
                    {**score, "stage": "base", "value": 0.1, "low": 0.0, "high": 0.3},
                    {**score, "stage": "sft", "value": 0.5, "low": 0.3, "high": 0.7},
                ],
                "comparisons": [
                    {
                        "from": "base",
                        "to": "sft",
                        "task": "sums",
                        "split": "development",
                        "metric": "accuracy",
                        "difference": 0.4,
                        "low": 0.1,
                        "high": 0.6,
                        "p_value": 0.01,
                        "n": 10,
                        "test": "McNemar",
                    }
                ],
            }
        )
    )
    export(folder / "run")
    return folder / "run"


def test_transformers_loads_it_and_chats_alike(run: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(run / "model")
    ours = Tokenizer.load(run / "model")
    for messages, prompt in ((MESSAGES, True), (MESSAGES[:3], False)):
        theirs = tokenizer.apply_chat_template(messages, add_generation_prompt=prompt, tokenize=True, return_dict=True)[
            "input_ids"
        ]
        assert list(theirs) == list(template("tulu").encode(messages, ours, generation_prompt=prompt).ids)
    model = AutoModelForCausalLM.from_pretrained(run / "model")
    saved = AutoModelForCausalLM.from_pretrained((run / "stages" / "sft").resolve() / "model")
    for ours_value, theirs_value in zip(model.state_dict().values(), saved.state_dict().values(), strict=True):
        assert torch.equal(ours_value, theirs_value)
    inputs = torch.tensor([theirs])
    assert model.generate(inputs, max_new_tokens=3).shape[1] <= inputs.shape[1] + 3


def test_generation_stops_and_pads_by_the_tokenizer(run: Path) -> None:
    tokenizer, settings = AutoTokenizer.from_pretrained(run / "model"), GenerationConfig.from_pretrained(run / "model")
    ends = settings.eos_token_id if isinstance(settings.eos_token_id, list) else [settings.eos_token_id]
    assert tokenizer.eos_token_id in ends
    assert settings.pad_token_id == tokenizer.pad_token_id


def test_nothing_that_runs_code_is_carried(run: Path) -> None:
    assert {path.suffix for path in (run / "model").iterdir()} <= {".safetensors", ".json", ".jinja", ".md"}


def test_the_card_says_what_is_on_record(run: Path) -> None:
    card = (run / "model" / "README.md").read_text()
    assert card.startswith("---\n") and 'license: "other"' in card
    assert "| sums | math | development | accuracy | sft | 50.0 | 30.0 to 70.0 | 10 |" in card
    assert "+40.0" in card and "forum (CC-BY-SA-4.0)" in card and "Unseen tasks were not opened." in card
    assert "# tiny \\| run" in card and "12\u202f345 parameters" in card
    artifact = json.loads((run / "run.json").read_text())["stages"]["sft"]["artifact"]
    assert artifact in card


def test_a_second_export_leaves_the_folder_alone_and_a_changed_one_replaces_it(run: Path) -> None:
    before = (run / "model").stat().st_ino
    assert export(run) == run / "model"
    assert (run / "model").stat().st_ino == before
    (run / "model" / "stray.bin").write_bytes(b"x")
    export(run)
    assert not (run / "model" / "stray.bin").exists()
    assert [path.name for path in run.iterdir() if path.name.startswith(".model")] == []


def test_what_a_killed_export_left_is_cleared_away(run: Path) -> None:
    made = export(run)
    halves = run / ".model.half-dead" / "old"
    halves.mkdir(parents=True)
    (halves / "config.json").write_text("{}")
    assert export(run) == made
    assert sorted(path.name for path in run.iterdir() if path.name.startswith(".model")) == []


def test_mistakes_are_one_line(run: Path, tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="no step 'nosuch'"):
        export(run, tmp_path / "out", stage="nosuch")
    record = json.loads((run / "run.json").read_text())
    record["recipe"]["stages"], record["store"] = [], str((run / record["store"]).resolve())
    (tmp_path / "run.json").write_text(json.dumps(record))
    with pytest.raises(Mistake, match="no stage of this run has made weights"):
        export(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(Failure, match="cannot be read"):
        export(tmp_path)
    assert not (tmp_path / "out").exists()
