"""Hold every step's version to the code that the step reaches.

    python tools/step_versions.py                     say what is amiss (exit code 1 if anything is)
    python tools/step_versions.py --record REASON     take the code as it is now into the lock file

A step's outputs are shared by key, and its function's version stands in the key for its code. So when the code changes
such that the same inputs may give other outputs, the version must be raised: then `--record` takes it in. When the
change means nothing to the outputs (a message, a rename, a speed-up to the same bits), `--record REASON` takes it in
with the reason, and old artifacts stay good.

The code that a function reaches: what it refers to in its own module, and every module of the package that this, or
what it imports (at the top or inside functions), imports in turn, whole; less MACHINERY, which carries steps out and
says how it goes, and writes nothing into an output. Compared as syntax trees without comments and docstrings. The lock
file is `tests/step_versions.json`; the steps are `postgrad.stages.catalogue.STEPS`.
"""

import argparse
import ast
import hashlib
import importlib
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parents[1] / "tests" / "step_versions.json"
CATALOGUE = "postgrad.stages.catalogue"
MACHINERY = ("postgrad", "postgrad.pipeline", "postgrad.support.errors", "postgrad.support.progress")
# Left out of a tree's text: they differ between versions of Python, or are no part of what the code does.
NO_PART = {"type_params", "type_comment", "type_ignores", "kind"}


