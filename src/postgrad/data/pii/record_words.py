"""The words that name a number of care: patterns, of a text in small letters, by what must stand beside them.

Collected from what standards call such numbers (HL7 version 2 table 0203: MR, PI, VN, AN, ACSN, SB, MB, PNT; DICOM
PS3.6: Patient ID, Accession Number, Study ID; FHIR R4 references; ISBT 128 donation numbers; the Safe Harbor list of 45
CFR 164.514(b)(2)), and from the words on forms and labels of hospitals, laboratories, insurers and studies.
"""


def _any(alternatives: str) -> str:
    """A pattern for any of the words, by their first letters: a search tries a dozen at each place, not all."""
    endings: dict[str, list[str]] = {}
    for word in alternatives.split():
        endings.setdefault(word[0], []).append(word[1:])
    return f"(?:{'|'.join(f'{first}(?:{chr(124).join(rest)})' for first, rest in endings.items())})"


NUMBER = (r"(?:n(?:um(?:bers?|mer|éro|ero|eru|er|ru|ara(?:sı)?)?|úmero|os?|ro?|:o|°|º|\.º?)|id(?:s|entifier|entifiant|"
          r"entificativo)?|c(?:od(?:e|\.|igo|ice)|ódigo|ód\.)|č(?:ís(?:lo)?|\.)|k(?:odu?|ennung)|(?:sor)?szám\w{0,3}|"
          r"azonosító|α(?:ριθμός|ρ)|номер|mrn|(?<!#)#(?!#)|№)")
"""A word for "number"."""
SIGNS = (r"(?:n(?:um(?:ber|mer|[ée]ro|er|ar[ăa])?|úmero|o|r|°|º|\.º?)|cod(?:e|\.|ice|igo)|código|čís(?:lo)?|č\.|номер|"
         r"id|(?<!#)#(?!#)|№)")
