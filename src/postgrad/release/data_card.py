"""Data cards in markdown: one for each source, one for the mixture. The same run gives the same text."""

import re
from typing import Any

from postgrad.inspection.curation import Contamination, Curation, Overlaps, Passage, Use
from postgrad.inspection.data_stats import SURE, Stats
from postgrad.inspection.draw import turns
from postgrad.inspection.mixture import mixture as shares_of
from postgrad.inspection.shown_rows import Shown
from postgrad.inspection.source_facts import SourceFacts, TableFact
from postgrad.records.tables import SCHEMAS
from postgrad.records.types import Example, Preference, Problem
from postgrad.release.accepted import accepted
from postgrad.release.markdown import cell, table
from postgrad.support.licence_verdict import NOT_ADVICE, Verdict, verdict
from postgrad.support.licences import UNKNOWN, address, conditions, describe, spdx_id
from postgrad.support.words import joined, percent, printable, size, whole

RECORDS: dict[str, type] = {"examples": Example, "preferences": Preference, "problems": Problem}
TELLS = {
    "content_id": "hash of the messages; rows that say the same share it",
    "parents": "lines of files that the row came from: its own first, then those of duplicates it stands for",
    "messages": "the conversation, a role and a content each turn",
    "prompt": "the conversation up to the answer",
    "source": "name of the source", "licence": "licence of the source", "capability": "skill that it is to teach",
    "chosen": "the better answer", "rejected": "the worse answer", "completion": "an answer with a label",
    "label": "whether the completion is a good one", "ground_truth": "what an answer is checked against, as JSON",
    "verifier": "name of the check", "split": "part of the task", "plain": "the prompt without chat markers",
    "meta": "what else the row said, as JSON"}  # fmt: skip
SHOWN_CHARS = 600
UNTOLD = {"too short": "too short to tell", "unsure": "unsure"}
NONE_GIVEN = "not given"


def source_card(curation: Curation, said: SourceFacts, shown: dict[Use, Shown]) -> str:
    """The card of one source. `shown`: what its rows are like, for each use that it was curated for."""
    parts = [
        front_matter(said.name, said.licence, _largest(shown)),
        f"# {cell(said.name)}\n\n{source_summary(curation, said)}",
        accepted([curation.contamination(said.name, use.end) for use in shown], said.name),
        _licence(said),
        _about(said, list(shown)),
        _files(said),
        *(_use(curation, said.name, use, one) for use, one in shown.items()),
        _fields([table.kind for table in said.tables]),
        _record(curation.run.about),
    ]
    return _page(parts)


def mixture_card(curation: Curation, use: Use, sources: list[SourceFacts], shown: Shown, rows: TableFact) -> str:
    """The card of what SFT trains on."""
    licences = {said.name: said.licence for said in sources}
    found = verdict(licences, "the mixture and models trained on it")
    together = " AND ".join(dict.fromkeys(licence or "unknown" for licence in licences.values()))
    parts = [
        front_matter("mixture", together, rows.rows),
        f"# Mixture of {cell(str(curation.run.recipe.get('name') or 'a recipe'))}\n\n"
        + mixture_summary(curation, sources, shown.stats),
        accepted([curation.contamination(None, use.end)], "the sources"),
        _verdict(found, sources),
        _shares(curation),
        _use(curation, None, use, shown),
        _fields([rows.kind]),
        _record(curation.run.about, rows),
    ]
    return _page(parts)


def source_summary(curation: Curation, said: SourceFacts) -> str:
    """One plain sentence or two on what the source is."""
    came = f"made by the generator `{said.made_by}` of postgrad" if said.made_by else (
        f"read from {len(said.files)} file{'s' * (len(said.files) != 1)}")  # fmt: skip
    ways = []
    for use in curation.uses_of(said.name):
        passages = curation.passages(use.end, said.name)
        last = passages[-1]
        copies = f" (with copies {whole(last.kept)})" if last.made else ""
        kept = f"{whole(last.kept - last.made)} of {whole(passages[0].entered)} rows{copies}"
        ways.append(f"{kept} went on to {_goal(use)}")
    aim = f" for the capability {cell(said.capability)}" if said.capability else ""
    return f"Rows {came}{aim}. {_sentence('; '.join(ways))}"


