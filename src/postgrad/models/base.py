"""Import a base model: a folder, a hub id from the local cache, or a .gguf file becomes a folder that the other steps
can trust.

Afterwards the tokenizer has an end token and a padding token of its own (padding is never the end token: a trainer that
masks padding would otherwise never teach a model to stop), the special tokens of the run's template exist, and every id
has an embedding. What was done is in `about.json`. Nothing is fetched from a network and no code from the model is run.

    OUT/model/       config.json, model.safetensors, tokenizer.json, tokenizer_config.json, generation_config.json
    OUT/about.json   {origin: {kind, name}, licence, parameters, plain, changes}
"""

import json
import re
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import torch
from gguf import GGUFReader
from huggingface_hub import snapshot_download
from safetensors import SafetensorError
from tokenizers import AddedToken
from tokenizers import Tokenizer as FastTokenizer
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

from postgrad.chat import Template, Tokenizer
from postgrad.models.load import edit_json, load, write_companions
from postgrad.support.errors import Failure, Mistake
from postgrad.support.files import whole_folder, write_atomically

HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
PAD_NAMES = ("<|pad|>", "<|finetune_right_pad_id|>", "<pad>", "[PAD]", "<|padding|>", "<|endoftext|>")
EOS_NAMES = ("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|im_end|>")
MEND = "name a model folder, a .gguf file, or the id of a model in the local Hugging Face cache"


def import_base(spec: str, out: Path, *, template: Template | None = None, licence: str | None = None) -> None:
    """Write `out/model` and `out/about.json` for the base model that `spec` names.

    `template`: its special tokens are added if the tokenizer lacks them. `licence`: as the user says; else the model's
    own card or metadata, else "unknown". Mistake if there is no such model here; Failure if it is there and cannot be
    read.
    """
    path = Path(spec).expanduser()
    if path.is_file():
        if path.suffix != ".gguf":
            raise Mistake("is a file but no .gguf", where=spec, mend=MEND)
        kind, read, source = "gguf", _read_gguf, path
    elif path.is_dir():
        kind, read, source = "folder", _read_folder, path
    else:
        kind, read, source = "hub", _read_folder, _cached(spec)
    with whole_folder(out / "model") as folder:
        plain = read(source, folder)
        changes = _complete_tokens(folder, template)
        parameters = _complete_embeddings(folder, changes)
    said = licence or (_gguf_licence(source) if kind == "gguf" else _card_licence(source)) or "unknown"
    about = {"origin": {"kind": kind, "name": spec if kind == "hub" else path.name}, "licence": said,
             "parameters": parameters, "plain": plain, "changes": changes}
    write_atomically(out / "about.json", (json.dumps(about, indent=2, sort_keys=True) + "\n").encode())


def _cached(spec: str) -> Path:
    """The snapshot of a hub id in the local cache."""
    if not HUB_ID.fullmatch(spec):
        raise Mistake("no such file or folder", where=spec, mend=MEND)
    try:
        return Path(snapshot_download(spec, local_files_only=True))
    except (OSError, ValueError) as error:
        raise Mistake("is neither a path nor in the local Hugging Face cache", where=f"base_model {spec}",
                      mend=f"fetch it first (`hf download {spec}`); postgrad downloads nothing by itself") from error


def _read_folder(source: Path, folder: Path) -> bool:
    """Write weights and tokenizer of a transformers folder; returns whether it is a plain base (has no chat
    template).
    """
    if not (source / "config.json").is_file():
        raise Mistake("is not a model folder (no config.json)", where=str(source), mend=MEND)
    if not any(source.glob("*.safetensors")):
        raise Mistake(
            "has no weights in safetensors", where=str(source), mend="save the model again with transformers 5"
        )
    try:
        config = AutoConfig.from_pretrained(source, local_files_only=True, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            source, config=config, dtype="auto", local_files_only=True, use_safetensors=True, trust_remote_code=False)
        older = not (source / "tokenizer.json").is_file()  # transformers makes the fast one from it
        tokenizer = (
            AutoTokenizer.from_pretrained(source, local_files_only=True, trust_remote_code=False) if older else None)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise Failure(
            f"cannot be read ({_line(error)})", where=str(source), mend="copy or save the model again"
        ) from error
    model.save_pretrained(folder)
    if tokenizer is not None:
        tokenizer.save_pretrained(folder)
    origin = folder if older else source
    said = json.loads(path.read_text()) if (path := origin / "tokenizer_config.json").is_file() else {}
    plain = not (source / "chat_template.jinja").is_file() and "chat_template" not in said
    if origin is source:
        for name in ("tokenizer.json", "tokenizer_config.json"):
            if (path := source / name).is_file():
                (folder / name).write_bytes(path.read_bytes())
    return plain


