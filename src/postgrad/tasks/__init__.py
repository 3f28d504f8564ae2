"""Tasks: what a model is asked, and how its answers are scored. Evaluation and RLVR use the same ones. No torch."""

from postgrad.tasks.metrics import METRICS, Metric, Values, decided
from postgrad.tasks.task import MAX_TOKENS, REQUESTS, SPLITS, Task, load, outcomes, verdict

__all__ = [
    "MAX_TOKENS", "METRICS", "REQUESTS", "SPLITS", "Metric", "Task", "Values", "decided", "load", "outcomes", "verdict"]
