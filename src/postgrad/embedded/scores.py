"""The base's plain-text scores, for the record of its pretraining: greedy answers to each development task's plain
form. Unseen tasks stay sealed.

Kept apart from the evaluation of a run, so that the script needs nothing of a run: no recipe, no store, no engine.
"""

import math

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from postgrad.embedded.sources import DEVELOPMENT, problems
from postgrad.verifiers.verify import verify

MAX_TOKENS = 96
PLAIN_STOP = "\n\n"
"""A plain-text answer ends where the next question would begin."""


@torch.no_grad()
def answers(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, prompts: list[str], batch: int = 256
) -> list[str]:
    """The greedy continuation of each prompt, begun by the end token as every text in pretraining was."""
    said = [""] * len(prompts)
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    stop = tokenizer.encode(PLAIN_STOP, add_special_tokens=False)[0]
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    for first in range(0, len(order), batch):
        chosen = order[first : first + batch]
        rows = [[end, *tokenizer.encode(prompts[i], add_special_tokens=False)] for i in chosen]
        longest = max(map(len, rows))
        tokens = torch.tensor([[pad] * (longest - len(row)) + row for row in rows])
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
        positions, cache, made = (mask.cumsum(1) - 1).clamp(min=0), None, []
        done = torch.zeros(len(rows), dtype=torch.bool)
        for _ in range(MAX_TOKENS):
            out = model(
                input_ids=tokens, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True
            )
            cache, chosen_next = out.past_key_values, out.logits[:, -1].argmax(-1)
            made.append(torch.where(done, end, chosen_next))
            done |= (chosen_next == end) | (chosen_next == stop)
            if done.all():
                break
            tokens, positions = made[-1][:, None], positions[:, -1:] + 1
            mask = torch.cat([mask, torch.ones(len(rows), 1, dtype=torch.long)], 1)
        for i, row in zip(chosen, torch.stack(made, 1).tolist(), strict=True):
            said[i] = tokenizer.decode(row[: row.index(end)] if end in row else row).split(PLAIN_STOP)[0].strip()
    return said


def wilson(right: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    share, spread = right / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return middle - half, middle + half


def plain_scores(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast) -> dict[str, dict[str, float]]:
    """task → share of right answers in plain text, its 95 % interval, number of problems."""
    model.eval()
    scores = {}
    for task in DEVELOPMENT:
        rows = problems(task)
        said = answers(model, tokenizer, [row["plain"] for row in rows])
        verdicts = [
            verify(row["verifier"], text, row["ground_truth"], prompt=row["messages"][0]["content"])
            for row, text in zip(rows, said, strict=True)
        ]
        right = sum(verdict.reward == 1 for verdict in verdicts)
        low, high = wilson(right, len(rows))
        scores[task] = {
            "value": round(right / len(rows), 4), "low": round(low, 4), "high": round(high, 4), "n": len(rows)
        }  # fmt: skip
    return scores
