"""Hub data sets from a cache laid out as `datasets` lays it out; the library itself is asked where it is installed."""

import importlib.util
import json
from pathlib import Path

import pyarrow as pa
import pytest

from postgrad.data import hub
from postgrad.data.files import raw_rows
from postgrad.support.errors import Mistake

COMMIT, OLDER = "0123456789abcdef" * 2 + "01234567", "f" * 40
installed = pytest.mark.skipif(importlib.util.find_spec("datasets") is None, reason="the extra `hub` is not installed")


def write_cache(home: Path, subset: str = "default", commit: str = COMMIT) -> None:
    folder = home / "datasets" / "acme___tiny" / subset / "0.0.0" / commit
    folder.mkdir(parents=True)
    splits = {"train": 3, "test": 1}
    for split, rows in splits.items():
        table = pa.table({"question": [f"{split} {row}" for row in range(rows)], "answer": ["4"] * rows})
        out = str(folder / f"tiny-{split}.arrow")
        with pa.OSFile(out, "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table)
    (folder / "dataset_info.json").write_text(json.dumps({
        "builder_name": "parquet", "dataset_name": "tiny", "config_name": subset,
        "features": {name: {"dtype": "string", "_type": "Value"} for name in ("question", "answer")},
        "version": {"version_str": "0.0.0", "major": 0, "minor": 0, "patch": 0},
        "splits": {split: {"name": split, "num_bytes": 9, "num_examples": rows, "dataset_name": "tiny"}
                   for split, rows in splits.items()}}))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_DATASETS_CACHE", raising=False)
    hub.cached_files.cache_clear()
    return tmp_path


def found(subset: str | None = None, split: str = "train", revision: str | None = None, name: str = "acme/tiny",
          ) -> list[Path]:
    return hub.cached_files(name, subset, split, revision, "sources.tiny")


@installed
def test_the_rows_of_a_split_are_read_without_a_network(home: Path) -> None:
    write_cache(home)
    (file,) = found(split="test", revision=COMMIT[:8])
    assert [row.value for row in raw_rows(file)] == [{"question": "test 0", "answer": "4"}]
    (file,) = found()
    assert len(list(raw_rows(file))) == 3 and file.parent.name == COMMIT


@installed
def test_what_is_not_cached_or_cached_twice_is_one_clear_line(home: Path) -> None:
    write_cache(home)
    for asked, words in [
        ({"name": "acme/none"}, "acme/none cannot be read from the local cache"),
        ({"split": "dev"}, 'Unknown split "dev"'),
        ({"revision": OLDER}, f"revision {OLDER} of acme/tiny is not in the local cache, which has {COMMIT}")]:
        with pytest.raises(Mistake) as caught:
            found(**asked)  # type: ignore[arg-type]
        assert words in str(caught.value) and "fetch it once: python -c" in str(caught.value)
        assert str(caught.value).startswith("sources.tiny: ") and "\n" not in str(caught.value)
    write_cache(home, commit=OLDER)
    hub.cached_files.cache_clear()
    assert [file.parent.name for revision in (OLDER, COMMIT) for file in found(revision=revision)] == [OLDER, COMMIT]
    with pytest.raises(Mistake, match=r"several revisions of acme/tiny: 0123.*, ffff"):
        found()
    write_cache(home, "other")
    hub.cached_files.cache_clear()
    with pytest.raises(Mistake, match="multiple 'acme/tiny' configurations in the cache"):
        found(revision=COMMIT)


def test_without_the_library_the_mend_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Mistake, match=r"not installed; \.venv/bin/pip install -e '\.\[hub\]', or"):
        found()
