"""Versions are held to the code: on a package written for the purpose, and on the product's own steps."""

import importlib.util
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "step_versions.py"
specification = importlib.util.spec_from_file_location("step_versions", TOOL)
assert specification and specification.loader
tool = importlib.util.module_from_spec(specification)
sys.modules["step_versions"] = tool
specification.loader.exec_module(tool)

FILES = {
    "__init__.py": "",
    "steps.py": '''
from .maths import double
from sample import words

LIMIT = 3
OTHER = 4

def helper(x):
    """Say something."""
    return double(x) + LIMIT

def first(inputs):
    return helper(inputs)

def second(inputs):
    from sample.deep import lazy
    return lazy.run(inputs)

def third(inputs):
    return words.say(OTHER)
''',
    "maths.py": "# a comment\ndef double(x):\n    return 2 * x\n",
    "words.py": "def say(x):\n    return x\n",
    "deep/__init__.py": "START = 1\n",
    "deep/lazy.py": "from .. import maths\ndef run(x):\n    return maths.double(x)\n",
}


@pytest.fixture
def codes(tmp_path: Path):  # type: ignore[no-untyped-def]
    for name, text in FILES.items():
        path = tmp_path / "sample" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def all_codes() -> dict[str, str]:
        package = tool.Package("sample", tmp_path / "sample")
        return {name: package.code_of("sample.steps", name)[0] for name in ("first", "second", "third")}

    return all_codes


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("maths.py", "2 * x", "x * 2", {"first", "second"}),  # reached at the top, and lazily through another module
        ("maths.py", "# a comment", "# another", set()),
        ("steps.py", "Say something.", "Say nothing.", set()),
        ("steps.py", "LIMIT = 3", "LIMIT = 5", {"first"}),
        ("steps.py", "OTHER = 4", "OTHER = 5", {"third"}),
        ("steps.py", "double(x) + LIMIT", "double(x) - LIMIT", {"first"}),
        ("words.py", "return x", "return -x", {"third"}),
        ("deep/__init__.py", "START = 1", "START = 2", {"second"}),
        ("deep/lazy.py", "maths.double(x)", "maths.double(x) + 1", {"second"}),
    ],
)
def test_a_change_shows_in_the_steps_that_reach_it_and_in_no_others(
    codes, tmp_path: Path, file: str, old: str, new: str, changed: set[str]  # type: ignore[no-untyped-def]
) -> None:
    before = codes()
    path = tmp_path / "sample" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    after = codes()
    assert {name for name in before if before[name] != after[name]} == changed


def test_machinery_is_not_followed(codes, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    def code(name: str) -> str:
        return str(tool.Package("sample", tmp_path / "sample", ("sample.deep",)).code_of("sample.steps", name)[0])

    before = code("first"), code("second")
    (tmp_path / "sample" / "deep" / "lazy.py").write_text("def run(x):\n    return 0\n")
    assert (code("first"), code("second")) == before
    (tmp_path / "sample" / "maths.py").write_text("def double(x):\n    return 0\n")
    assert code("first") != before[0]


def test_a_change_needs_a_raised_version_or_a_reason() -> None:
    def now(version: int, code: str):  # type: ignore[no-untyped-def]
        return {"a": tool.Current(version, code, {"m": code})}

    lock = tool.recorded(now(1, "x"), {}, "first")
    assert tool.complaints(now(1, "x"), lock) == []
    assert tool.complaints(now(1, "y"), lock) == [
        "a: its code has changed (m); raise its version, or record why the outputs stay"]
    assert "versions only rise" in tool.complaints(now(0, "x"), lock)[0]
    meant_nothing = tool.recorded(now(1, "y"), lock, "a message")
    assert tool.complaints(now(1, "y"), meant_nothing) == []
    assert meant_nothing["steps"]["a"]["meant_nothing"] == ["a message"]
    raised = tool.recorded(now(2, "z"), meant_nothing, "other numbers")
    assert "meant_nothing" not in raised["steps"]["a"] and tool.complaints(now(2, "z"), raised) == []
    assert tool.complaints({}, raised) == ["a: is no step any more; record it"]


def test_the_products_steps_are_recorded_as_they_are() -> None:
    assert tool.complaints(tool.product(), tool.read_lock()) == []
