"""Numbers of patients, cases and specimens in medical notes: a word that names one, then a number.

Words that other trades use as well (case, file, account, visit), and words without a "number" after them (chart,
dossier), count only in a text that speaks of patients.
"""

import re
from collections.abc import Iterator

from postgrad.data.pii.context import as_ascii
from postgrad.data.pii.kinds import Spans

NUMBER = (r"(?:number|numbers|num|no|nr|nummer|numéro|número|numero|numer|id|ids|identifier|code|#|n°|nº|№|n\.)")
NAMED = (
    r"mrn|m\.r\.n\.|emrn|urn|uhid|ehr|emr|pid|ipp|nip|iep|nhc",
    r"(?:medical|health|hospital|patient|clinical)[\s_\-]?(?:record|records|chart|file|card|unit)?",
    r"pat(?:\.|ient(?:en)?)?[\s_\-]?|chart|accession|encounter|specimen|sample|admission|episode|referral|prescription|rx",
    r"fall|aufnahme|aufn\.|kranken(?:akten?|blatt)?|akten|befund|auftrags?|proben|labor|karteikarten?|versicherten",
    r"dossier|séjour|historia(?:\s?cl[ií]nica)?|h\.?c\.?|expediente|paciente|episodio",
    r"cartella(?:\s?clinica)?|pratica|paziente|nosologico|patiënt|opname|epd",
    r"prontu[áa]rio|processo(?:\s?clínico)?|utente|histori[ia]\s?choroby|ksi[ęe]gi\s?głównej|zlecenia|pacjenta|kartoteki",
    r"journal|pasient|potilas|chorobopisu|pacienta|карты|истори[ия]\s?болезни|пациента|медкарты|path(?:ology)?",
    r"remiss",
)
"""Names before or behind a word for "number"."""
WHOLE = (
    r"mrn|m\.r\.n\.?|uhid|nhc|ipp|iep|nuhsa|prontu[áa]rio|chipkarte|health\s?card|Patient/|patientennummer",
    r"(?:patienten|pat\.?|fall|aufnahme|aufn\.|akten|proben|befund|auftrags|kranken(?:akten?|blatt)|versicherten)-?"
    r"(?:nummer|nr\.?|id|zeichen)",
    r"(?:patiënt|dossier|opname|epd|zorgpolis|journal|patient|pasient|remiss)-?(?:nummer|nr\.?|id)|potilas-?numero",
    r"患者番号|患者ID|カルテ番号|病历号|住院号|门诊号|患者编号|등록번호|환자번호",
)
"""Words that name such a number by themselves."""
SHARED = (r"(?:case|file|account|acct|visit|lab|order|study|admit|member|subscriber|insurance|policy|beneficiary|"
          r"health\s?plan|group|claim)")
"""Words that other trades use as well; with a word for "number"."""
PLAIN = (r"(?:accession|chart|dossier|adhérent|zorgpolis|polis|polizza|póliza|subject|specimen|sample|encounter|probe|"
         r"fall|case|remiss|remitteras\sid|historia|cartella)")
"""Words that name a longer number without a word for "number"."""
HEADING = re.compile(r"(?:fall|case|subject|patient|pat|pid|dossier|paciente|paziente|chart|record|specimen|"
                     r"sample|probe)(?:[\s_\-]?(?:id|nr|no|number|nummer|key))?\.?", re.IGNORECASE)
"""A heading over a column of such numbers."""
END = r"(?![\w@%]|[.,:]\d)"
GROUPS = rf"(?:[A-Za-z]{{1,5}}[\-/ ])?\d{{2,4}}(?: \d{{2,4}}){{1,3}}{END}"
PIECE = (r"(?=[A-Za-z\-/. ]{0,8}\d)(?:[A-Za-z]{1,5}[\-/ ])*[A-Za-z]{0,5}\d[0-9A-Za-z]*"
         rf"(?:[\-/._:][0-9A-Za-z]*\d[0-9A-Za-z]*)*(?:-[A-Z]{{1,2}})?{END}")