def tree_text(node: Any) -> str:
    """A syntax tree as text: no positions, no docstrings, the same whatever version of Python reads it."""
    if isinstance(node, list):
        return "[" + ",".join(map(tree_text, node)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    parts = []
    for name, value in ast.iter_fields(node):
        if name in NO_PART or value is None or value == []:
            continue
        if name == "body" and isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            value = value[1:] if value and _is_text(value[0]) else value
        parts.append(f"{name}={tree_text(value)}")
    return f"{type(node).__name__}({','.join(parts)})"


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


class Package:
    """The modules of one package, read from its folder; nothing of it is imported.

    `machinery` are modules that are not followed: a package's name stands for all below it, the top one for itself.
    """

    def __init__(self, name: str, folder: Path, machinery: tuple[str, ...] = ()) -> None:
        self.name, self.folder, self.machinery = name, folder, machinery
        self._trees: dict[str, ast.Module] = {}

    def path(self, module: str) -> Path | None:
        """The module's file, or None if the package has no such module."""
        if module != self.name and not module.startswith(self.name + "."):
            return None
        place = self.folder.joinpath(*module.split(".")[1:])
        found = (path for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file())
        return next(found, None) if module != self.name else self.folder / "__init__.py"

    def tree(self, module: str) -> ast.Module:
        if module not in self._trees:
            path = self.path(module)
            assert path is not None, module
            self._trees[module] = ast.parse(path.read_text())
        return self._trees[module]

    def imports(self, module: str, within: ast.AST) -> Iterator[tuple[str, set[str]]]:
        """(a module of the package, the names bound by importing it) for each import found `within`."""
        for node in ast.walk(within):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    bound = {alias.asname or alias.name.split(".")[0]}
                    for name in self._with_parents(alias.name):
                        yield name, bound
            elif isinstance(node, ast.ImportFrom):
                origin = self._absolute(module, node)
                for alias in node.names:
                    bound = {alias.asname or alias.name}
                    for name in self._with_parents(origin):
                        yield name, bound
                    one = f"{origin}.{alias.name}"
                    if self.path(one) and not self._is_machinery(one):
                        yield one, bound

    def _absolute(self, module: str, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        path = self.path(module)
        parts = module.split(".") if path and path.name == "__init__.py" else module.split(".")[:-1]
        base = parts[: len(parts) - node.level + 1]
        return ".".join([*base, *([node.module] if node.module else [])])

    def _with_parents(self, module: str) -> list[str]:
        """The module and the packages around it, whose `__init__` importing it runs; those of this package only."""
        parts = module.split(".")
        names = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
        return [name for name in names if self.path(name) and not self._is_machinery(name)]

    def _is_machinery(self, module: str) -> bool:
        below = tuple(f"{name}." for name in self.machinery if name != self.name)
        return module in self.machinery or module.startswith(below)

    def reached(self, module: str, names: set[str]) -> tuple[list[ast.stmt], set[str]]:
        """Of `module`, the statements that the names rest on; and the other modules that those reach, whole."""
        binding: dict[str, list[ast.stmt]] = {}
        imported: dict[str, set[str]] = {}
        kept: set[int] = set()
        statements = self.tree(module).body
        others: set[str] = set()
        for statement in statements:
            found = list(self.imports(module, statement))
            for name, bound in found if isinstance(statement, ast.Import | ast.ImportFrom) else []:
                for one in bound:
                    imported.setdefault(one, set()).add(name)
            for one in _bound_by(statement):
                binding.setdefault(one, []).append(statement)
        waiting, seen = list(names), set[str]()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            others |= imported.get(name, set())
            for statement in binding.get(name, []):
                kept.add(id(statement))
                others |= {other for other, _ in self.imports(module, statement)}
                waiting += [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
        return [statement for statement in statements if id(statement) in kept], others - {module}

    def code_of(self, module: str, function: str) -> tuple[str, dict[str, str]]:
        """The hash of all that a function reaches, and the hash of each module that it reaches whole."""
        own, waiting_set = self.reached(module, {function.split(".")[0]})
        waiting, modules = sorted(waiting_set), dict[str, str]()
        while waiting:
            name = waiting.pop()
            if name in modules:
                continue
            tree = self.tree(name)
            modules[name] = _hash(tree_text(tree))
            waiting += [other for other, _ in self.imports(name, tree)]
        modules.pop(module, None)
        return _hash(tree_text(own) + json.dumps(modules, sort_keys=True)), modules


def _bound_by(statement: ast.stmt) -> set[str]:
    """The names that a statement of a module defines (imports apart)."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Current:
    """A step as the code has it now."""

    version: int
    code: str
    modules: dict[str, str]


def current(steps: Mapping[str, Callable[..., Any]], package: Package) -> dict[str, Current]:
    """Version and code of every step's function."""
    found = {}
    for name, function in sorted(steps.items()):
        code, modules = package.code_of(function.__module__, inspect.unwrap(function).__qualname__)
        found[name] = Current(function.version, code, modules)  # type: ignore[attr-defined]
    return found


def complaints(now: Mapping[str, Current], lock: Mapping[str, Any]) -> list[str]:
    """A line for each step whose lock does not fit its code."""
    said: list[str] = []
    known, modules = lock.get("steps", {}), lock.get("modules", {})
    for name, step in now.items():
        entry = known.get(name)
        if entry is None:
            said.append(f"{name}: not recorded yet; record it")
        elif step.version < entry["version"]:
            said.append(f"{name}: version {step.version} was {entry['version']} before; versions only rise")
        elif step.version > entry["version"]:
            said.append(f"{name}: version raised to {step.version}; record it")
        elif step.code != entry["code"]:
            changed = sorted(module for module, code in step.modules.items() if modules.get(module) != code)
            where = ", ".join(changed) or "its own module"
            said.append(f"{name}: its code has changed ({where}); raise its version, or record why the outputs stay")
    said += [f"{name}: is no step any more; record it" for name in sorted(known.keys() - now.keys())]
    return said


def recorded(now: Mapping[str, Current], lock: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """The lock file's new content. ValueError if a version went down."""
    steps: dict[str, Any] = {}
    for name, step in now.items():
        before = lock.get("steps", {}).get(name)
        if before and step.version < before["version"]:
            raise ValueError(f"{name}: version {step.version} was {before['version']} before; versions only rise")
        steps[name] = {"version": step.version, "code": step.code}
        if before and step.version == before["version"]:
            reasons = [*before.get("meant_nothing", []), *([reason] if step.code != before["code"] else [])]
            steps[name] |= {"meant_nothing": reasons} if reasons else {}
    modules = {module: code for step in now.values() for module, code in step.modules.items()}
    return {"steps": steps, "modules": dict(sorted(modules.items()))}


def read_lock(path: Path = LOCK) -> dict[str, Any]:
    """The lock file, or an empty one if it is not there yet."""
    return json.loads(path.read_text()) if path.exists() else {}


def product() -> dict[str, Current]:
    """The steps of the product."""
    import postgrad

    folder = Path(postgrad.__file__).parent
    return current(importlib.import_module(CATALOGUE).STEPS, Package("postgrad", folder, MACHINERY))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", metavar="REASON", help="take the code as it is into the lock file")
    options = parser.parse_args()
    now, lock = product(), read_lock()
    found = complaints(now, lock)
    for line in found:
        print(line)
    if options.record and found:
        LOCK.write_text(json.dumps(recorded(now, lock, options.record), indent=1) + "\n")
        print(f"recorded in {LOCK}")
        return 0
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
