"""The model card (README.md) of a run's model: what it is, what it scored, and what its data's licences mean for it."""

import json
from pathlib import Path
from typing import Any

from postgrad.inspection.curation import Curation
from postgrad.inspection.run_folder import read
from postgrad.pipeline.runs import SCORES, Run
from postgrad.release.accepted import accepted
from postgrad.release.markdown import cell, table
from postgrad.support.errors import Failure
from postgrad.support.licence_verdict import named, verdict
from postgrad.support.licences import describe
from postgrad.support.words import interval, number, p_value, scale, signed, signed_interval, stage_name, whole


def card(run: Run, stage: str) -> str:
    """Markdown with the front matter that model hubs read. The same run gives the same text."""
    record = run.record
    recipe: dict[str, Any] = record.get("recipe") or {}
    about = (
        _json(run.artifact("base").folder / "about.json") if any(s["name"] == "base" for s in record["steps"]) else {}
    )
    licences = named(recipe, str(about.get("licence") or ""))
    scores = _json(run.folder / SCORES)
    parts = [
        _front_matter(recipe, licences),
        _opening(recipe, about, stage),
        _accepted(run, stage),
        _use(),
        _scores(scores, stage),
        _changes(scores, stage),
        _licences(licences),
        _record(record, stage),
    ]
    return "\n".join(part.strip("\n") + "\n" for part in parts if part)


def _json(path: Path) -> dict[str, Any]:
    """A JSON object, or an empty one where there is no file: a partial run has a card too."""
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise Failure(f"cannot be read ({error})", where=str(path), mend="run the recipe again") from error


def _front_matter(recipe: dict[str, Any], licences: dict[str, str]) -> str:
    distinct = {licence.lower() for licence in licences.values()}
    licence = distinct.pop() if len(distinct) == 1 and "" not in distinct else "other"
    said = {"library_name": "transformers", "pipeline_tag": "text-generation", "license": licence, "tags": ["postgrad"]}
    base = str(recipe.get("base_model") or "")
    if base.count("/") == 1 and not base.startswith((".", "/", "~")) and not base.endswith(".gguf"):
        said["base_model"] = base
    return "---\n" + "\n".join(f"{key}: {json.dumps(value)}" for key, value in said.items()) + "\n---"


def _opening(recipe: dict[str, Any], about: dict[str, Any], stage: str) -> str:
    base = Path(str(recipe.get("base_model") or "an unnamed base")).name
    names = [said["name"] for said in recipe.get("stages") or []]
    way = names[: names.index(stage) + 1] if stage in names else [stage]
    size = f" ({whole(about['parameters'])} parameters)" if about.get("parameters") else ""
    return (
        f"# {cell(recipe.get('name') or 'A postgrad model')}\n\n{cell(base)}{size}, post-trained through "
        f"{cell(', '.join(way))} with postgrad, seed {recipe.get('seed')}. "
        "`report.html` of the run tells the whole story."
    )


def _accepted(run: Run, stage: str) -> str:
    """Contamination that the recipe accepted in anything that this model was made of."""
    curation = Curation(read(run.folder))
    made_of = curation.run.ancestors([stage])
    return accepted([curation.contamination(None, use.end) for use in curation.uses if use.end in made_of], "its data")


def _use() -> str:
    return """## Use

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer, model = AutoTokenizer.from_pretrained("."), AutoModelForCausalLM.from_pretrained(".")
messages = [{"role": "user", "content": "Hello!"}]
inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True, return_tensors="pt")
answer = model.generate(**inputs, max_new_tokens=128)[0, inputs["input_ids"].shape[1] :]
print(tokenizer.decode(answer, skip_special_tokens=True))
```"""


def _scores(scores: dict[str, Any], stage: str) -> str:
    shown = [s for s in scores.get("scores") or [] if s["stage"] in ("base_plain", "base", stage)]
    if not shown:
        return "## Scores\n\nThis model has not been scored."
    rows: list[list[object]] = []
    for s in shown:
        factor = scale(s["metric"])
        rows.append(
            [
                s["task"],
                s["capability"],
                s["split"],
                s["metric"],
                stage_name(s["stage"]),
                number(s["value"] * factor),
                interval(s["low"] * factor, s["high"] * factor),
                s["n"],
            ]
        )
    rows.sort(key=lambda row: (row[2] != "development", str(row[1]), str(row[0])))
    note = (
        ""
        if any(row[2] == "unseen" for row in rows)
        else ("\n\nThese are development tasks, which steer choices and so flatter. Unseen tasks were not opened.")
    )
    head = ["task", "capability", "split", "metric", "model", "score", "interval", "n"]
    return f"## Scores\n\nShares are in points of a hundred.{note}\n\n{table(head, rows)}"


def _changes(scores: dict[str, Any], stage: str) -> str:
    found = [c for c in scores.get("comparisons") or [] if c["to"] == stage]
    if not found:
        return ""
    rows: list[list[object]] = []
    for c in found:
        factor = scale(c["metric"])
        rows.append(
            [
                c["task"],
                c["split"],
                stage_name(c["from"]),
                signed(c["difference"] * factor),
                signed_interval(c["low"] * factor, c["high"] * factor),
                p_value(c.get("p_value")),
                c["n"],
                c.get("test", ""),
            ]
        )
    lower = sum(c["high"] < 0 for c in found)
    said = (
        f"{lower} of these {len(found)} comparisons show a loss beyond doubt."
        if lower
        else "None of these comparisons shows a loss beyond doubt."
    )
    head = ["task", "split", "against", "difference", "interval", "p", "n", "test"]
    return f"## Paired differences\n\n{said} The p-values are not corrected for their number.\n\n{table(head, rows)}"


def _licences(licences: dict[str, str]) -> str:
    found = verdict(licences)
    points = "".join(f"\n- {cell(point)}" for point in (*found.conflicts, *found.points))
    rows: list[list[object]] = [
        [name, licence or "none given", describe(licence)] for name, licence in licences.items()
    ]
    return (
        f"## Licences\n\n{found.summary} This reads weights as a derived work of their data; it is not legal advice.\n"
        f"{points}\n\n{table(['what', 'licence', 'what it asks'], rows)}"
    )


def _record(record: dict[str, Any], stage: str) -> str:
    seal = record.get("seal") or {}
    opened = f"opened, with the reason “{cell(seal.get('reason'))}”" if seal.get("opened") else "not opened"
    versions = ", ".join(f"{name} {version}" for name, version in (record.get("versions") or {}).items() if version)
    rows: list[list[object]] = [
        ["artifact", record["stages"].get(stage, {}).get("artifact", "")],
        ["hash of its files", record["stages"].get(stage, {}).get("outputs", "")],
        ["recipe", record.get("recipe_hash", "")],
        ["head of the seal log", seal.get("head") or "none"],
        ["versions", versions],
    ]
    return f"## Record\n\nUnseen tasks were {opened}.\n\n{table(['what', 'value'], rows)}"
