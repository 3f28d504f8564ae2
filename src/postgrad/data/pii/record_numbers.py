"""Numbers of patients, cases and specimens in medical notes: a word that names one, then a number.

Words that other trades use as well (case, file, account, visit), and words without a "number" after them (chart,
dossier), count only in a text that speaks of patients.
"""

import re
from collections.abc import Iterator

from postgrad.data.pii.context import as_ascii, small
from postgrad.data.pii.kinds import Spans

NUMBER = (r"(?:number|numbers|num|no|nr|nummer|numéro|número|numero|numer|id|ids|identifier|code|#|n°|nº|№|n\.)")
NAMED = (
    r"mrn|m\.r\.n\.|emrn|urn|ur|uhid|ehr|emr|pid|ipp|nip|iep|nhc|cip|sip|nda|piz|opd|ipd|csn|fin|cns",
    r"(?:medical|health|hospital|patient|clinical|clinic)[\s_\-]?(?:record|records|chart|file|card|unit|registration)?",
    r"pa?t(?:\.|s|nt|ient(?:en)?)?[\s_\-]?|hosp\.?|chart|accession|encounter|specimen|sample|admission|episode",
    r"referral|prescription|rx|requisition|slide|biopsy|participant|subject|proband(?:en|in)?|volunteer|donor|donation|folder",
    r"fall|aufnahme|aufn\.|eingangs|einsender|histologie|kranken(?:akten?|blatt)?|akten|befund|auftrags?|proben|labor",
    r"karteikarten?|versicherten|mitglieds|policen|konserven|spenden?|journal|studien|tagebuch",
    r"dossier|séjour|échantillon|prélèvement|examen|adhérent|assuré|historia(?:\s?cl[ií]nica)?|h\.?c\.?|expediente",
    r"paciente|episodio|muestra|afiliad[oa]|asegurad[oa]|cartella(?:\s?clinica)?|pratica|paziente|nosologico|campione",
    r"nosografico|tessera\s?sanitaria|assistit[oa]|patiënt|opname|epd|monster|verzekerden|zorg",
    r"prontu[áa]rio|processo(?:\s?clínico)?|utente|atendimento|amostra|carteirinha|apólice|póliza|polizza",
    r"histori[ia]\s?choroby|ksi[ęe]gi\s?głównej|zlecenia|pacjenta|kartoteki|karty|próbki|polisy",
    r"pasient|potilas|näyte|prov|prøve|försäkrings|chorobopisu|pacienta|vzorku|dosya|protokol|hasta",
    r"карты|истори[ия]\s?болезни|пациента|медкарты|полиса|анализа|path(?:ology)?|remiss|rekvisition",
)
"""Names before or behind a word for "number"."""
WHOLE = (
    r"mrn|m\.r\.n\.?|uhid|nhc|ipp|iep|nda|nuhsa|prontu[áa]rio|chipkarte|health\s?card|patient/",
    r"(?:patienten?|pat\.?|fall|aufnahme|aufn\.|eingangs|akten|proben|befund|auftrags|kranken(?:akten?|blatt)|"
    r"versicherten|mitglieds|policen|probanden|histologie|konserven|spenden?|studien)-?(?:nummer|nr\.?|id|zeichen)",
    r"(?:patiënt|dossier|opname|epd|zorgpolis|polis|monster|journal|patient|pasient|remiss|prov|prøve|försäkrings)-?"
    r"(?:nummer|nr\.?|id)|(?:potilas|näyte)-?numero",
    r"患者番号|患者ID|カルテ番号|診察券番号|受付番号|検体番号|病历号|住院号|门诊号|患者编号|登记号|标本号|就诊卡号|医保卡号|"
    r"등록번호|환자번호|رقم الملف|מספר תיק",
)
"""Words that name such a number by themselves."""
SHARED = (r"(?:case|file|account|acct|visit|lab|order|study|trial|unit|member(?:ship)?|subscriber|insurance|policy|"
          r"beneficiary|health\s?plan|group|claim|registration|reg\.?|ref(?:erence)?\.?|barcode|tube|batch\s?record|"
          r"mutuelle|contrat|sobre|relatie)")
"""Words that other trades use as well; with a word for "number"."""
PLAIN = (r"(?:accession|chart|dossier|adhérent|mutuelle|zorgpolis|polis|polizza|póliza|policy|subject|participant|"
         r"patient|pat\.?|pt|specimen|sample|donor|donation|unit|encounter|probe|proband(?:in)?|fall|case|remiss|remitteras\sid|"
         r"historia|cartella|muestra|campione|échantillon|folder|"
         r"akte|journal|file|claim|requisition|biopsy|slide|expediente)")
"""Words that name a longer number without a word for "number"."""
HEADING = re.compile(
    r"(?:fall|case|subject|patient|pat|pt|pid|dossier|paciente|paziente|chart|record|specimen|sample|probe|donor|"
    r"participant|encounter|accession|akte|expediente|proband)(?:[\s_\-]?(?:id|nr|no|number|nummer|key|code))?\.?",
    re.IGNORECASE)
"""A heading over a column of such numbers."""
MOST_PARTS = 32
"""After the first: an object identifier of DICOM (64 characters) has no more."""
END = r"(?![\w@%]|[.,:]\d)"
GROUPS = rf"(?:[A-Za-z]{{1,5}}[\-/ ])?\d{{2,4}}(?: \d{{2,4}}){{1,3}}{END}"
PIECE = (r"(?=[A-Za-z\-/. ]{0,8}\d)(?:[A-Za-z]{1,5}[\-/ ])*[A-Za-z]{0,5}\d[0-9A-Za-z]*"
         rf"(?:[\-/._:][A-Za-z]*\d[0-9A-Za-z]*){{0,{MOST_PARTS}}}(?:-[A-Za-z]{{1,2}})?{END}")
