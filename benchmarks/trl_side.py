"""TRL's side of `training.py`: run by a Python that has trl, it prints its tokens, seconds and peak as a line of JSON.

    PYTHON benchmarks/trl_side.py sft-packed|sft-default|dpo MODEL COUNT THREADS
"""

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.update(HF_HUB_OFFLINE="1", WANDB_DISABLED="true", TRL_EXPERIMENTAL_SILENCE="1")
import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer
from work import LONGEST, documents, pairs


def trainer(work: str, folder: Path, count: int, out: str) -> tuple[Any, int]:
    """The trainer, and how many tokens it is about to go through: a pair's prompt counts once."""
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    vocabulary = model.config.vocab_size
    said: dict[str, Any] = dict(
        output_dir=out, use_cpu=True, bf16=False, gradient_checkpointing=False, report_to="none", save_strategy="no",
        disable_tqdm=True, logging_steps=1000, num_train_epochs=1, optim="adamw_torch_fused", max_length=LONGEST)
    if work == "dpo":
        two = pairs(count, vocabulary)
        rows = [{"prompt": tokenizer.decode(prompt), "chosen": " " + tokenizer.decode(chosen),
                 "rejected": " " + tokenizer.decode(rejected)} for prompt, chosen, rejected in two]
        made = DPOTrainer(model, args=DPOConfig(per_device_train_batch_size=4, **said),
                          train_dataset=Dataset.from_list(rows), processing_class=tokenizer)
        return made, sum(map(len, (side for pair in two for side in pair)))
    packed = work == "sft-packed"
    ready = [{"input_ids": ids, "completion_mask": [0] * prompt + [1] * (len(ids) - prompt)}
             for ids, prompt in documents(count, vocabulary)]
    args = SFTConfig(per_device_train_batch_size=1 if packed else 8, packing=packed, completion_only_loss=True, **said)
    made = SFTTrainer(model, args=args, train_dataset=Dataset.from_list(ready), processing_class=tokenizer)
    return made, sum(len(row["input_ids"]) for row in ready)


def main() -> None:
    work, folder, count, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as out:
        run, tokens = trainer(work, folder, count, out)
        began = time.perf_counter()
        run.train()
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"tokens": tokens, "seconds": seconds, "peak_bytes": peak}))


if __name__ == "__main__":
    main()
