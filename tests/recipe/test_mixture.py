"""What a recipe may not say of its mixture: one line each, at its place."""

from pathlib import Path

import pytest

from postgrad.recipe import load
from postgrad.support.errors import Mistake
from recipe.writing import SHIPPED, SOUND, write


@pytest.mark.parametrize(("more", "said"), [
    ("mixture: {tokens: 5, rows: 5}", "has both tokens and rows; keep one; --set curate.mixture.tokens=null takes it"),
    ("mixture: {rows: 5, share: 0.5}", "has both rows and share"),
    ("mixture: {share: 1.5}", "curate.mixture.share: is 1.5, must be at most 1"),
    ("mixture: {leave_out: [sum]}", "leave_out[0]: unknown source or capability sum; did you mean sums?"),
    ("mixture: {leave_out: [math]}", "curate.mixture.leave_out: leaves no source to train on; leave out fewer"),
])
def test_a_mixture_that_cannot_be_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Mistake) as caught:
        load(str(write(tmp_path, f"{SOUND}curate:\n  {more}\n")), (), SHIPPED)
    assert said in str(caught.value) and "\n" not in str(caught.value) and "recipe.yaml:" in str(caught.value)


@pytest.mark.parametrize(("sets", "said"), [
    (["sources.sums.weight=0", "sources.sums.repeat=3"], "sources.sums: has weight 0, so that there is nothing to"),
    (["capabilities.safety={priority: 1, sources: [safety]}", "capabilities.more={priority: 1, sources: [more]}",
      "sources.safety={generate: world_safety, rows: 5}", "sources.more={generate: world_math, rows: 5}",
      "curate.mixture.leave_out=[math, more, safety]"], "leaves no source to train on"),
    (["sources.math={generate: world_math, rows: 5}", "curate.mixture.leave_out=[math]"],
     "math is a source and a capability; rename one of them"),
])
def test_sources_that_cannot_be_mixed_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sets: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Mistake) as caught:
        load(str(write(tmp_path)), sets, SHIPPED)
    assert said in str(caught.value) and "\n" not in str(caught.value)