VALUE = rf"(?P<value>{GROUPS}|{PIECE})"
LINK = (r"(?:[^\n\d]{0,25}\?\s*\n[^\W\d][\w ]{0,15}:\s*(?:it'?s\s|it is\s|yes,?\s)?"
        r"|[\s:.,=#\"'(|\-]{0,6}(?:(?:is|was|reads|ist|lautet|est|es|è|é|är|er|to|jest|:)\s+)?[\"'#]?)")
"""Between word and number: signs and a verb, or a question that another speaker answers."""
OF = r"(?:d[eui]l?\s|du\s|della\s|di\s|do\s|da\s|van\s|av\s)?"
CLEAR_RECORD = re.compile(
    rf"(?<![^\W_])(?:(?:{'|'.join(NAMED)})[\s_\-.'’]*{OF}{NUMBER}(?![^\W\d_])"
    rf"|(?:{'|'.join(WHOLE)})(?![^\W\d_])"
    rf"|(?:n°|nº|nr\.?|no\.?|№|num[ée]ro|número|numero|numer|номер)\s?{OF}(?:{'|'.join(NAMED)})){LINK}{VALUE}")
SHARED_RECORD = re.compile(rf"(?<![^\W_]){SHARED}[\s_\-.]*{NUMBER}(?![^\W\d_]){LINK}{VALUE}")
PLAIN_RECORD = re.compile(rf"(?<![^\W_]){PLAIN}(?![^\W\d_])[\s:.=#]{{1,3}}{VALUE}")
BEHIND = re.compile(rf"(?<![\w.\-/]){VALUE}\s?\((?:{'|'.join(NAMED)})[\s_\-.]*{NUMBER}?\)")
"""The word in brackets behind its number."""
NEXT = re.compile(rf"\s?(?:,|;|/|&|and|und|et|y|e|en|och|i|or|oder)\s?{VALUE}")
SHAPE = str.maketrans({**dict.fromkeys("0123456789", "9"), **dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A")})
MEDICAL = re.compile(
    r"\b(?:patients?|admitted|admission|discharged?|diagnos\w*|hospital\w*|clinic\w*|ward|physician|surgeon|nurse|"
    r"symptoms?|biopsy|radiolog\w*|patholog\w*|pharmac\w*|mg|icd|dob|mrn|prescri\w*|blood|complain\w*|screened|ecg|hba1c|"
    r"inr|assay|rx|pt|trial|donor|screening|vaccin\w*|insurer|consultant|gp|theatre|specimen|urin|serum|station|aufnahme|"
    r"befund|klinik|krankenhaus|arzt|ärztin|médecin|hôpital|mutuelle|"
    r"prélèvement|paciente|paziente|geboortedatum|bsn|zorg\w*)\b")
HINT = re.compile(r"\d(?:[\-/. ]?[A-Za-z]?\d){2,}")
BEFORE, AFTER = 70, 40
FEWEST_DIGITS, FEWEST_SHARED, FEWEST_PLAIN = 3, 4, 5
NOT_A_NUMBER = re.compile(
    r"\s?(?:mg|ml|mm|cm|kg|g|of|years?|jahre?|ans|años|patients?|times|x|%|h|min)\b")
DATE = re.compile(r"(?:[A-Za-z]{1,5} )?(?:[0-3]?\d[./\-][0-3]?\d[./\-](?:19|20)?\d\d|(?:19|20)\d\d-\d\d-\d\d)")


def find_record_numbers(text: str) -> Spans:
    """Start and end of each number, without the word that names it."""
    read = as_ascii(text)
    low = small(read)
    found: Spans = []
    shared: Spans = []
    for start, end in _windows(read):
        found += _found(read, low, start, end, CLEAR_RECORD, FEWEST_DIGITS)
        if "(" in low[start:end]:
            found += _found(read, low, start, end, BEHIND, FEWEST_DIGITS)
        shared += _found(read, low, start, end, SHARED_RECORD, FEWEST_SHARED)
        shared += _found(read, low, start, end, PLAIN_RECORD, FEWEST_PLAIN)
    if shared and MEDICAL.search(low):
        found += shared
    return found


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Where to look: around every stretch that has digits enough, since the patterns are slow."""
    start = end = 0
    for hint in HINT.finditer(text):
        if hint.start() - BEFORE > end:
            if end:
                yield start, end
            start = max(0, hint.start() - BEFORE)
        end = hint.end() + AFTER
    if end:
        yield start, end


def _found(text: str, low: str, start: int, end: int, pattern: re.Pattern[str], fewest: int) -> Spans:
    """Of a text, and the same in small letters, what the pattern finds from `start` to `end`."""
    spans: Spans = []
    for first in pattern.finditer(low, start, end):
        match: re.Match[str] | None = first
        shape = _shape(text, first)
        while match is not None and _shape(text, match) == shape:  # a list of numbers of one form
            if not _is_number(low, match, fewest):
                break
            spans.append(match.span("value"))
            match = NEXT.match(low, match.end("value"))
    return spans


def _shape(text: str, match: re.Match[str]) -> str:
    return text[match.start("value") : match.end("value")].translate(SHAPE)


def _is_number(low: str, match: re.Match[str], fewest: int) -> bool:
    value = match["value"]
    return (sum(map(str.isdigit, value)) >= fewest and not DATE.fullmatch(value)
            and not NOT_A_NUMBER.match(low, match.end("value")))
