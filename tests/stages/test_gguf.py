"""A base model that comes as a .gguf file, the way llama.cpp writes it, is the same model as the folder."""

import json
from pathlib import Path

import torch
from gguf import GGUFWriter, TokenType
from safetensors.torch import load_file

from postgrad.models import load as load_model
from postgrad.pipeline import Store, execute
from postgrad.recipe import load
from postgrad.stages.plan import base_step
from postgrad.stages.shipped import shipped

from .making import Place

HEADS, KEY_HEADS = 4, 2
NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}  # fmt: skip


def interleaved(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """The order of rows in which llama.cpp keeps queries and keys of a Llama (convert_hf_to_gguf.py, `permute`)."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def write_gguf(base: Path, path: Path) -> None:
    said = json.loads((base / "config.json").read_text())
    writer = GGUFWriter(path, "llama")
    writer.add_block_count(said["num_hidden_layers"])
    writer.add_context_length(said["max_position_embeddings"])
    writer.add_embedding_length(said["hidden_size"])
    writer.add_feed_forward_length(said["intermediate_size"])
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_layer_norm_rms_eps(said["rms_norm_eps"])
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(said["vocab_size"])
    writer.add_string("general.license", "apache-2.0")
    model = json.loads((base / "tokenizer.json").read_text())
    tokens = sorted(model["model"]["vocab"].items(), key=lambda item: item[1])
    special = {token["content"] for token in model["added_tokens"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([text for text, _ in tokens])
    writer.add_token_types([TokenType.CONTROL if text in special else TokenType.NORMAL for text, _ in tokens])
    writer.add_token_merges([" ".join(pair) for pair in model["model"]["merges"]])
    writer.add_eos_token_id(0)
    writer.add_pad_token_id(1)
    for name, weight in load_file(base / "model.safetensors").items():
        if name.startswith("model.layers."):
            _, _, layer, part = name.removesuffix(".weight").split(".", 3)
            heads = {"self_attn.q_proj": HEADS, "self_attn.k_proj": KEY_HEADS}.get(part)
            weight = interleaved(weight, heads) if heads else weight
            target = f"blk.{layer}.{NAMES[part]}.weight"
        else:
            target = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}[name]
        writer.add_tensor(target, weight.contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_a_gguf_base_is_the_same_model_as_its_folder(place: Place, base: Path) -> None:
    write_gguf(base, place.folder / "tiny.gguf")
    store = Store(place.store)
    logits, about = {}, {}
    for name in ("base", "tiny.gguf"):
        recipe = load(str(place.recipe), (f"base_model={place.folder / name}",), shipped())
        made = execute([base_step(recipe)], store)["base"].folder
        loaded = load_model(made / "model", attention="sdpa")
        about[name] = json.loads((made / "about.json").read_text())
        with torch.no_grad():
            logits[name] = loaded.model(torch.tensor([loaded.tokenizer.encode("Tam has 3 pears")])).logits
    torch.testing.assert_close(logits["tiny.gguf"], logits["base"], rtol=1e-5, atol=1e-6)
    assert about["tiny.gguf"]["origin"] == {"kind": "gguf", "name": "tiny.gguf"}
    assert (about["tiny.gguf"]["licence"], about["tiny.gguf"]["plain"]) == ("apache-2.0", True)
