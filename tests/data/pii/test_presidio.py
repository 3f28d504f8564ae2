"""Presidio behind the same interface, with its real pattern recognisers and a spaCy pipeline without a model."""

import pytest

from postgrad.data.pii import presidio
from postgrad.data.pii.find import Finder
from postgrad.data.pii.kinds import Redaction
from postgrad.support.errors import Mistake


def test_without_presidio_or_its_model_one_line_says_what_to_install() -> None:
    presidio.analyser.cache_clear()
    with pytest.raises(Mistake, match="not installed"):
        presidio.analyser("en_no_such_model")


def test_what_its_patterns_find_comes_as_our_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    analyser = pytest.importorskip("presidio_analyzer", reason="the extra presidio is not installed")
    spacy = pytest.importorskip("spacy")
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine

    class Blank(SpacyNlpEngine):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(ner_model_configuration=NerModelConfiguration(labels_to_ignore=[]))
            self.nlp = {"en": spacy.blank("en")}

    engine = analyser.AnalyzerEngine(nlp_engine=Blank(), supported_languages=["en"])
    monkeypatch.setattr(presidio, "analyser", lambda model: engine)
    text = "Ask jane@example.com, card 4111111111111111, IBAN DE89370400440532013000"
    for kind, said in (("email", "jane@example.com"), ("card", "4111111111111111"), ("iban", "DE89370400440532013000")):
        found = list(presidio.find_with_presidio(text, "en_core_web_sm", frozenset({kind})))  # type: ignore[arg-type]
        assert [text[one.start : one.end] for one in found] == [said]
    both = Finder(Redaction({"email": "replace", "name": "replace"}, presidio="en_core_web_sm"))(text)
    assert [text[one.start : one.end] for one in both] == ["jane@example.com"]
