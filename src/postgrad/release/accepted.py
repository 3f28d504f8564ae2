"""What every card says of contamination that a recipe accepted: it stands at the top for ever."""

from collections.abc import Iterable

from postgrad.inspection.curation import Contamination
from postgrad.release.markdown import cell
from postgrad.support.words import percent


def accepted(found: Iterable[Contamination | None], who: str) -> str:
    """Markdown: what was found above the limit and trained on all the same; "" if there is nothing. `who`: the rows."""
    lines = []
    for one in filter(None, found):
        limit = percent(one.rule["source_limit"])
        lines += [
            f"> **Accepted contamination.** {cell(pair.source)}: {percent(pair.share)} of the items of "
            f"`{cell(pair.task)}` are given away, above the limit of {limit}, and the recipe had the rows kept."
            for pair in one.development if pair.above_limit and pair.action == "accept"
        ]  # fmt: skip
        if one.unseen.above_limit and one.unseen.action == "accept":
            lines.append(
                f"> **Accepted contamination.** {cell(who)}: items of unseen tasks are given away above the limit of "
                f"{limit}, and the recipe had the rows kept. Scores on unseen tasks do not measure what was not seen."
            )
    return "\n>\n".join(dict.fromkeys(lines))