def _read_gguf(source: Path, folder: Path) -> bool:
    """Write dequantised float32 weights and the tokenizer of a GGUF file; returns whether it is a plain base.

    The weights go into a model made from the file's own settings, since `from_pretrained(gguf_file=…)` would want
    accelerate and leave a quantisation in the config.
    """
    where: dict[str, Any] = {"gguf_file": source.name, "local_files_only": True}
    try:
        tokenizer = AutoTokenizer.from_pretrained(source.parent, **where)
        model = AutoModelForCausalLM.from_config(
            AutoConfig.from_pretrained(source.parent, **where), dtype=torch.float32
        )
        with redirect_stderr(StringIO()):  # its own progress bar
            tensors = load_gguf_checkpoint(str(source), True, model, torch.float32)["tensors"]
        missing = set(model.load_state_dict(tensors, strict=False).missing_keys)
    except (OSError, ValueError, KeyError, RuntimeError, NotImplementedError) as error:
        raise Failure(
            f"cannot be read as GGUF ({_line(error)})", where=str(source), mend="check the file's hash"
        ) from error
    if model.config.tie_word_embeddings:
        model.tie_weights()
        missing -= {"lm_head.weight"}
    if missing:
        raise Failure(
            f"lacks {', '.join(sorted(missing)[:3])}", where=str(source), mend="use another file of this model"
        )
    for name in ("quantization_config", "_name_or_path"):  # the file's form and place, not the model's
        model.config.__dict__.pop(name, None)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return not getattr(tokenizer, "chat_template", None)


def _complete_tokens(folder: Path, template: Template | None) -> list[str]:
    """Give the tokenizer in `folder` the tokens that it lacks; returns what was done, a line each."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise Mistake(
            "has no tokenizer that transformers can make fast", where=str(folder), mend="use another base model"
        )
    fast = FastTokenizer.from_file(str(path))
    config_path = folder / "tokenizer_config.json"
    said: dict[str, Any] = json.loads(config_path.read_text()) if config_path.is_file() else {}
    changes: list[str] = []

    def named(role: str) -> str | None:
        token = said.get(f"{role}_token")
        text = token.get("content") if isinstance(token, dict) else token
        return text if isinstance(text, str) and fast.token_to_id(text) is not None else None

    def ensure(text: str) -> None:
        if fast.token_to_id(text) is None:
            fast.add_special_tokens([AddedToken(text, special=True, normalized=False)])
            changes.append(f"added the special token {text}")

    def give(role: str, names: tuple[str, ...], not_this: str | None) -> None:
        known = named(role)
        if known is not None and known != not_this:
            return
        text = next((name for name in names if name != not_this and fast.token_to_id(name) is not None), names[0])
        if text == not_this:
            text = names[1]
        ensure(text)
        said[f"{role}_token"] = text
        why = "was the end token" if known is not None else "was missing"
        changes.append(f"{role}_token {why}: now {text}")

    if named("eos") is None:
        index = _config_id(folder, "eos")
        if index is not None and (text := fast.id_to_token(index)) is not None:
            said["eos_token"] = text
    give("eos", EOS_NAMES, None)
    give("pad", PAD_NAMES, named("eos"))
    for marker in template.special_tokens if template else ():
        ensure(marker)
    fast.save(str(path))
    edit_json(config_path, lambda value: value.update(said))
    return changes


def _config_id(folder: Path, role: str) -> int | None:
    value = json.loads((folder / "config.json").read_text()).get(f"{role}_token_id")
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, int) else None


def _complete_embeddings(folder: Path, changes: list[str]) -> int:
    """Give every token id an embedding (the mean of the known ones, so that new tokens start likely, not wild)."""
    tokenizer = Tokenizer.load(folder)
    loaded = load(folder, attention="sdpa")
    rows = loaded.model.get_input_embeddings().num_embeddings
    if tokenizer.vocabulary_size > rows:
        stored = AutoConfig.from_pretrained(folder).dtype or torch.float32
        loaded.model.resize_token_embeddings(tokenizer.vocabulary_size, mean_resizing=False)
        with torch.no_grad():
            for layer in {loaded.model.get_input_embeddings(), loaded.model.get_output_embeddings()}:
                layer.weight[rows:] = layer.weight[:rows].mean(dim=0)
        loaded.model.to(stored).save_pretrained(folder)
        changes.append(f"embeddings: {tokenizer.vocabulary_size - rows} rows added to {rows}")
    ids = {"eos_token_id": tokenizer.eos_id, "pad_token_id": tokenizer.pad_id}
    edit_json(folder / "config.json", lambda value: value.update(ids))
    write_companions(folder, folder, tokenizer, None)
    return loaded.parameters


def _card_licence(source: Path) -> str | None:
    """`license:` of the model card's head."""
    card = source / "README.md"
    found = re.search(r"^license:\s*(\S+)", card.read_text(errors="replace"), re.MULTILINE) if card.is_file() else None
    return found.group(1) if found else None


def _gguf_licence(source: Path) -> str | None:
    field = GGUFReader(source).fields.get("general.license")
    return str(field.contents()) if field is not None else None


def _line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
