"""Presidio as one more detector (the extra `presidio`): its pattern recognisers, and people's names by a spaCy model.

The model is named by the user and must be installed: nothing is downloaded. The part of its name before the first `_`
is its language. https://microsoft.github.io/presidio/
"""

from collections.abc import Iterator, Set
from functools import cache
from importlib.util import find_spec
from typing import Any

from postgrad.data.pii.kinds import Found, Kind
from postgrad.support.errors import Mistake
from postgrad.support.extras import to_install

SURE = 0.5
"""Least score that counts; Presidio's weaker patterns, such as any nine digits, score less without context."""
ENTITIES: dict[str, Kind] = {
    "EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "IBAN_CODE": "iban", "CREDIT_CARD": "card", "IP_ADDRESS": "ip",
    "MAC_ADDRESS": "mac", "PERSON": "name", "US_SSN": "national_id", "US_ITIN": "national_id", "UK_NHS": "national_id",
    "UK_NINO": "national_id", "ES_NIF": "national_id", "ES_NIE": "national_id", "IT_FISCAL_CODE": "national_id",
    "PL_PESEL": "national_id", "SG_NRIC_FIN": "national_id", "AU_TFN": "national_id", "AU_MEDICARE": "national_id",
    "IN_PAN": "national_id", "IN_AADHAAR": "national_id", "FI_PERSONAL_IDENTITY_CODE": "national_id",
    "KR_RRN": "national_id", "TH_TNIN": "national_id", "MEDICAL_LICENSE": "record_number"}


def find_with_presidio(text: str, model: str, wanted: Set[Kind]) -> Iterator[Found]:
    """What Presidio finds of the kinds wanted. Mistake if it or the model is not installed."""
    language = model.partition("_")[0]
    for one in analyser(model).analyze(text=text, language=language, score_threshold=SURE):
        kind = ENTITIES.get(one.entity_type)
        if kind in wanted and kind is not None:
            yield Found(one.start, one.end, kind)


@cache
def analyser(model: str) -> Any:
    """Presidio's engine with that spaCy model, loaded once a process."""
    if find_spec("presidio_analyzer") is None:
        raise Mistake("Presidio is not installed", where="redact.presidio", mend=to_install("presidio"))
    if find_spec(model) is None:
        raise Mistake(f"the spaCy model {model} is not installed", where="redact.presidio",
                      mend=f"install it yourself (python -m spacy download {model}): postgrad downloads nothing")
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    language = model.partition("_")[0]
    engine = NlpEngineProvider(nlp_configuration={
        "nlp_engine_name": "spacy", "models": [{"lang_code": language, "model_name": model}]}).create_engine()
    return AnalyzerEngine(nlp_engine=engine, supported_languages=[language])