"""Those that may stand alone."""
REFERENCES = r"(?:patient|encounter|specimen|episodeofcare|claim|coverage|researchsubject)"
"""Resources of FHIR whose reference (`Patient/17`) leads to a person."""
NAMED = (
    r"mrn|m\.r\.n\.|emrn|urn|ur|uhid|ehr|emr|pid|ipp|nip|iep|nhc|cip|sip|nda|piz|opd|ipd|csn|fin|cns|crn|hrn|empi|mpi|nhi|"
    r"med\.?\s?rec\.?|mr|hn|vn|cr|ip|op|har|cipa|lid|npr|histo\.?|hosp\.?|acc(?:ess)?\.?|spec\.?|pol\.|subj\.?|adm\.?|lab\.?\s?ref\.?",
    r"(?:medical|health|hospital|patient|clinical|clinic|nhs)[\s_\-]?"
    r"(?:record|records|chart|file|card|unit|registration|case|account|episode|visit|insurance|plan)?",
    r"pa?t(?:\.|s|nt|ient(?:en)?)?[\s_\-]?|chart|accession|encounter|specimen|sample|admission|episode|inpatient|outpatient",
    r"referral|prescription|rx|requisition|slide|biopsy|participant|subject|proband(?:en|in)?|volunteer|donor|donation|folder",
    r"randomi[sz]ation|enrol+ment|pathology|histology|cytology|radiology|surgical|autopsy|"
    r"necropsy|aliquot|paraffin\s?block|medicaid|medicare|enrollee|casenotes?|case\s?notes?",
    r"fall|aufnahme|aufn\.|eingangs|einsender|histologie|kranken(?:akten?|blatt)?|akten|befund|auftrags?|proben|labor",
    r"karteikarten?|versicherten|mitglieds|policen|konserven|spenden?|journal|studien|tagebuch|behandlungs?|station(?:äre)?|"
    r"zugangs|röntgen|kis|einweisungs|überweisungs?|krankenkassen?|entnahme|patientenakten?|spender(?:in)?|teilnehmer",
    r"dossier|séjour|échantillon|prélèvement|examen|adhérent|assuré|historia(?:\s?cl[ií]nica)?|h\.?c\.?|expediente|venue|"
    r"hospitalisation|inclusion|anonymat|patiente?|ordonnance|donneur",
    r"paciente|episodio|muestra|afiliad[oa]|asegurad[oa]|cartella(?:\s?clinica)?|pratica|paziente|nosologico|campione|"
    r"tarjeta\s?sanitaria|donante|registro\s?(?:clínico|médico)|"
    r"accettazione|ricovero|referto|prelievo|donatore|donazione|impegnativa",
    r"reserv|carteirinha|hist\.?\s?chor\.?|ks\.?\s?gł\.?|f\.?o\.?|и/?б|ам|skierowani[ea]|histo|"
    r"nosografico|tessera\s?sanitaria|assistit[oa]|patiënt|opname|epd|monster|verzekerden|zorg|onderzoeks?|afname|behandel|"
    r"zis|ziekenhuis|deelnemers?|donor|bloedzak",
    r"prontu[áa]rio|processo(?:\s?clínico)?|utente|atendimento|amostra|carteirinha|apólice|póliza|polizza|"
    r"internamento|internação|registro\s?hospitalar|cartão\s?(?:sus|nacional\s?de\s?saúde)",
    r"histori[ia]\s?choroby|ksi[ęe]gi\s?głównej|zlecenia|pacjenta|kartoteki|karty|próbki|polisy|badania|skierowania|"
    r"dokumentacji|przyjęcia|recepty|preparatu",
    r"pasient|potilas|näyte|prov|prøve|försäkrings|chorobopisu|pacienta|vzorku|dosya|protokol|hasta|"
    r"numune|poliçe|lähete|tutkimus|rekvisisjons?|rekvisitions|sykehus|forsikrings|inskrivnings|"
    r"pojištěnce|žádanky|kartotéky|beteg|törzs|napló|kórlap|kartonszám|minta|fișă|foaie\s?(?:de\s?)?observație|pacient",
    r"карты|истори[ия]\s?болезни|пациента|медкарты|полиса|анализа|path(?:ology)?|remiss|rekvisition|направления|пробы|"
    r"образца|амбулаторной\s?карты|стационарной\s?карты|медицинской\s?карты|больного|картки|пацієнта|зразка|полісу",
    r"φακέλου|ασθενούς|μητρώου|δείγματος",
)
"""Names before or behind a word for "number"."""
STEMS = (
    r"patient|pasient|patiënt|potilas|kranken|klinik|hospital|sykehus|sjukhus|ziekenhuis|sairaala|journal|kartei|"
    r"behandl|behandel|befund|proben?|labor|histolog|zytolog|cytolog|patholog|patolog|biops|röntgen|einsend|aufnahme|opname|"
    r"versichert|verzeker|försäkring|forsikring|vakuutus|mitglied|spende|konserve|studien|proband|teilnehmer|deelnemer|"
    r"onderzoek|monster|dossier|prov|prøve|remiss|rekvisi|inskrivning|näyte|lähete|tutkimus|törzs|napló|beteg|minta|"
    r"biztosít|fall|akten|polis|police")
"""Parts of compounds that end in a word for "number": Laborauftragsnummer, rekvisitionsnummer, potilasnumero."""
_WHOLE = r"""
    mrn m\.r\.n\.? uhid nhc ipp iep nda nuhsa prontu[áa]rio chipkarte health\s?card nosologico empi
    historia\s?cl[ií]nica cartella\s?clinica medical\s?record chorobopis accession\s?number
    patientenzeichen fallzeichen patientenkennung
    """