def mixture_summary(curation: Curation, sources: list[SourceFacts], stats: Stats) -> str:
    """One plain sentence or two on what the mixture is."""
    names = joined([cell(said.name) for said in sources])
    return (
        f"What supervised fine-tuning of the run trains on: {whole(stats.rows)} rows of {names}, chosen by the "
        f"priorities of the recipe, seed {curation.run.recipe.get('seed')}."
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _goal(use: Use) -> str:
    return "the training of `sft`" if use.name == "sft" else f"the stage `{use.name}`"


def _page(parts: list[str]) -> str:
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def front_matter(name: str, licence: str, rows: int) -> str:
    """What data hubs read."""
    steps = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
             (10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"))  # fmt: skip
    category = next((label for most, label in steps if rows < most), "n>100M")
    known = spdx_id(licence)
    lines = [f"pretty_name: {_quoted(name)}", f"license: {known.lower() if known else 'other'}"]
    lines += [] if known else [f"license_name: {_quoted(licence or 'unknown')}"]
    return "\n".join(["---", *lines, f"size_categories: [{category}]", "tags: [postgrad]", "---"])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def _largest(shown: dict[Use, Shown]) -> int:
    return max((one.stats.rows for one in shown.values()), default=0)


def _licence(said: SourceFacts) -> str:
    link = address(said.licence)
    name = cell(said.licence or "none given")
    asks = describe(said.licence)
    points = "".join(f"\n- {cell(point)}" for point in verdict({said.name: said.licence}, "the rows").points)
    warning = " Do not take it for free." if UNKNOWN in conditions(said.licence) else ""
    return (
        f"## Licence\n\n**{f'[{name}]({link})' if link else name}**: {asks}.{warning} {NOT_ADVICE}\n{points}".rstrip()
    )


def _verdict(found: Verdict, sources: list[SourceFacts]) -> str:
    lines: list[list[object]] = [
        [said.name, said.licence or "none given", describe(said.licence), _origin(said)] for said in sources
    ]
    conflicts = "".join(f"\n- **Conflict:** {cell(one)}" for one in found.conflicts)
    points = "".join(f"\n- {cell(point)}" for point in found.points)
    return (
        f"## Licences\n\n**{found.summary}** As one work of all sources, which is the careful reading; as a collection "
        f"each row keeps its own licence, which stands beside it in the column `licence`. {NOT_ADVICE}\n"
        f"{conflicts}{points}\n\n{table(['source', 'licence', 'what it asks', 'origin'], lines)}"
    )


def _shares(curation: Curation) -> str:
    capabilities, sources = shares_of(curation.run)
    lines: list[list[object]] = [
        [one.name, one.capability, whole(one.rows), whole(one.tokens), f"{one.epochs:.2f}",
         percent(one.reached), percent(one.aimed)]
        for one in sources]  # fmt: skip
    if not lines:
        return ""
    short = [f"{cell(one.name)} {percent(one.reached)} of {percent(one.aimed)}" for one in capabilities]
    head = ["source", "capability", "different rows", "trained tokens", "epochs", "share", "aimed at"]
    reached = f"Reached of what the priorities aim at: {', '.join(short)}."
    return f"## Shares\n\n{reached}\n\n{table(head, lines, right=range(2, 7))}"


def _about(said: SourceFacts, uses: list[Use]) -> str:
    lines: list[list[object]] = [
        ["origin", _origin(said)],
        ["version", said.version or NONE_GIVEN],
        ["licence", said.licence or NONE_GIVEN],
        ["legal basis for personal data", said.legal_basis or NONE_GIVEN],
        ["capability", said.capability or "none"],
        ["format", said.format or "unknown"],
        ["used for", ", ".join(use.name for use in uses) or "nothing"],
    ]
    return f"## Where it comes from\n\n{table(['what', 'as given'], lines)}"


def _origin(said: SourceFacts) -> str:
    return said.origin or (f"generator {said.made_by} of postgrad" if said.made_by else NONE_GIVEN)


def _files(said: SourceFacts) -> str:
    lines: list[list[object]] = [
        [file.name, "–" if file.bytes is None else size(file.bytes), file.sha256] for file in said.files
    ]
    return f"## Files\n\n{table(['file', 'size', 'sha256'], lines, right=(1,))}" if lines else ""


def _use(curation: Curation, source: str | None, use: Use, shown: Shown) -> str:
    parts = [
        f"## Rows for `{use.name}`\n\n{_passages(curation.passages(use.end, source))}",
        _personal_data(curation, source, use),
        _duplicates(curation, source, use),
        _contamination(curation.contamination(source, use.end), source is None),
        _lengths(shown.stats),
        _samples(curation, use, shown),
    ]
    return "\n\n".join(part for part in parts if part)


def _passages(passages: list[Passage]) -> str:
    lines: list[list[object]] = []
    for one in passages:
        lines.append([one.title, whole(one.entered), whole(one.made) if one.made else "",
                      whole(one.kept), _reasons(one.dropped) or "none", _reasons(one.changed)])  # fmt: skip
    return table(["step", "rows in", "copies", "rows out", "left, by reason", "changed"], lines, right=(1, 2, 3))


def _reasons(counts: dict[str, int]) -> str:
    return ", ".join(f"{reason} {whole(number)}" for reason, number in sorted(counts.items(), key=lambda one: -one[1]))


def _personal_data(curation: Curation, source: str | None, use: Use) -> str:
    looked, found = curation.looked_for(use.end), curation.personal_data(source, use.end)
    if not looked:
        return "### Personal data\n\nNot looked for: the recipe asks for no redaction."
    lines: list[list[object]] = [
        [kind.replace("_", " "), looked.get(kind, "–"), whole(found.get(kind, (0, 0))[0]),
         whole(found.get(kind, (0, 0))[1])]
        for kind in dict.fromkeys([*looked, *found])]  # fmt: skip
    return (
        "### Personal data\n\nAs far as the detectors see: what is not in the list was not looked for.\n\n"
        + table(["kind", "treatment", "rows", "places"], lines, right=(2, 3))
    )


def _duplicates(curation: Curation, source: str | None, use: Use) -> str:
    passage = next((one for one in curation.passages(use.end, source) if one.part == "deduplicate"), None)
    if passage is None:
        return "### Duplicates\n\nNot looked for."
    gone = sum(passage.dropped.values())
    share = gone / passage.entered if passage.entered else 0.0
    said = f"{whole(gone)} of {whole(passage.entered)} rows left as duplicates ({percent(share)})"
    keepers = curation.keepers(source, use.end) if source is not None else {}
    others = {name: number for name, number in keepers.items() if name != source}
    beside = "; of these " + ", ".join(f"{whole(number)} for a row of {cell(name)}" for name, number in others.items())
    return f"### Duplicates\n\n{said}{beside if others else ''}."


def _contamination(found: Contamination | None, together: bool) -> str:
    if found is None:
        return "### Overlap with tasks\n\nNot looked for."
    rule, unseen = found.rule, found.unseen
    said = [
        f"A row overlaps an item when more than {percent(rule['overlap'])} of the item's tokens lie in "
        f"{rule['ngram']}-grams of its user turns; a source is contaminated above {percent(rule['source_limit'])} of a "
        "task's items."
    ]
    lines = [([pair.source] if together else []) + _overlap(pair) for pair in found.development if pair.rows]
    tasks = len({pair.task for pair in found.development})
    if lines:
        head = ["development task", "rows", "items given away", "share", "rows were"]
        first = 2 if together else 1
        said.append(table((["source"] if together else []) + head, lines, right=range(first, first + 3)))
    elif tasks:
        said.append(f"No row overlaps one of the {tasks} development tasks." if tasks > 1 else
                    "No row overlaps the development task.")  # fmt: skip
    if found.unseen_tasks:
        items = "" if together else f", {whole(unseen.items)} of {whole(unseen.task_items)} items are given away"
        above = ", above the limit for at least one task" if unseen.above_limit else ""
        said.append(
            f"Unseen tasks, as counts only: {found.unseen_tasks} compared, {whole(unseen.rows)} rows "
            f"overlap{items}{above}."
        )
    return "### Overlap with tasks\n\n" + "\n\n".join(said)


def _overlap(pair: Overlaps) -> list[object]:
    done = {"drop": "dropped", "drop_rows": "dropped", "drop_source": "dropped with the source", "keep": "kept",
            "accept": "kept, accepted above the limit", "stop": "dropped"}  # fmt: skip
    return [pair.task, whole(pair.rows), f"{whole(pair.items)} of {whole(pair.task_items)}", percent(pair.share),
            done.get(pair.action, pair.action)]  # fmt: skip


def _lengths(stats: Stats) -> str:
    lines: list[list[object]] = []
    for name, lengths in (("turns", stats.turns), ("characters", stats.chars), ("words", stats.words)):
        said = lengths.json()
        lines.append([name, *(whole(said[key]) for key in ("least", "p50", "p90", "p99", "most")),
                      whole(said["total"])])  # fmt: skip
    found = stats.languages.total()
    named = sorted(stats.languages.most_common(), key=lambda one: one[0] in UNTOLD)
    languages = ", ".join(f"{UNTOLD.get(name, name)} {percent(number / found)}" for name, number in named)
    said_of_languages = (
        f"\n\nLanguages of {whole(found)} rows drawn by their hashes, by an offline identifier at a confidence of "
        f"{SURE} or more: {languages}." if found else "")  # fmt: skip
    head = ["a row has", "least", "median", "90 %", "99 %", "most", "all rows"]
    return f"### Lengths and languages\n\n{table(head, lines, right=range(1, 7))}{said_of_languages}"


def _samples(curation: Curation, use: Use, shown: Shown) -> str:
    if not curation.looked_for(use.end):
        return "### Samples\n\nNone: redaction has not been over these rows, so that they are not quoted here."
    if not shown.samples:
        return "### Samples\n\nNone of the rows may be quoted."
    return "### Samples\n\nDrawn by their hashes from the rows that stayed.\n\n" + "\n\n---\n\n".join(
        "\n\n".join(f"**{cell(who)}**\n\n{_fenced(text)}" for who, text in turns(row)) for row in shown.samples)


def _fenced(text: str) -> str:
    """A text as a code block that nothing in it can end, cut where it is long."""
    text = printable(text)
    cut = text[:SHOWN_CHARS]
    more = f"\n… {whole(len(text) - SHOWN_CHARS)} characters more" if len(text) > SHOWN_CHARS else ""
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", cut)), default=0))
    return f"{fence}text\n{cut}{more}\n{fence}"


def _fields(kinds: list[str]) -> str:
    parts = []
    for kind in dict.fromkeys(kinds):
        lines: list[list[object]] = [
            [field.name, _type(field.type), TELLS.get(field.name, "")] for field in SCHEMAS[RECORDS[kind]]
        ]
        parts.append(f"`{kind}.parquet`:\n\n{table(['field', 'type', 'what'], lines)}")
    return "## Fields\n\n" + "\n\n".join(parts) if parts else ""


def _type(kind: Any) -> str:
    """An Arrow type in short: `list of {role, content}`."""
    text = str(kind)
    if text.startswith("list"):
        return f"list of {_type(kind.value_type)}"
    if text.startswith("struct"):
        return "{" + ", ".join(field.name for field in kind) + "}"
    return text


def _record(about: dict[str, Any], rows: TableFact | None = None) -> str:
    lines: list[list[object]] = [["recipe", about.get("recipe_hash", "")]]
    if rows is not None:
        lines += [["table", f"{rows.place}, below the run's store"], ["sha256", rows.sha256]]
    lines += [
        ["head of the seal log", (about.get("seal") or {}).get("head") or "none"],
        ["postgrad", (about.get("versions") or {}).get("postgrad", "")],
    ]
    return (
        "## Record\n\nEvery row that left, changed or was copied is in the ledgers: `postgrad data ledger RUN`.\n\n"
        + table(["what", "value"], lines)
    )
