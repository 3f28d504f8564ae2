"""The cards of a run's data: DIR/cards/ with SOURCE.md, SOURCE.croissant.json, mixture.md, mixture.croissant.json."""

import json
import shutil
from pathlib import Path
from typing import Any

from postgrad.inspection.curation import Curation, Use
from postgrad.inspection.data_stats import LanguageOf
from postgrad.inspection.run_folder import read
from postgrad.inspection.shown_rows import Shown, by_source, everything
from postgrad.inspection.source_facts import SourceFacts, facts, sources, table_fact
from postgrad.pipeline.runs import CARDS
from postgrad.release.croissant import mixture_croissant, source_croissant
from postgrad.release.data_card import mixture_card, mixture_summary, source_card, source_summary
from postgrad.support.files import clear_halves, replaced_folder
from postgrad.support.licence_verdict import NOT_ADVICE, verdict
from postgrad.support.words import percent

MIXTURE = "mixture"


def write_cards(run: Path, language_of: LanguageOf) -> Path:
    """Write the cards of the run folder `run`, all or none; those that are the same already are left alone.

    Returns the folder. What a killed writer left beside it is cleared away. Mistake if there is no run; Failure if an
    artifact is broken.
    """
    target = run / CARDS
    clear_halves(target)
    texts = card_texts(run, language_of)
    if not texts:  # no rows were read
        shutil.rmtree(target, ignore_errors=True)
    if not texts or _same(target, texts):
        return target
    with replaced_folder(target) as folder:
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    return target


def card_texts(run: Path, language_of: LanguageOf) -> dict[str, str]:
    """File name → text. The same artifacts give the same texts."""
    curation = Curation(read(run))
    said = {name: facts(curation, name) for name in sources(curation)}
    shown: dict[str, dict[Use, Shown]] = {name: {} for name in said}
    for use in curation.uses:
        for name, one in by_source(curation, curation.before_mixing(use.end)).items():
            one.stats.look_at_languages(language_of)
            shown[name][use] = one
    texts: dict[str, str] = {}
    for name, source in said.items():
        label = f"{name}.source" if name == MIXTURE else name
        texts[f"{label}.md"] = source_card(curation, source, shown[name])
        notes = _notes(curation, name, list(shown[name]), [source])
        texts[f"{label}.croissant.json"] = _json(source_croissant(source, source_summary(curation, source), notes))
    return texts | _mixture(curation, said, language_of)


def _mixture(curation: Curation, said: dict[str, SourceFacts], language_of: LanguageOf) -> dict[str, str]:
    rows = table_fact(curation.run, MIXTURE)
    if rows is None:
        return {}
    use = next(use for use in curation.uses if use.end == MIXTURE)
    shown = everything(curation, MIXTURE)
    shown.stats.look_at_languages(language_of)
    taken = [said[name] for name in said if curation.kept(MIXTURE)[name]]
    name = f"{curation.run.recipe.get('name') or 'recipe'}_mixture"
    description = mixture_summary(curation, taken, shown.stats)
    return {
        f"{MIXTURE}.md": mixture_card(curation, use, taken, shown, rows),
        f"{MIXTURE}.croissant.json": _json(
            mixture_croissant(name, description, taken, rows, _notes(curation, None, [use], taken))),
    }  # fmt: skip


def _notes(curation: Curation, source: str | None, uses: list[Use], said: list[SourceFacts]) -> dict[str, str]:
    """Croissant's properties for responsible AI: what was done to the rows, what of people is in them, what to heed."""
    done, personal, overlaps = [], [], []
    for use in uses:
        steps = [f"{one.part}: {one.entered} in, {one.kept} out" for one in curation.passages(use.end, source)]
        done.append(f"for {use.name}: {'; '.join(steps)}")
        looked, found = curation.looked_for(use.end), curation.personal_data(source, use.end)
        kinds = [f"{kind} ({looked[kind]}) in {found.get(kind, (0, 0))[0]} rows" for kind in looked]
        personal.append(f"for {use.name}: {', '.join(kinds) or 'not looked for'}")
        if overlap := curation.contamination(source, use.end):
            shares = [f"{pair.task} {percent(pair.share)}" for pair in overlap.development if pair.rows]
            unseen = f"{overlap.unseen.rows} rows overlap unseen tasks"
            overlaps.append(f"for {use.name}: {', '.join(shares) or 'no development task overlaps'}; {unseen}")
    basis = "; ".join(dict.fromkeys(one.legal_basis for one in said if one.legal_basis)) or "not given"
    summary = verdict({one.name: one.licence for one in said}, "the rows").summary
    limits = f"Overlap with tasks {'. '.join(overlaps) or 'not looked for'}"
    return {
        "dataPreprocessingProtocol": ". ".join(done),
        "personalSensitiveInformation": f"{'. '.join(personal)}. Legal basis: {basis}",
        "dataLimitations": f"{limits}. {summary} {NOT_ADVICE}",
    }


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _same(target: Path, texts: dict[str, str]) -> bool:
    """Whether the folder holds these files and nothing else."""
    if not target.is_dir() or {path.name for path in target.iterdir()} != texts.keys():
        return False
    return all((target / name).read_bytes() == text.encode() for name, text in texts.items())
