"""Run a Python script or module with a fault at one of its fsyncs and renames.

    python inject.py [--at K | --new FILE] --how EIO|ENOSPC|die|die-after [--log FILE] -- (SCRIPT | -m MODULE) ARGUMENTS

`--at K`: at the K-th. `--new FILE`: at the first whose place (call, path, size) is not yet in FILE, and note it there,
so that a series of runs of one command meets a fault at every place once, however it is resumed. `EIO` and `ENOSPC`
are raised; `die` ends the process before the call, `die-after` right after it. `--log` gets a line for each call.
"""

import argparse
import errno
import os
import re
import runpy
import sys
from pathlib import Path
from typing import Any

RANDOM = re.compile(r"\.(half-)?([a-z0-9_]{8}|[0-9a-f]{16})(?=/|$)")  # added to the name of what is in the making
DIED = 77


class Injector:
    """Stands in for os.fsync, os.rename and os.replace."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.count, self.spent = options, 0, False
        self.known = set(options.new.read_text().splitlines()) if options.new and options.new.exists() else set()
        for name in ("fsync", "rename", "replace"):
            setattr(os, name, self.around(name, getattr(os, name)))

    def around(self, name: str, original: Any) -> Any:
        def call(*arguments: Any, **more: Any) -> Any:
            self.count += 1
            place = self.place(name, arguments)
            self.note(self.options.log, place)
            if not self.hit(place):
                return original(*arguments, **more)
            self.spent = True
            self.note(self.options.new, place)
            if self.options.how == "die":
                os._exit(DIED)
            if self.options.how == "die-after":
                original(*arguments, **more)
                os._exit(DIED)
            number = getattr(errno, self.options.how)
            raise OSError(number, os.strerror(number))

        return call

    def place(self, name: str, arguments: tuple[Any, ...]) -> str:
        """The call and what it is about, the same in every run of the same command."""
        if name == "fsync":
            path, size = str(Path(f"/proc/self/fd/{arguments[0]}").readlink()), os.fstat(arguments[0]).st_size
        else:
            path, size = os.fspath(arguments[1]), os.lstat(arguments[0]).st_size
        folder = not name.startswith("re") and Path(path).is_dir()
        return f"{name} {RANDOM.sub('.*', path)} {'folder' if folder else size}"

    def hit(self, place: str) -> bool:
        if self.spent:
            return False
        if self.options.new:
            return place not in self.known
        return self.count == self.options.at

    def note(self, path: Path | None, place: str) -> None:
        if path:
            with path.open("a") as file:
                file.write(place + "\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", type=int, default=0)
    parser.add_argument("--new", type=Path)
    parser.add_argument("--how", choices=("EIO", "ENOSPC", "die", "die-after"), default="die")
    parser.add_argument("--log", type=Path)
    parser.add_argument("target", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    target = options.target[1:] if options.target[:1] == ["--"] else options.target
    Injector(options)
    if target[0] == "-m":
        sys.argv = target[1:]
        runpy.run_module(target[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = target
        sys.path[0] = str(Path(target[0]).parent)
        runpy.run_path(target[0], run_name="__main__")


if __name__ == "__main__":
    main()