VALUE = rf"(?P<value>{GROUPS}|{PIECE})"
LINK = r"[\s:.=#\"'(|\-]{0,6}(?:(?:is|was|ist|lautet|est|es|è|:)\s+)?[\"'#]?"
OF = r"(?:d[eui]l?\s|du\s|della\s|di\s|do\s|da\s|van\s|av\s)?"
CLEAR_RECORD = re.compile(
    rf"(?<![^\W_])(?:(?:{'|'.join(NAMED)})[\s_\-.'’]*{OF}{NUMBER}(?![^\W\d_])"
    rf"|(?:{'|'.join(WHOLE)})(?![^\W\d_])"
    rf"|(?:n°|nº|nr\.?|no\.?|№|num[ée]ro|número|numero|numer|номер)\s?{OF}(?:{'|'.join(NAMED)})){LINK}{VALUE}",
    re.IGNORECASE)
SHARED_RECORD = re.compile(rf"(?<![^\W_]){SHARED}[\s_\-.]*{NUMBER}(?![^\W\d_]){LINK}{VALUE}", re.IGNORECASE)
PLAIN_RECORD = re.compile(rf"(?<![^\W_]){PLAIN}(?![^\W\d_])[\s:.=#]{{1,3}}{VALUE}", re.IGNORECASE)
MEDICAL = re.compile(
    r"\b(?:patients?|admitted|admission|discharged?|diagnos\w*|hospital\w*|clinic\w*|ward|physician|surgeon|nurse|"
    r"symptoms?|biopsy|radiolog\w*|patholog\w*|pharmac\w*|mg|icd|dob|mrn|prescri\w*|blood|complain\w*|screened|ecg|hba1c|"
    r"inr|assay|rx|specimen|urin|serum|station|aufnahme|befund|klinik|krankenhaus|arzt|ärztin|médecin|hôpital|mutuelle|"
    r"prélèvement|paciente|paziente|geboortedatum|bsn|zorg\w*)\b", re.IGNORECASE)
HINT = re.compile(r"\d(?:[\-/. ]?[A-Za-z]?\d){2,}")
BEFORE, AFTER = 70, 40
FEWEST_DIGITS, FEWEST_SHARED, FEWEST_PLAIN = 3, 4, 5
NOT_A_NUMBER = re.compile(
    r"\s?(?:mg|ml|mm|cm|kg|g|of|years?|jahre?|ans|años|patients?|times|x|%|h|min)\b", re.IGNORECASE)
DATE = re.compile(r"[0-3]?\d[./\-][01]?\d[./\-](?:19|20)?\d\d|(?:19|20)\d\d-\d\d-\d\d")


def find_record_numbers(text: str) -> Spans:
    """Start and end of each number, without the word that names it."""
    read = as_ascii(text)
    found: Spans = []
    medical: bool | None = None
    for start, end in _windows(read):
        found += _found(read, start, end, CLEAR_RECORD, FEWEST_DIGITS)
        if medical is None:
            medical = MEDICAL.search(read) is not None
        if medical:
            found += _found(read, start, end, SHARED_RECORD, FEWEST_SHARED)
            found += _found(read, start, end, PLAIN_RECORD, FEWEST_PLAIN)
    return found


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Where to look: around every stretch that has digits enough, since the patterns are slow and most texts have none."""
    start = end = 0
    for hint in HINT.finditer(text):
        if hint.start() - BEFORE > end:
            if end:
                yield start, end
            start = max(0, hint.start() - BEFORE)
        end = hint.end() + AFTER
    if end:
        yield start, end


def _found(text: str, start: int, end: int, pattern: re.Pattern[str], fewest: int) -> Spans:
    spans: Spans = []
    for match in pattern.finditer(text, start, end):
        value = match.group("value")
        if sum(map(str.isdigit, value)) >= fewest and not DATE.fullmatch(value) \
                and not NOT_A_NUMBER.match(text, match.end("value")):
            spans.append(match.span("value"))
    return spans
