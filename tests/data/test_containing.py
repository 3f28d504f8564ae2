"""Rows are found by what they hold, however Unicode writes it."""

import json
import unicodedata
from pathlib import Path
from typing import Any, Literal, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgrad.data.containing import rows_containing

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]


def write(folder: Path, *values: Any) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


@pytest.mark.parametrize("form", get_args(Form))
def test_every_form_of_a_name_is_found(tmp_path: Path, form: Form) -> None:
    path = write(tmp_path, *({"text": unicodedata.normalize(one, "Ask José Ångström")} for one in get_args(Form)))
    assert list(rows_containing(path, unicodedata.normalize(form, "JOSÉ  ångström"))) == [0, 1, 2, 3]


@pytest.mark.parametrize("said", ["Jo\u00adsé", "Jo\u200bsé", "\u202eJosé", "Ｊｏｓé", "JOSÉ", "Jose\u0301"])
def test_what_cannot_be_seen_hides_no_name(tmp_path: Path, said: str) -> None:
    path = write(tmp_path, {"text": "nobody"}, {"meta": [{said: 1}]}, {"n": 17})
    assert list(rows_containing(path, "José")) == [1]
    assert list(rows_containing(write(tmp_path, {"text": "José"}), said)) == [0]


@given(st.text(alphabet=st.characters(codec="utf-8", categories=["L", "Nd"]), min_size=1, max_size=12),
       st.sampled_from(get_args(Form)), st.sampled_from(get_args(Form)))
def test_normal_forms_of_one_text_find_each_other(
    tmp_path_factory: pytest.TempPathFactory, text: str, one: Form, other: Form
) -> None:
    path = write(tmp_path_factory.mktemp("rows"), {"text": f"a {unicodedata.normalize(one, text)} z"})
    assert list(rows_containing(path, unicodedata.normalize(other, text))) == [0]
