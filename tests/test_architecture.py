"""The rooms import what the table in docs/architecture.md allows, and rooms marked "no torch" never reach torch."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "postgrad"
EVERYWHERE = {"support", "records"}
HEAVY = {"torch", "transformers"}
ROW = re.compile(r"^\| (\w+)/ \| (.+) \| (.+) \|$", re.M)


def table() -> dict[str, tuple[str, str]]:
    """room → (its one job, what it may import) as the document says it."""
    return {room: (job, allowed) for room, job, allowed in ROW.findall((ROOT / "docs/architecture.md").read_text())}


def imports(path: Path) -> set[str]:
    """Every module that a file imports anywhere, functions included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        else:
            assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path}: relative import"
    return found


def rooms_imported(room: str) -> dict[str, set[str]]:
    """file → rooms of ours that it imports."""
    return {
        str(path.relative_to(PACKAGE)): {name.split(".")[1] for name in imports(path)
                                         if name.startswith("postgrad.") and (PACKAGE / name.split(".")[1]).is_dir()}
        for path in sorted((PACKAGE / room).rglob("*.py"))}


def test_every_folder_is_a_room_of_the_table() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    assert folders - {"__pycache__"} == set(table())


@pytest.mark.parametrize("room", sorted(table()))
def test_a_room_imports_only_what_the_table_allows(room: str) -> None:
    _, allowed = table()[room]
    if "every room above" in allowed or "any room" in allowed:
        permitted = set(table())
    else:
        permitted = set(re.findall(r"`(\w+)`", allowed))
    for file, used in rooms_imported(room).items():
        beyond = sorted(used - permitted - EVERYWHERE - {room})
        assert not beyond, f"{file} imports {beyond}"


def test_torch_free_rooms_do_not_bring_torch_through_others() -> None:
    rooms = [room for room, (job, _) in table().items() if "no torch" in job]
    files = [path for room in rooms for path in sorted((PACKAGE / room).rglob("*.py"))]
    names = [".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__") for path in files]
    code = (f"import importlib, sys\nfor name in {names!r}:\n    importlib.import_module(name)\n"
            f"print({HEAVY!r} & sys.modules.keys())")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert len(names) > 40 and (done.stdout, done.returncode) == ("set()\n", 0), done.stderr


@pytest.mark.parametrize("room", sorted(room for room, (job, _) in table().items() if "no torch" in job))
def test_a_torch_free_room_reaches_no_torch(room: str) -> None:
    for path in sorted((PACKAGE / room).rglob("*.py")):
        heavy = {name for name in imports(path) if name.split(".")[0] in HEAVY}
        assert not heavy, f"{path.relative_to(PACKAGE)} imports {sorted(heavy)}"
