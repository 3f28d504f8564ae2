"""The keys of `curate.filter`."""

from pathlib import Path

import pytest

from postgrad.recipe import load
from postgrad.support.errors import Mistake
from recipe.writing import SHIPPED, write


def test_a_file_of_keywords_is_found_beside_the_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path)
    (tmp_path / "words.txt").write_text("acme\n")
    monkeypatch.chdir("/")
    path.write_text(path.read_text() + "\ncurate: {filter: {keywords_file: words.txt}}\n")
    assert load(str(path), [], SHIPPED).curate.filter.keywords_file == tmp_path / "words.txt"
    path.write_text(path.read_text().replace("words.txt", "wrods.txt"))
    with pytest.raises(Mistake, match=r"curate\.filter\.keywords_file: no such file: .*; did you mean words\.txt\?"):
        load(str(path), [], SHIPPED)


@pytest.mark.parametrize("setting", [
    "markers=escape", "max_urls=1.5", "min_chars=0", "max_loop=1", "self_identification=[all]", "keyword_roles=[]",
    "keyword_roles=[tool]", "language_scope=word", "keep_if=words > 1", "languages=en"])
def test_values_that_no_filter_takes_are_mistakes(tmp_path: Path, setting: str) -> None:
    with pytest.raises(Mistake, match=r"curate\.filter"):
        load(str(write(tmp_path)), [f"curate.filter.{setting}"], SHIPPED)
