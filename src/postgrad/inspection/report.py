"""One self-contained page about a run: `write(run, out)`. It reads artifacts only, and asks nothing of the network."""

import re
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from postgrad.inspection import (
    answers,
    canary_picture,
    choices,
    curves,
    flow_picture,
    headline,
    pairs,
    palette,
    protection,
    rollouts,
    score_pictures,
)
from postgrad.inspection import mixture as mixtures
from postgrad.inspection import scores as scoring
from postgrad.inspection.curation import Curation, Use
from postgrad.inspection.run_folder import Run, read
from postgrad.inspection.shown_rows import hidden_rows, redacted
from postgrad.inspection.source_facts import sources as sources_of
from postgrad.support import words
from postgrad.support.files import write_atomically

NARROW, WIDE = 372.0, 640.0
FOUND_SHOWN = 6


def write(run: Path, out: Path) -> None:
    """Write the report of the run folder `run` to the HTML file `out`, atomically.

    What a partial run has not got is said in its section. Mistake if `run` holds no run; Failure if a file is broken.
    """
    write_atomically(out, page(read(run)).encode("utf-8", "xmlcharrefreplace"))


def page(run: Run) -> str:
    """The HTML text. The same artifacts give the same text."""
    loader = jinja2.PackageLoader("postgrad.inspection", "")
    surroundings = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    surroundings.filters.update(
        {
            name: getattr(words, name)
            for name in ("stage_name", "number", "signed", "p_value", "whole", "percent", "joined", "moment")
        }
    )
    surroundings.filters["breakable"] = breakable
    surroundings.globals.update(interval=words.interval, signed_interval=words.signed_interval)
    return surroundings.get_template("report.html.jinja").render(contents(run, loader, surroundings))


def breakable(words: str) -> Markup:
    """The words, which may break after an underscore or a slash within them."""
    return Markup(re.sub(r"(?<=\w)([_/]+)(?=\w)", r"\1<wbr>", str(escape(words))))


def contents(run: Run, loader: jinja2.BaseLoader, surroundings: jinja2.Environment) -> dict[str, Any]:
    """Everything that the templates name."""
    roles = palette.stage_roles(run.scored or run.stages) | {scoring.BETTER: "base"}
    tasks, compared = scoring.by_task(run), [*scoring.steps(run), *scoring.spans(run)]
    curation = Curation(run)
    uses = list(dict.fromkeys(use.name for use in curation.uses))
    ways = {use: curation.way(use) for use in uses}
    examples = ways.pop("sft", [])
    capabilities, sources = mixtures.mixture(run)
    licences, licence_verdict = choices.licences(run)
    protected = protection.of_run(curation)
    made = [found for stage in run.about.get("stages") or {} if (found := pairs.of_stage(run, stage))]
    seen = [groups for stage in run.stages if (groups := rollouts.of_stage(run, stage))]
    kinds = {stage.get("kind") for stage in run.recipe.get("stages") or []}
    tried = protected.canaries if protected else None
    css, _, _ = loader.get_source(surroundings, "report.css")
    return {
        "run": run,
        "css": Markup(css),
        "light": Markup(palette.variables(palette.LIGHT)),
        "dark": Markup(palette.variables(palette.DARK)),
        "roles": roles,
        "headline": headline.compose(run),
        "chain": [stage for stage in run.scored or run.stages if stage in run.stages],
        "choices": choices.stages(run),
        "curation": choices.curation(run),
        "recipe_text": choices.recipe_text(run),
        "capabilities": capabilities,
        "sources": sources,
        "shares": Markup(flow_picture.shares(capabilities, palette.kind_roles([c.name for c in capabilities])))
        if capabilities
        else "",
        "examples": examples,
        "told": _told(curation, "sft"),
        "ways": ways,
        "rivers": [Markup(flow_picture.river(examples, width)) for width in (WIDE, NARROW)] if examples else [],
        "findings": [(use.name, said, _to_judge(curation, use, said)) for use in curation.uses
                     if (said := curation.findings(use.end))],
        "curves": [
            (stage, [(title, Markup(svg)) for title, svg in curves.of_stage(run, stage, roles.get(stage, "stage-1"))])
            for stage in run.stages[1:]
        ],
        "tasks": tasks,
        "dots": {split: Markup(score_pictures.dots(group, split, roles)) for split, group in tasks.items() if group},
        "steps": compared,
        "comparisons": scoring.changes(run),
        "forests": [Markup(score_pictures.forest(step)) for step in compared],
        "cases": answers.by_task(run),
        "pairs": made,
        "rollouts": seen,
        "left_out": {name for name, there in {
            "preferences": made or "prefer" in kinds, "rollouts": seen or "rlvr" in kinds, "protection": protected,
        }.items() if not there},
        "protection": protected,
        "canary_pictures": [Markup(canary_picture.draw(tried, width)) for width in (WIDE, NARROW)] if tried else [],
        "licences": licences,
        "licence_verdict": licence_verdict,
        "seal": run.about.get("seal") or {},
        "records": choices.records(run),
        "environment": choices.environment(run),
        "lineage": choices.lineage(run),
        "moment": max((m["started"] for m in run.manifests.values() if m.get("started")), default=""),
    }


def _to_judge(curation: Curation, use: Use, findings: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows beside the tasks that they overlap: those that redaction was over and has left nothing in."""
    if not redacted(curation, use.end):
        return []
    hidden = hidden_rows(curation, use.end, ["redact"])
    shown = [one for one in findings.get("examples") or [] if (one["source"], one["file"], one["row"]) not in hidden]
    return shown[:FOUND_SHOWN]


def _told(curation: Curation, use: str) -> list[tuple[str, str, str, str, int]]:
    """(source, part, fate, reason, rows) of the rows that left, were changed or copied on the way to a use."""
    return [(source, passage.title, fate, reason, number) for source in sources_of(curation)
            for passage in curation.way(use, source)
            for fate, reasons in (("left", passage.dropped), ("changed", passage.changed),
                                  ("copied", {"a further pass": passage.made} if passage.made else {}))
            for reason, number in sorted(reasons.items(), key=lambda one: -one[1])]