WHOLE = _any(_WHOLE)
"""Words that name such a number by themselves."""
UNSPACED = (
    r"(?:患者|カルテ|診察券|受付|検体|被験者|症例|入院|外来|依頼|標本|献血|保険証)(?:番号|id|no\.?|ナンバー)",
    r"(?:病历|病案|住院|门诊|登记|标本|样本|条形?码|检查|检验|影像|就诊卡|就诊|医保卡|受试者|患者|病理|献血)(?:号码?|编号|id)",
    r"(?:등록|환자|차트|병록|검체|접수|진료|병리)\s?(?:번호|id)",
    r"رقم (?:ال)?(?:ملف|مريض|عينة|سجل)(?: الطبي)?|(?:מספר|מס['׳]?) (?:תיק|מטופל|אשפוז|דגימה)",
    r"เลขที่(?:ผู้ป่วย|โรงพยาบาล)|(?:रोगी|मरीज|पंजीकरण)\s?(?:आईडी|संख्या|क्रमांक)",
)
"""The same in scripts that put letters right behind a word."""
SHARED = (r"(?:screening|registry|recruit|cohort|resident|insured|policy\s?holder|kit|vial|cassette|ward|dental|"
          r"maternity|passage|demande|analyse|admission|bénéficiaire|carnet|ingreso|petici[óo]n|ficha|orden\s?médica|receta|"
          r"richiesta|scheda|ricetta|provetta|verwijzing|recept|matrícula|exame|requisição|guia|barkod|başvuru|kayıt|"
          r"vakuutus|case|file|account|acct|visit|lab|order|study|trial|unit|member(?:ship)?|subscriber|insurance|policy|"
          r"beneficiary|health\s?plan|group|claim|registration|reg\.?|ref(?:erence)?\.?|barcode|tube|batch\s?record|"
          r"mutuelle|contrat|sobre|relatie)")
"""Words that other trades use as well; with a word for "number"."""
_PLAIN = r"""
    ur urn nhi fin cipa lid hn vn cr csn crn hrn mr med\.?\s?rec acc hosp visit episode prescription kit barcode
    barkod venue passage donneur episodio ingreso tessera referto nosologico opname behandlungsfall auftrag
    studiennummer histo vårdkontakt journal guia carteirinha karta karty иб ам карта fo f\.?o reservnummer etikett vial
    block cassette label tube lab\sref referral
    accession chart dossier adhérent mutuelle zorgpolis polis polizza póliza policy apólice subject participant
    patient pat\.? pt specimen sample aliquot donor donation unit encounter probe proband(?:in)? fall case remiss
    remitteras\sid rekvisition konserve spende befund volunteer historia cartella muestra campione échantillon
    prélèvement séjour amostra utente paciente paziente patiënt folder próbka pacjent vzorek pacient näyte prov
    prøve hasta пациент проба образец akte aktenzeichen journal file claim requisition biopsy slide expediente
    member insured medicaid
    """
PLAIN = _any(_PLAIN)
"""Words that name a longer number without a word for "number"."""
WORDS = _any(_WHOLE + _PLAIN)
"""Both."""
HEADINGS = (r"(?:fall|case|subject|patient|pat|pt|pid|dossier|paciente|paziente|chart|record|specimen|sample|probe|"
            r"donor|participant|encounter|accession|akte|expediente|proband|aliquot|mrn|hrn|urn|patiënt|pasient|potilas|hasta|"
            r"pacjent|utente|prontu[áa]rio|muestra|campione|monster|prøve|näyte|behandlungsfall|échantillon)")
"""Headings over a column of such numbers."""
NUMBERED = (r"(?:admission|aufnahme|episode|donation|visit|requisition|referral|auftrag|befund|séjour|journal|prov|"
            r"opname)")
"""Those that want a word for "number"."""
OTHER = (
    r"(?:bs|la|home|work|office|private|daytime|contact|call|dial|phone|tel|telephone|fax|mobile|cell|pager|bleep|ext|extension|line|room|bed|ward|floor|level|house|street|door|"
    r"page|table|figure|fig|chapter|section|item|step|question|version|device|equipment|pump|pacemaker|implant|lens|"
    r"licen[cs]e|npi|dea|gmc|nmc|ahpra|bsnr|lanr|rpps|adeli|finess|registration\s?of|passport|bank|routing|sort|tax|vat|"
    r"icd|cpt|loinc|snomed|ndc|atc|pzn|din|cas|rs|zip|postal|post|box|grid|flight|train|gate|seat|ticket|customer|client|"
    r"contract|kunden|vertrags|job|staff|employee|badge|user|session|request|trace|process|thread|pin|code|project|grant|"
    r"protocol|nct|isrctn|eudract|zimmer|raum|bett|etage|haus|konto|kamer|bed|rum|sal|chambre|lit|étage|poste|chambre|"
    r"habitación|cama|stanza|letto|quarto|sala|pokój|drukarka|printer|server|host|port|nct|study\s?drug|drug|medication)")
