"""What each source is used for, and how much of it: in SFT's mixture, as prompts, as problems. No torch.

From the sampled lengths, through the code that mixes: every row counts as long as its source's mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from postgrad.data.mixture import Part, Supply, share_rows, table
from postgrad.preferences.prompts import shares
from postgrad.recipe import PreferStage, Recipe, RlvrStage, SftStage
from postgrad.stages.lengths import OVERLONG_OF_MADE, Sampled
from postgrad.stages.rows import Rows

MIXTURE = "mixture"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One use of a source. `use`: mixture, or the stage that reads it for prompts or problems. `rows` (copies counted)
    and trained `tokens` that are used, `epochs` over what there is, `share` of the use's tokens or rows. None: unknown.
    """

    source: str
    capability: str
    use: str
    available_rows: float
    rows: float
    tokens: float | None
    epochs: float | None
    share: float | None
    left_out: bool = False


@dataclass(frozen=True)
class SourceUse:
    """The uses of a recipe's sources."""

    recipe: Recipe
    rows: Rows
    sampled: Sampled
    mixed: Sequence[Part] | None = None
    """The mixture, if it has been made."""

    @cached_property
    def mixture(self) -> Sequence[Part]:
        """What SFT trains on, by source."""
        if self.mixed is not None:
            return self.mixed
        supplies = [self._supply(name) for name in self.rows.examples]
        return table(supplies, share_rows(supplies, self.rows.wanted), self.rows.wanted)

    def _supply(self, name: str) -> Supply:
        """A source's rows, their trained tokens as even as whole numbers can be."""
        one = self.sampled.sources[name]
        rows = round(one.rows) if one.answer else 0
        mean = max(1.0, one.answer) + (OVERLONG_OF_MADE if self.recipe.sources[name].generate else 0.0)
        sums = np.round(mean * np.arange(rows + 1)).astype(np.int64)
        return Supply(self.rows.capability_of[name], name, np.diff(sums))

    def prompts(self, stage: PreferStage) -> dict[str, float]:
        """How many prompts of each source the stage answers."""
        sources, owner, wanted = self.sampled.sources, self.rows.capability_of, self.rows.asked(stage)
        if wanted is None:
            return {name: sources[name].rows for name in stage.prompts}
        there = {(owner[name], name): round(sources[name].rows) for name in stage.prompts}
        return {name: float(count) for (_, name), count in shares(there, wanted).items()}

    def problems(self, stage: RlvrStage) -> dict[str, float]:
        """How many problems of each source all steps of the stage draw."""
        sources, owner = self.sampled.sources, self.rows.capability_of
        supplies = [Supply(owner[name], name, np.ones(round(sources[name].rows), np.int64)) for name in stage.problems]
        taken = share_rows(supplies, self.rows.draws(stage.problems, stage.steps * stage.prompts_per_step))
        return {supply.source: float(one.rows) for supply, one in zip(supplies, taken, strict=True)}

    def table(self) -> list[SourceRow]:
        """Every use, in the order of the stages."""
        found: list[SourceRow] = []
        for stage in self.recipe.stages:
            match stage:
                case SftStage() if not any(row.use == MIXTURE for row in found):
                    found += [
                        SourceRow(part.source, part.capability, MIXTURE, part.available_rows, part.copies, part.tokens,
                                  part.epochs, part.reached_share, part.left_out) for part in self.mixture]
                case PreferStage():
                    found += self._uses(stage.name, self.prompts(stage))
                case RlvrStage():
                    found += self._uses(stage.name, self.problems(stage))
        return found

    def _uses(self, use: str, counts: dict[str, float]) -> list[SourceRow]:
        whole = sum(counts.values())
        there = {name: self.sampled.sources[name].rows for name in counts}
        return [SourceRow(name, self.rows.capability_of[name], use, there[name], count, None,
                          count / there[name] if there[name] else None, count / whole if whole else None)
                for name, count in counts.items()]
