"""Dates of birth and record numbers in notes of several languages, and their look-alikes."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgrad.data.pii.birth_dates import find_birth_dates
from postgrad.data.pii.record_numbers import find_record_numbers

BORN = ["DOB: {}", "born {} in Leeds", "Date of birth (dd/mm/yyyy) {}", "geb. {}", "geboren am {}", "née le {}",
        "fecha de nacimiento: {}", "nato il {}", "geboortedatum {}", "ur. {}", '"date_of_birth": "{}"', "(*{})",
        "дата рождения {}", "生年月日は{}です", "födelsedatum {}"]
FORMS = ["%d.%m.%Y", "%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d %B %Y", "%B %d, %Y", "%d.%m.%y"]


@given(st.dates(datetime.date(1930, 1, 1), datetime.date(2024, 12, 31)), st.sampled_from(BORN), st.sampled_from(FORMS))
def test_a_date_with_a_word_for_birth_is_found_in_every_form(day: datetime.date, around: str, form: str) -> None:
    date = day.strftime(form)
    text = around.format(date)
    assert [text[start:end] for start, end in find_birth_dates(text)] == [date]


@given(st.dates(datetime.date(1930, 1, 1), datetime.date(2024, 12, 31)), st.sampled_from(FORMS),
       st.sampled_from(["admitted {}", "Seen on {} at 10:00", "Rechnung vom {}", "aged 54, {}", "{}", "valid to {}"]))
def test_any_other_date_stays(day: datetime.date, form: str, around: str) -> None:
    assert find_birth_dates(around.format(day.strftime(form))) == []


@pytest.mark.parametrize("text", [
    "54 years old", "born in 1970", "Mozart was born on 27 January 1756", "newborn 3.4 kg", "DOB unknown, seen 1.2.",
])
def test_ages_years_and_the_long_dead_stay(text: str) -> None:
    assert find_birth_dates(text) == []


def test_a_word_for_birth_counts_for_the_first_date_only() -> None:
    text = "DOB: 3 May 1970, admitted 4 June 2021"
    assert [text[start:end] for start, end in find_birth_dates(text)] == ["3 May 1970"]


@pytest.mark.parametrize(("text", "number"), [
    ("MRN 1234567", "1234567"), ("MRN: A-204417.", "A-204417"), ("patient no. 00417", "00417"),
    ("Patient ID: KH-2021/0034", "KH-2021/0034"), ("Fallnummer: 2021-0034", "2021-0034"),
    ("Pat.-Nr. 883412", "883412"), ("dossier n° 771204", "771204"), ("NHC 204417", "204417"),
    ("numero di cartella clinica 20231147", "20231147"), ("patiëntnummer 7740012", "7740012"),
    ("Patient admitted, case no. 23-11834", "23-11834"), ("患者番号 0012345", "0012345"),
    ("journalnr 440912", "440912"), ('"patient_id": "P00412"', "P00412"),
])
def test_a_record_number_is_found_without_its_word(text: str, number: str) -> None:
    assert [text[start:end] for start, end in find_record_numbers(text)] == [number]


@pytest.mark.parametrize("text", [
    "Case No. 21-1234 was decided in May", "order number 1234567", "patient no. 3 of 12", "patients: 1200",
    "Give the patient 500 mg", "the patient is 54", "file no. 8812 of the archive", "MRN unknown",
    "approval_id=88123", "fallback_id 88123", "providerId: 88123", "metropolis no 88123",
])
def test_what_only_looks_like_a_record_number_stays(text: str) -> None:
    assert find_record_numbers(text) == []


CARE = """
Hosp No: «4471882»|Ward 4, UR «00447188»|Unit No. «553 201»|Lab no. «23:C004512»|Acc# «7781290» CT
MR# «0047-81-22»|Reg. No. «88123»|Crossmatch unit «W0447 22 118 204»|Subject «03-0117» withdrew
randomisation number «R-0417»|Patient (ID «448812»)|policy «HX-4471882»|GET Patient/«pt-00471182»
Fall «2023/00418»|Laborauftragsnr. «88123-4»|Versicherten-Nr: «X110411675»|Behandlungsfall «88123»
Histo-Nr. «H/2023/4471»|IPP : «0088123»|n° d'inclusion «0417»|échantillon «E-22-0417»|Nº Historia: «88123»
nº de petición «4471882»|cod. paziente «88123»|n. nosologico «2023004471»|ZIS-nr «88123»|Utente nº «123456789»
Processo n.º «88123»|nr hist. chor. «4471/23»|skierowanie nr «88123»|Remiss-ID «88123»|rekvisisjonsnr «88123»
näytenro «88123»|č. chorobopisu «88123»|törzsszám: «88123»|protokol no: «88123»|история болезни № «88123»
ИБ № «88123»|患者番号は«0012345»です|住院号：«0012345»|등록번호: «0012345»|Path «S24-01188» shows no tumour
""".replace("\n", "|").strip("|").split("|")


@pytest.mark.parametrize("said", CARE)
def test_a_number_of_care_is_found_in_a_text_that_speaks_of_patients(said: str) -> None:
    text = said.replace("«", "").replace("»", "") + ". The patient was admitted."
    assert [text[start:end] for start, end in find_record_numbers(text)] == [said.partition("«")[2].partition("»")[0]]


@pytest.mark.parametrize("text", [
    "GMC no 7654321", "Vaccine lot no. 12345-A", "Ward room no 30412", "Clinic tel no 01632 960123",
    "LOINC code: 12345-6", "Platelets 210000", "12000 in 2019, the number of patients in 2018 was 11000",
    "visit 12/03/2021", "donation of 50000 EUR", "Dose 100000 IE", "Serial number 12345678 of the pacemaker",
    "NCT no 01234567", "PZN 12345678", "BSNR 123456700", "User ID 88123", "PO box no 12345",
    "reference range 10000-20000", "contract no 12345", "They visit «cost 120-60»", "left the station.\n#### 12000",
    "per annum. In 1990",
])
def test_other_numbers_of_such_a_text_stay(text: str) -> None:
    assert find_record_numbers(f"{text}. The patient was admitted.") == []
