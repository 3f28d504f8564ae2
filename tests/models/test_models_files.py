"""Saving, loading and importing: read back by plain transformers, whole or not there, and clear about what is wrong."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from models.making import EOS, PAD, write_model
from postgrad.chat import template
from postgrad.models import load, save, weights_hash
from postgrad.models.base import import_base
from postgrad.support.errors import Failure, Mistake

MESSAGES = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "world"}]


def edit(path: Path, **changes: Any) -> None:
    said = json.loads(path.read_text())
    path.write_text(json.dumps({key: value for key, value in {**said, **changes}.items() if value is not None}))


@pytest.mark.parametrize("name", ["tulu", "chatml"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_saved_model_is_read_by_transformers_with_template_and_settings(
    tmp_path: Path, name: str, dtype: torch.dtype
) -> None:
    loaded, chosen = load(write_model(tmp_path / "base")), template(name)
    save(loaded, tmp_path / "saved", template=chosen, dtype=dtype)
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "saved", dtype="auto")
    assert model.dtype == dtype
    ids = torch.arange(5, 25)[None]
    with torch.no_grad():
        torch.testing.assert_close(model(ids).logits.float(), loaded.model(ids).logits,
                                   rtol=0, atol=0 if dtype == torch.float32 else 0.5)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "saved")
    theirs = tokenizer.apply_chat_template(MESSAGES, return_dict=False)
    assert theirs == chosen.encode(MESSAGES, loaded.tokenizer).ids
    assert model.generation_config.eos_token_id == list(dict.fromkeys([chosen.end_id(loaded.tokenizer), EOS]))
    assert model.generation_config.pad_token_id == PAD
    assert "lm_head.weight" not in load_file(tmp_path / "saved" / "model.safetensors")  # tied: stored once


def test_saving_twice_gives_the_same_bytes_and_the_hash_names_them(tmp_path: Path) -> None:
    loaded = load(write_model(tmp_path / "base"))
    for name in ("one", "two"):
        save(loaded, tmp_path / name, template=template("tulu"))
    assert {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
    again = load(tmp_path / "one")
    assert weights_hash(again.model) == weights_hash(loaded.model)
    with torch.no_grad():
        again.model.base_model.norm.weight[0] += 1e-6
    assert weights_hash(again.model) != weights_hash(loaded.model)


def test_a_failed_save_leaves_nothing(tmp_path: Path) -> None:
    loaded = load(write_model(tmp_path / "base"))
    (loaded.folder / "tokenizer_config.json").write_text("{broken")
    with pytest.raises(ValueError):
        save(loaded, tmp_path / "saved", template=template("tulu"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base"]


def test_faulty_folders_are_said_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"no config\.json"):
        load(tmp_path)
    folder = write_model(tmp_path / "cut")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(Failure, match="cannot be loaded"):
        load(folder)
    with pytest.raises(Failure, match="cannot be read"):
        import_base(str(folder), tmp_path / "out")
    assert not (tmp_path / "out" / "model").exists()


@pytest.mark.parametrize("spec", ["no/such-model", "/no/such/path", "notes.txt"])
def test_a_base_that_is_not_there_is_a_mistake_with_its_mend(
    tmp_path: Path, spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(Mistake, match=r"fetch it first|name a model folder"):
        import_base(spec, tmp_path / "out")


def test_a_complete_base_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "base")
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    import_base(str(folder), tmp_path / "out", template=template("chatml"))
    about = json.loads((tmp_path / "out" / "about.json").read_text())
    assert about == {
        "origin": {"kind": "folder", "name": "base"},
        "licence": "apache-2.0",
        "plain": True,
        "changes": [],
        "parameters": load(folder).parameters,
    }
    assert weights_hash(load(tmp_path / "out" / "model").model) == weights_hash(load(folder).model)


def test_padding_is_never_the_end_token_and_new_tokens_get_embeddings(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "base")
    edit(folder / "tokenizer_config.json", pad_token="<eos>")
    said = json.loads((folder / "tokenizer.json").read_text())
    for name in ("<|im_start|>", "<|im_end|>", "<pad>"):
        said["model"]["vocab"][name.replace("<", "w")] = said["model"]["vocab"].pop(name)
    said["added_tokens"] = [token for token in said["added_tokens"] if token["content"] in ("<eos>", "<bos>")]
    (folder / "tokenizer.json").write_text(json.dumps(said))
    size = len(said["model"]["vocab"])
    edit(folder / "config.json", vocab_size=size)
    before = load_file(folder / "model.safetensors")["model.embed_tokens.weight"][:size]
    from safetensors.torch import save_file
    weights = load_file(folder / "model.safetensors") | {"model.embed_tokens.weight": before.clone()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})

    import_base(str(folder), tmp_path / "out", template=template("chatml"))
    about = json.loads((tmp_path / "out" / "about.json").read_text())
    assert "pad_token was the end token: now <|pad|>" in about["changes"]
    assert f"embeddings: 3 rows added to {size}" in about["changes"]
    made = load(tmp_path / "out" / "model")
    assert made.tokenizer.pad_id != made.tokenizer.eos_id == EOS
    embedding = made.model.get_input_embeddings().weight
    assert torch.equal(embedding[:size], before)
    torch.testing.assert_close(embedding[size:], before.mean(0).expand(3, -1))
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out" / "model")
    assert (tokenizer.pad_token, tokenizer.eos_token) == ("<|pad|>", "<eos>")
    assert template("chatml").end_id(made.tokenizer) < embedding.shape[0]


def test_a_missing_end_token_is_taken_from_the_config(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "base")
    edit(folder / "tokenizer_config.json", eos_token=None)
    import_base(str(folder), tmp_path / "out")
    assert load(tmp_path / "out" / "model").tokenizer.eos_id == EOS


def test_an_architecture_whose_logits_are_not_plain_is_refused(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "base")
    edit(folder / "config.json", final_logit_softcapping=30.0)
    with pytest.raises(Mistake, match="changes its logits"):
        load(folder)


def test_a_gguf_file_becomes_a_plain_model(tmp_path: Path) -> None:
    found = sorted(Path(os.environ.get("POSTGRAD_TEST_DATA", "/nonexistent")).rglob("*.gguf"))
    if not found:
        pytest.skip("no .gguf below POSTGRAD_TEST_DATA")
    import_base(str(found[0]), tmp_path / "out", template=template("chatml"))
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "out" / "model")
    assert not hasattr(model.config, "quantization_config") and model.dtype == torch.float32
    about = json.loads((tmp_path / "out" / "about.json").read_text())
    assert about["origin"]["kind"] == "gguf" and about["parameters"] == model.num_parameters()

