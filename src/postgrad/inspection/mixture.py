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
    aimed: float | None
    reached: float
    left_out: bool = False


def mixture(run: Run) -> tuple[list[Share], list[Share]]:
    """(capabilities, sources) of the mixture; empty lists before it was made. Aims are the recipe's priorities."""
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
    priorities = {name: c.get("priority", 1.0) for name, c in (run.recipe.get("capabilities") or {}).items()}
    gone = {share.capability for share in sources if share.left_out} - {
        share.capability for share in sources if not share.left_out}
    all_priorities = sum(priority for name, priority in priorities.items() if name not in gone) or 1.0
    capabilities = []
    for name in dict.fromkeys([*priorities, *(share.capability for share in sources)]):
        own = [share for share in sources if share.capability == name]
        aimed = 0.0 if name in gone else priorities.get(name, 0.0) / all_priorities
        most = max((share.epochs for share in own), default=0.0)
        reached = sum(share.reached for share in own)
        rows, tokens = sum(share.rows for share in own), sum(share.tokens for share in own)
        capabilities.append(Share(name, name, rows, tokens, most, aimed, reached, name in gone))
    return (capabilities, sources) if parts else ([], [])
