"""The choices behind the made-up run: its recipe, its tasks with the share right at each stage, what curation drops."""

from typing import Any

STAGES = ("sft", "dpo", "rlvr")
SCORED = ("base_plain", "base", *STAGES)
CAPABILITIES = {"math": 2.0, "instructions": 1.5, "knowledge": 1.0, "safety": 0.5}
# task → capability, split, share right at each scored stage
TASKS = {
    "arithmetic": ("math", "development", (0.22, 0.05, 0.41, 0.42, 0.63)),
    "word_problems": ("math", "development", (0.14, 0.03, 0.36, 0.35, 0.48)),
    "constraints": ("instructions", "development", (0.10, 0.08, 0.52, 0.61, 0.66)),
    "facts": ("knowledge", "development", (0.61, 0.34, 0.72, 0.70, 0.68)),
    "refusals": ("safety", "development", (0.12, 0.20, 0.91, 0.93, 0.86)),
    "long_arithmetic": ("math", "unseen", (0.08, 0.01, 0.15, 0.15, 0.27)),
    "new_constraints": ("instructions", "unseen", (0.07, 0.05, 0.29, 0.33, 0.36)),
    "lookalikes": ("safety", "unseen", (0.70, 0.55, 0.80, 0.82, 0.77)),
}
PRIMARY = {"sft": ["arithmetic", "constraints"], "dpo": ["constraints"], "rlvr": ["arithmetic"]}
ITEMS = 400
# work → (part, reason, rows that left)
REDACTED = {"email": "replace", "phone": "replace"}
LEAVE = (
    (
        "read",
        [
            ("read", "broken JSON", 23),
            ("read", "not UTF-8", 6),
            ("filter", "too short", 61),
            ("filter", "too long", 18),
            ("filter", "empty answer", 9),
            ("redact", "phone number", 4),
        ],
    ),
    ("deduplicate", [("deduplicate", "exact duplicate", 212)]),
    ("decontaminate", [("decontaminate", "overlaps a task", 55)]),
    ("mixture", [("mix", "over the aim of its source", 330)]),
)
HOSTILE = "<script>alert('x')</script> & \"quotes\""


def recipe() -> dict[str, Any]:
    sources = {
        f"{name}_train": {
            "path": None,
            "generate": f"{name}",
            "rows": 4000,
            "format": "messages",
            "licence": "Apache-2.0",
        }
        for name in CAPABILITIES
    }
    sources["forum"] = {"path": "/data/forum.jsonl", "generate": None, "format": "messages", "licence": "CC-BY-SA-4.0"}
    common = {"schedule": "linear", "warmup": 0.03, "clip_norm": 1.0, "micro_batch_tokens": 8192}
    return {
        "schema": 1,
        "name": "quickstart",
        "base_model": "postgrad-embedded",
        "seed": 17,
        "template": "tulu",
        "capabilities": {
            name: {
                "priority": priority,
                "sources": [f"{name}_train"],
                "development": [t for t, (c, split, _) in TASKS.items() if c == name and split == "development"],
                "unseen": [t for t, (c, split, _) in TASKS.items() if c == name and split == "unseen"],
            }
            for name, priority in CAPABILITIES.items()
        },
        "sources": sources,
        "tasks": {},
        "models": {},
        "curate": {
            "filter": {"min_chars": 8, "max_tokens": 512},
            "redact": REDACTED,
            "deduplicate": {"exact": True, "near": None},
            "decontaminate": {"ngram": 8, "overlap": 0.5, "rows": "drop", "source_limit": 0.02, "above_limit": "stop"},
            "mixture": {"tokens": 600000, "max_epochs": 2},
        },
        "stages": [
            {
                "name": "sft",
                "kind": "sft",
                "primary": PRIMARY["sft"],
                "learning_rate": 1e-3,
                "epochs": 2,
                "batch_size": 64,
                "max_length": 512,
                **common,
            },
            {
                "name": "pairs",
                "kind": "prefer",
                "primary": [],
                "prompts": ["constraints_train"],
                "pool": ["policy", "base"],
                "judge": {"kind": "rules"},
                "completions": 4,
                "temperature": 0.9,
                "max_tokens": 96,
            },
            {
                "name": "dpo",
                "kind": "dpo",
                "primary": PRIMARY["dpo"],
                "loss": "dpo_norm",
                "beta": 5.0,
                "learning_rate": 5e-5,
                "epochs": 1,
                "batch_size": 32,
                **common,
            },
            {
                "name": "rlvr",
                "kind": "rlvr",
                "primary": PRIMARY["rlvr"],
                "algorithm": "grpo",
                "problems": ["math_train"],
                "steps": 120,
                "prompts_per_step": 16,
                "group_size": 8,
                "kl": 0.01,
                "learning_rate": 3e-5,
                **common,
            },
        ],
        "evaluate": {"confidence": 0.95, "unseal": "final scores of the first release"},
    }


def findings() -> dict[str, Any]:
    return {
        "rule": {"ngram": 8, "overlap": 0.5, "rows": "drop", "source_limit": 0.02, "above_limit": "stop"},
        "overlapping_rows": 55,
        "pairs": [
            {
                "source": "math_train",
                "task": "arithmetic",
                "unseen": False,
                "rows": 37,
                "source_rows": 861,
                "items": 5,
                "task_items": 400,
                "share": 0.0125,
                "above_limit": False,
            },
            {
                "source": "forum",
                "task": "new_constraints",
                "unseen": True,
                "rows": 18,
                "source_rows": 377,
                "items": 3,
                "task_items": 400,
                "share": 0.0075,
                "above_limit": False,
            },
            {
                "source": "forum",
                "task": "facts",
                "unseen": False,
                "rows": 0,
                "source_rows": 377,
                "items": 0,
                "task_items": 400,
                "share": 0.0,
                "above_limit": False,
            },
        ],
        "examples": [
            {
                "source": "math_train",
                "task": "arithmetic",
                "row": 4,
                "file": "f",
                "item": "i",
                "share": 0.8,
                "text": "What is 3 + 4? " + HOSTILE,
            }
        ],
    }
