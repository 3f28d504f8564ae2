"""The run's final model as a folder that `transformers.AutoModelForCausalLM` reads, with its card.

DIR/model/  *.safetensors  config.json  generation_config.json  tokenizer*.json  chat_template.jinja  README.md
"""

import shutil
from pathlib import Path

from postgrad.pipeline.runs import MODEL, Run, open_run
from postgrad.release.card import card
from postgrad.support.errors import Failure, Mistake
from postgrad.support.files import clear_halves, replaced_folder
from postgrad.support.hashing import hash_file

CARRIED = {".safetensors", ".json", ".jinja", ".txt", ".model"}
NEEDED = ("config.json", "generation_config.json", "tokenizer.json", "chat_template.jinja")
WEIGHTY = ("sft", "dpo", "rlvr")


def export(run: Path, out: Path | None = None, *, stage: str | None = None) -> Path:
    """Write the model of `stage` (default: the last stage that made weights) to `out` (default: `run/model`).

    The new folder is whole before it takes the old one's place; one that is the same already is left alone, and what a
    killed export left beside it is cleared away. Returns where it lies. Mistake if the run has no such stage or no
    weights; Failure if the artifact is gone or incomplete.
    """
    opened = open_run(run)
    chosen = stage or final_stage(opened)
    source = opened.artifact(chosen).folder / "model"
    files = sorted(path for path in source.glob("*") if path.is_file() and path.suffix in CARRIED)
    missing = [name for name in NEEDED if not (source / name).is_file()]
    if missing or not any(path.suffix == ".safetensors" for path in files):
        raise Failure(
            f"the model has no {', '.join(missing) or 'weights'}",
            where=str(source),
            mend=f"run the stage {chosen} again",
        )
    target = out or run / MODEL
    clear_halves(target)
    text = card(opened, chosen)
    if same(files, text, target):
        return target
    with replaced_folder(target) as folder:
        for path in files:
            shutil.copyfile(path, folder / path.name)
        (folder / "README.md").write_text(text, encoding="utf-8")
    return target


def final_stage(run: Run) -> str:
    """The last stage of the recipe whose weights are there."""
    stages = run.record.get("recipe", {}).get("stages", [])
    made = [said["name"] for said in stages if said.get("kind") in WEIGHTY and said["name"] in run.record["stages"]]
    if not made:
        raise Mistake("no stage of this run has made weights yet", where=str(run.folder), mend="carry the run on first")
    return str(made[-1])


def same(files: list[Path], text: str, target: Path) -> bool:
    """Whether `target` holds these files and this card, and nothing else."""
    if not target.is_dir() or {path.name for path in target.iterdir()} != {path.name for path in files} | {"README.md"}:
        return False
    return (target / "README.md").read_text(encoding="utf-8") == text and all(
        hash_file(path) == hash_file(target / path.name) for path in files
    )
