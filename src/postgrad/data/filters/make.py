"""`make`: the filters that a config asks for, as one function from a row to what became of it. Cheap ones go first."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from postgrad.data.filters import (
    empty,
    expressions,
    keywords,
    languages,
    lengths,
    letters,
    lookalikes,
    markers,
    repetition,
    scripts,
    self_identification,
    unreadable,
    urls,
)
from postgrad.data.filters.config import FilterConfig
from postgrad.data.filters.finding import Check, CountTokens
from postgrad.data.rows import Handled, Record, dropped
from postgrad.support.errors import Mistake
from postgrad.support.hashing import hash_file

STEP = "filter"
WHERE = "curate.filter"

def config_of(said: Mapping[str, Any]) -> FilterConfig:
    """The config that a recipe's `curate.filter` means, `keywords_file` read. Mistake for what no filter can be."""
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in said.items()}
    file = values.pop("keywords_file", None)
    if file is not None:
        values["keywords"] = (*values.get("keywords", ()), *keywords.read_keywords(Path(file)))
    if values.get("self_identification"):
        values["self_identification_list"] = hash_file(self_identification.LIST)
    config = FilterConfig(**values)
    _checks(config, lambda messages: 0)
    return config

def make(config: FilterConfig, count_tokens: CountTokens | None = None) -> "RowFilter":
    """The filter of a config; it can be pickled if `count_tokens` can. `count_tokens` is needed for bounds on tokens.

    Mistake for a config that no filter can be made of.
    """
    return RowFilter(config, count_tokens)

class RowFilter:
    """Judges one row at a time, and keeps nothing between two of them."""

    def __init__(self, config: FilterConfig, count_tokens: CountTokens | None) -> None:
        self._config, self._count_tokens = config, count_tokens
        self._checks = _checks(config, count_tokens)

    def __call__(self, record: Record) -> Handled:
        for check in self._checks:
            found = check(record)
            if found is not None:
                return dropped(record, STEP, *found)
        return Handled(record)

    def __reduce__(self) -> tuple[type["RowFilter"], tuple[FilterConfig, CountTokens | None]]:
        return RowFilter, (self._config, self._count_tokens)


def _checks(config: FilterConfig, count_tokens: CountTokens | None) -> list[Check]:
    made: list[Check] = [empty.check]
    if config.max_unreadable is not None or config.max_mojibake is not None:
        made.append(unreadable.check(config.max_unreadable, config.max_mojibake))
    if config.markers == "drop":
        made.append(markers.check)
    bounds: list[lengths.Bound] = [("characters", lengths.characters, config.min_chars, config.max_chars),
                                   ("words", lengths.words, config.min_words, config.max_words),
                                   ("turns", lengths.turns, config.min_turns, config.max_turns)]
    made += _lengths(bounds)
    if config.max_urls is not None:
        made.append(urls.check(config.max_urls))
    if config.max_non_letters is not None:
        made.append(letters.check(config.max_non_letters))
    if config.scripts:
        made.append(scripts.check(config.scripts, config.max_other_scripts))
    if config.lookalikes == "drop":
        made.append(lookalikes.check)
    if config.self_identification:
        made.append(self_identification.check(config.self_identification))
    if config.keywords:
        made.append(keywords.check(config.keywords, config.keyword_roles))
    if config.repetition or config.max_loop is not None:
        made.append(repetition.check(config.repetition, config.max_loop))
    if config.keep_if:
        made.append(expressions.check(config.keep_if, count_tokens))
    if config.languages:
        made.append(languages.check(
            config.languages, config.language_confidence, config.language_min_chars, config.language_scope))
    if config.min_tokens is not None or config.max_tokens is not None:
        if count_tokens is None:
            raise Mistake("a bound on tokens needs a tokenizer", where=WHERE, mend="give a base model, or leave it out")
        made += _lengths([("tokens", count_tokens, config.min_tokens, config.max_tokens)])
    return made

def _lengths(bounds: list[lengths.Bound]) -> list[Check]:
    """The check of those bounds that are set. Mistake for one that nothing can meet."""
    asked = [bound for bound in bounds if bound[2] is not None or bound[3] is not None]
    for unit, _, least, most in asked:
        if least is not None and most is not None and least > most:
            raise Mistake(f"at least {least} and at most {most} {unit}: no row can be so", where=WHERE,
                          mend="exchange the two")
    return [lengths.check(asked)] if asked else []


def needs_tokens(config: FilterConfig) -> bool:
    """Whether the filter of a config must be given `count_tokens`."""
    return config.min_tokens is not None or config.max_tokens is not None or expressions.use_tokens(config.keep_if)