"""Words before a word for "number" that make it no person's, in a text that speaks of patients as well."""
MEDICAL = (
    r"\b(?:birth|geburtsdatum|geb|naissance|nacimiento|nascita|nascimento|född|født|patient(?:s|e|es|en|in|innen)?|pt|admitted|admission|discharged?|diagnos\w*|hospital\w*|clinic\w*|ward|physician|"
    r"surgeon|surg(?:ery|ical)|nurse|symptoms?|biopsy|radiolog\w*|patholog\w*|pharmac\w*|mg|icd|dob|mrn|prescri\w*|blood|"
    r"complain\w*|screened|ecg|hba1c|inr|assay|rx|trial|donor|donation|screening|vaccin\w*|insurer|insured|insurance|"
    r"policyholder|deductible|copay|consultant|gp|theatre|specimen|urin|urine|serum|plasma|swab|pcr|histolog\w*|cytolog\w*|"
    r"oncolog\w*|cardiolog\w*|neurolog\w*|paediatric\w*|pediatric\w*|dermatolog\w*|gyna?ecolog\w*|psychiatr\w*|therap\w*|"
    r"midwife|maternity|dental|dentist|doctor|medic\w*|laborator\w*|transfus\w*|tumou?r|lesion|fracture|infection|allerg\w*|"
    r"ultrasound|mri|ct|x-?ray|triage|icu|dose|tablets?|caregiver|"
    r"station|aufnahme|befund|klinik|krank\w*|arzt\w*|ärztin|hausarzt\w*|behandl\w*|labor\w*|therapie|untersuch\w*|blut\w*|"
    r"notaufnahme|überweis\w*|"
    r"médecin|hôpital|mutuelle|prélèvement|hospitalis\w*|consultation|ordonnance|urgences|chirurg\w*|opérée?|sang|"
    r"pacientes?|paciente|médico|médica|urgencias|ingres\w*|consulta|diagn[óo]stic\w*|análisis|sangre|"
    r"pazient\w*|ricover\w*|ospedal\w*|medico|referto|reparto|esami|sangue|"
    r"geboortedatum|bsn|zorg\w*|patiënt\w*|ziekenhuis|huisarts|polikliniek|bloed\w*|apotheek|"
    r"utente|internad\w*|exame|enfermeir\w*|"
    r"pacjent\w*|szpital\w*|lekarz\w*|oddział\w*|rozpoznani\w*|badani\w*|wypis\w*|"
    r"sjukhus\w*|läkar\w*|vård\w*|provtag\w*|remiss\w*|remitt\w*|pasient\w*|sykehus\w*|lege\w*|innlagt|prøve\w*|sygehus\w*|læge\w*|"
    r"indlagt|potila\w*|sairaala\w*|lääkäri\w*|näyt\w*|"
    r"pacient\w*|nemocnic\w*|lékař\w*|vyšetřen\w*|beteg\w*|kórház\w*|orvos\w*|pacientul\w*|spital\w*|hasta\w*|doktor|"
    r"пациент\w*|больн\w*|врач\w*|диагноз\w*|анализ\w*|госпитал\w*|поликлиник\w*|пацієнт\w*|лікар\w*|"
    r"ασθεν\w*|νοσοκομ\w*|ιατρ\w*)\b|患者|病院|診察|診断|入院|検体|病人|医院|住院|诊断|门诊|환자|병원|진료|입원|"
    r"مريض|مستشفى|טופל|בית חולים")
"""Words of a text that speaks of patients."""
