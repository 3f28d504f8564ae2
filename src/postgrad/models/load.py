"""Load and save weights: a folder in transformers' form, safetensors only, with its tokenizer, template and generation
settings.
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.utils.logging import disable_progress_bar

from postgrad.chat import Template, Tokenizer
from postgrad.models import packed
from postgrad.support.errors import Failure, Mistake
from postgrad.support.files import whole_folder

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
UNPLAIN = {"final_logit_softcapping": None, "logits_scaling": 1.0, "logit_scale": 1.0}  # logits that are not h·w

disable_progress_bar()  # progress is said by postgrad.support.progress alone


@dataclass
class LoadedModel:
    """A causal language model with its tokenizer. `folder` is where it came from; the module never drops out
    (`eval()`).
    """

    model: Any
    tokenizer: Tokenizer
    config: Any
    folder: Path

    @property
    def parameters(self) -> int:
        """Number of parameters; tied ones count once."""
        return sum(parameter.numel() for parameter in self.model.parameters())


def load(
    folder: Path, *, dtype: torch.dtype = torch.float32, attention: Literal["packed", "sdpa"] = "packed"
) -> LoadedModel:
    """Load a model folder. With "packed" the module also takes ordinary batches and caches, by transformers' SDPA.

    Mistake if the folder is no model folder; Failure if its weights cannot be read. Runs no code from the folder.
    """
    if not Path(folder, "config.json").is_file():
        raise Mistake(
            "is not a model folder (no config.json)", where=str(folder), mend="name a folder saved by transformers"
        )
    implementation = packed.NAME if attention == "packed" else "sdpa"
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            folder, config=config, dtype=dtype, attn_implementation=implementation, local_files_only=True,
            use_safetensors=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise Failure(
            f"cannot be loaded ({_first_line(error)})", where=str(folder), mend="import the model again"
        ) from error
    for name, plain in UNPLAIN.items():
        if getattr(config, name, plain) not in (None, plain):
            raise Mistake(
                f"this architecture changes its logits ({name})", where=str(folder), mend="use another base model"
            )
    if getattr(model.get_output_embeddings(), "bias", None) is not None:
        raise Mistake("this architecture's output layer has a bias", where=str(folder), mend="use another base model")
    for parameter in model.parameters():  # out of the mapped file: aligned, and safe if the file goes away
        parameter.data = parameter.data.clone()
    return LoadedModel(model.eval(), Tokenizer.load(folder), model.config, Path(folder))


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def save(loaded: LoadedModel, folder: Path, *, template: Template, dtype: torch.dtype = torch.float32) -> None:
    """Write the model so that `transformers.AutoModelForCausalLM` reads it and chats by `template`. Whole or not there.

    The weights are stored in `dtype`; generation stops at the template's end token and at the tokenizer's own.
    """
    with whole_folder(folder) as out:
        loaded.model.save_pretrained(out, state_dict=_cast(loaded.model.state_dict(), dtype))
        edit_json(out / "config.json", lambda value: value.update(dtype=str(dtype).removeprefix("torch.")))
        write_companions(loaded.folder, out, loaded.tokenizer, template)


def _cast(state: dict[str, torch.Tensor], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """The state in another dtype; tensors that were one stay one, so that tied weights are stored once."""
    made: dict[int, torch.Tensor] = {}
    return {
        name: made.setdefault(value.data_ptr(), value.detach().to(dtype).contiguous()) for name, value in state.items()
    }


def write_companions(source: Path, out: Path, tokenizer: Tokenizer, template: Template | None) -> None:
    """Copy the tokenizer's files from `source` and write generation_config.json and, with a template,
    chat_template.jinja.
    """
    for name in TOKENIZER_FILES:
        if source != out and (path := source / name).is_file():
            shutil.copyfile(path, out / name)
    edit_json(out / "tokenizer_config.json", lambda value: value.pop("chat_template", None))
    ends = [tokenizer.eos_id]
    if template is not None:
        (out / "chat_template.jinja").write_text(template.jinja(tokenizer))
        ends = list(dict.fromkeys([template.end_id(tokenizer), tokenizer.eos_id]))
    said: dict[str, Any] = {"eos_token_id": ends, "pad_token_id": tokenizer.pad_id, "do_sample": False}
    if tokenizer.bos_id is not None:
        said["bos_token_id"] = tokenizer.bos_id
    (out / "generation_config.json").write_text(json.dumps(said, indent=2, sort_keys=True) + "\n")


def edit_json(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change one JSON file of a folder that nobody reads yet."""
    value = json.loads(path.read_text()) if path.is_file() else {}
    change(value)
    path.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def weights_hash(model: torch.nn.Module) -> str:
    """sha256 (hex) over names, types, shapes and bytes of all weights; tied ones count once."""
    digest = hashlib.sha256()
    for name, value in sorted(model.named_parameters()):
        digest.update(f"{name}:{value.dtype}:{tuple(value.shape)}\n".encode())
        digest.update(value.detach().contiguous().cpu().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
