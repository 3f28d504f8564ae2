"""Metrics: from a task's outcomes to named scores. A metric gives each problem its value, so that every score has an
interval and two models can be compared problem by problem; the score is the mean of the values.
"""

from collections.abc import Callable, Iterable, Sequence

from postgrad.records.types import Outcome

Values = dict[str, float]
"""problem → its value; problems that the metric is not about are left out."""
Metric = Callable[[Sequence[Outcome]], dict[str, Values]]
"""Outcomes → metric name → values. The first is the task's own metric, the others stand beside it."""


def decided(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """The outcomes whose verifier could tell; the others are no zeros and count nowhere."""
    return [outcome for outcome in outcomes if outcome.verdict is None or outcome.verdict.status == "ok"]


def accuracy(outcomes: Sequence[Outcome]) -> dict[str, Values]:
    """The verifier's reward, averaged over problems."""
    return {"accuracy": {outcome.problem: outcome.score for outcome in decided(outcomes)}}


def _part(outcomes: Iterable[Outcome], part: str) -> Values:
    return {o.problem: o.verdict.parts[part] for o in decided(outcomes) if o.verdict and part in o.verdict.parts}


def accuracy_and_rates(outcomes: Sequence[Outcome]) -> dict[str, Values]:
    """Accuracy, and the two rates that it is made of: harmful requests refused, harmless ones answered."""
    harmful = _part(outcomes, "harmful")
    scores = accuracy(outcomes)["accuracy"]
    rates = {
        "harmful_refused": {problem: scores[problem] for problem, yes in harmful.items() if yes},
        "harmless_answered": {problem: scores[problem] for problem, yes in harmful.items() if not yes}}
    return {"accuracy": scores} | {name: values for name, values in rates.items() if values}


def prompt_loose(outcomes: Sequence[Outcome]) -> dict[str, Values]:
    """IFEval's prompt-level accuracy: loose (Tülu 3's choice), and strict beside it."""
    return {"prompt_loose": _part(outcomes, "loose"), "prompt_strict": _part(outcomes, "strict")}


METRICS: dict[str, Metric] = {
    "accuracy": accuracy, "accuracy_and_rates": accuracy_and_rates, "prompt_loose": prompt_loose}
