"""What the mixture became, beside what the recipe's priorities aimed at."""

from dataclasses import dataclass
from typing import Any

from postgrad.inspection.run_folder import Run


@dataclass(frozen=True)
class Share:
    """One source (or capability) in the mixture: aimed at and reached, in shares of its trained tokens, or of its rows
    where the budget is in rows. A capability is left out if all its sources are.
    """

    name: str
    capability: str
    rows: int
    tokens: int
    epochs: float
    aimed: float
    reached: float
    left_out: bool = False


def mixture(run: Run) -> tuple[list[Share], list[Share]]:
    """(capabilities, sources) of the mixture, in the recipe's order; empty lists before it was made."""
    parts: list[dict[str, Any]] = (run.json("mixture", "mixture.json") or {}).get("parts", [])
    sources = [
        Share(
            part["source"],
            part["capability"],
            part["rows"],
            part["tokens"],
            float(part["epochs"]),
            part["target_share"],
            part["reached_share"],
            part["left_out"],
        )
        for part in parts
    ]
    capabilities = []
    there = {share.capability for share in sources}
    order = [name for name in run.recipe.get("capabilities") or {} if name in there]
    for name in dict.fromkeys([*order, *sorted(there)]):
        own = [share for share in sources if share.capability == name]
        sums = (sum(getattr(share, part) for share in own) for part in ("rows", "tokens", "aimed", "reached"))
        rows, tokens, aimed, reached = sums
        most = max(share.epochs for share in own)
        capabilities.append(
            Share(name, name, rows, tokens, most, aimed, reached, all(share.left_out for share in own)))
    return capabilities, sources
