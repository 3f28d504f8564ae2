"""Names of a user's list: which forms are found, and which the same pseudonym holds together."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgrad.data.pii.names import Names, read_names
from postgrad.support.errors import Mistake

LIST = ("Anna Smith; Annie", "Peter van der Berg", "José Müller", "Mark", "Sauer", "王小明  # a patient", "Bob Jones",
        "Cy Jones")


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in Names(LIST).find(text)]


@pytest.mark.parametrize(("text", "names"), [
    ("Anna Smith came.", ["Anna Smith"]), ("ANNA SMITH came", ["ANNA SMITH"]), ("anna smith came", ["anna smith"]),
    ("Smith, Anna", ["Smith, Anna"]), ("A. Smith wrote", ["A. Smith"]), ("Anna\nSmith", ["Anna\nSmith"]),
    ("Anna Smith's coat", ["Anna Smith"]), ("Mrs Smith's coat", ["Smith"]), ("Frau Müllers Akte", ["Müller"]),
    ("Annie's and Annies", ["Annie", "Annie"]), ("anna_smith logged in", ["anna_smith"]),
    ("Jose Mueller, JOSÉ MÜLLER, Jose\u0301 Mu\u0308ller", ["Jose Mueller", "JOSÉ MÜLLER", "Jose\u0301 Mu\u0308ller"]),
    ("Peter van der Berg", ["Peter van der Berg"]), ("please tell Mark that", ["Mark"]),
    ("医生说王小明好了", ["王小明"]),
])
def test_forms_of_a_name_that_are_found(text: str, names: list[str]) -> None:
    assert found(text) == names


@pytest.mark.parametrize("text", [
    "Mark all pages", "a smith at work", "annie", "Annabel", "the Bergs", "van der", "Smithson", "A smith", "Anna",
])
def test_what_is_not_found(text: str) -> None:
    assert found(text) == []


def test_forms_of_one_person_are_one_and_a_shared_surname_is_nobodys() -> None:
    names = Names(LIST)
    assert {names.person(said) for said in ("Anna Smith", "Smith, Anna", "ANNA SMITH", "Annie")} == {"anna smith"}
    assert names.person("Bob Jones") != names.person("Cy Jones")


@given(st.text(max_size=60))
def test_found_stretches_are_whole_words_of_the_list(text: str) -> None:
    for name in found(text):
        assert name.casefold()[0] in "abcjmpsv王"


def test_a_file_of_names(tmp_path: Path) -> None:
    file = tmp_path / "names.txt"
    file.write_text("# staff\n\nAnna Smith ; Annie\n", encoding="utf-8")
    assert read_names(file) == ("Anna Smith ; Annie",)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(Mistake, match="not UTF-8"):
        read_names(file)
    file.write_text("\n# nobody\n")
    with pytest.raises(Mistake, match="holds no names"):
        read_names(file)
    with pytest.raises(Mistake, match="cannot be read"):
        read_names(tmp_path / "none")
    for endless in ("/dev/zero", tmp_path):
        with pytest.raises(Mistake, match="is a pipe, socket or device" if endless == "/dev/zero" else "is folder"):
            read_names(Path(endless))
