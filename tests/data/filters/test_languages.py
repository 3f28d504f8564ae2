"""The language identifier on sentences of twelve languages, and the filter about it."""

import importlib
from pathlib import Path

import pytest

from data.filters.judging import found, reason
from data.making import example
from postgrad.data.filters.languages import LANGUAGES, LOOKED_AT, language_of, prose_of

TWELVE = ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "pl", "ru", "zh", "ja")
ENGLISH = "The shop on the corner closes early on Sundays, and nobody knows why that is so."
GERMAN = "Der Laden an der Ecke schließt sonntags früh, und niemand weiß, warum das so ist."


def sentences() -> dict[str, list[str]]:
    by_language: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in Path(__file__).with_name("sentences.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            lines = by_language.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            lines.append(line)
    return by_language


def test_every_language_has_twenty_sentences_from_short_to_long() -> None:
    assert tuple(sentences()) == TWELVE
    for lines in sentences().values():
        assert len(set(lines)) == 20 and len(lines[0]) < len(lines[10]) < len(lines[17])


def test_the_codes_are_those_that_the_identifier_knows() -> None:
    known = importlib.import_module("py3langid.langid").LanguageIdentifier.from_model_file("data/model.npz.xz").labels
    assert set(known) - LANGUAGES == {"zxx"}  # "no linguistic content"
    assert not LANGUAGES - set(known)


@pytest.mark.parametrize("language", TWELVE)
def test_sentences_are_told_apart(language: str) -> None:
    """What docs/filters.md says: nearly all sentences of any length, and all of 40 characters and more."""
    lines = sentences()[language]
    assert sum(language_of(line)[0] == language for line in lines) >= 18
    assert all(language_of(line)[0] == language for line in lines if len(line) >= 40)


@pytest.mark.parametrize("language", TWELVE)
def test_no_sentence_is_lost_that_is_in_the_language_asked_for(language: str) -> None:
    for line in sentences()[language]:
        assert reason(example(line, line), languages=(language,), language_min_chars=1, language_scope="turn") == ""


def test_a_row_in_another_language_leaves() -> None:
    assert reason(example(GERMAN, GERMAN), languages=("en", "de")) == ""
    why, detail = found(example(GERMAN, GERMAN), languages=("en", "fr")) or ("", "")
    assert why == "other language" and detail.startswith("de, ") and detail.endswith(" %")


def test_row_or_turn() -> None:
    mixed = example(f"Translate: {ENGLISH} {ENGLISH} {ENGLISH}", GERMAN)
    assert reason(mixed, languages=("en",)) == ""
    why, detail = found(mixed, languages=("en",), language_scope="turn") or ("", "")
    assert why == "other language" and detail.startswith("messages[1]: de")


def test_short_texts_and_texts_without_letters_are_not_judged() -> None:
    assert reason(example("Wo?", "Dort drüben am Fluss."), languages=("en",)) == ""
    assert reason(example("Wo?", "Dort drüben am Fluss."), languages=("en",), language_min_chars=10) == "other language"
    assert reason(example("12 + 30 = 42 " * 9, "3 * 9 = 27 " * 9), languages=("en",)) == ""


def test_code_and_addresses_have_no_language() -> None:
    code = "```python\nfor wert in liste:\n    ausgabe(wert, zeile, spalte, breite)\n```"
    assert prose_of(f"Look: {code} and https://example.org/der/laden there.") == "Look:   and   there."
    assert prose_of("a ``` never closed") == "a" and len(prose_of("a" * 9999)) == LOOKED_AT


def test_the_confidence_asked_for_is_the_least_that_drops() -> None:
    sure = language_of(prose_of(f"{GERMAN}\n{GERMAN}"))[1]
    row = example(GERMAN, GERMAN)
    assert reason(row, languages=("en",), language_confidence=sure) == "other language"
    assert reason(row, languages=("en",), language_confidence=1.0 if sure < 1 else 1.1) == ""
