"""What `doctor` looks at: one function a question, each answer with its mend. Only that of torch imports it."""

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from postgrad.support.extras import EXTRAS, to_install

State = Literal["ok", "note", "missing"]
OLDEST_PYTHON = (3, 11)
LEAST_MEMORY = 3 * 1000**3              # what the quickstart may take
LEAST_DISK = 2 * 1000**3
SLOW_GFLOPS = 120                       # below it the quickstart is promised in 8 minutes instead of 5
INSTRUCTION_SETS = {"avx2": "avx2", "avx512f": "avx512", "avx512_bf16": "avx512-bf16", "amx_tile": "amx",
                    "amx_bf16": "amx-bf16", "asimd": "neon", "sve": "sve"}
USED_FOR = {"py3langid": "tells which language a row is in, for filters and `data stats`"}
"""Dependencies that might be taken for those of an extra."""
REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9._-]+)\s*(?:\[[^\]]*\])?\s*([^;]*?)\s*(?:;\s*(.*))?$")


@dataclass(frozen=True)
class Answer:
    """One line of the doctor. `missing` means that a run cannot do without; `mend` says how to get it."""

    what: str
    state: State
    found: str
    mend: str = ""


def python() -> Answer:
    version = platform.python_version()
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Answer("Python", "missing", version, "install Python 3.11 or newer")
    return Answer("Python", "ok", f"{version} on {platform.system()} {platform.machine()}")


def processor() -> Answer:
    from postgrad.pipeline.environment import default_threads
    from postgrad.pipeline.environment import processor as facts

    sets = [name for flag, name in INSTRUCTION_SETS.items() if flag in facts().get("instructions", ())]
    count = default_threads()
    cores = f"{count} core{'s' if count != 1 else ''}"
    return Answer("processor", "ok", f"{cores}; {', '.join(sets) or 'no vector instructions known'}")


def memory() -> Answer:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return Answer("memory", "note", "cannot be told on this system")
    total = min(total, _group_limit() or total)
    free = _available()
    said = f"{total / 1e9:.1f} GB" + (f", {free / 1e9:.1f} GB free" if free is not None else "")
    if (free if free is not None else total) < LEAST_MEMORY:
        return Answer("memory", "note", said, "the quickstart takes up to 3 GB: close other programs")
    return Answer("memory", "ok", said)


def _group_limit() -> int | None:
    """The control group's limit in bytes, if there is one."""
    try:
        return int(Path("/sys/fs/cgroup/memory.max").read_text())
    except (OSError, ValueError):
        return None


def _available() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def disk(store: Path) -> Answer:
    """Room where the store is, or would be made."""
    folder = store
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    said = f"{free / 1e9:.1f} GB free at {store}"
    if not os.access(folder, os.W_OK):
        return Answer("disk", "missing", f"{folder} may not be written to", "name another place with --store")
    if free < LEAST_DISK:
        return Answer("disk", "note", said, "make room, or name another place with --store")
    return Answer("disk", "ok", said)


def packages() -> Iterator[Answer]:
    """Each dependency against the range that this version of postgrad declares; then the extras in one line each."""
    try:
        declared = metadata.requires("postgrad") or []
    except metadata.PackageNotFoundError:
        yield Answer("packages", "note", "postgrad is not installed, so its ranges are not known",
                     ".venv/bin/pip install -e .")
        return
    extras: dict[str, list[Answer]] = {}
    for line in declared:
        match = REQUIREMENT.match(line)
        if match is None:
            continue
        name, wanted, marker = match.groups()
        of_extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)", marker or "")
        answer = _package(name, wanted)
        if of_extra:
            extras.setdefault(of_extra.group(1), []).append(answer)
        else:
            yield answer
    for extra, answers in extras.items():
        absent = [answer.what for answer in answers if answer.state != "ok"]
        if absent:
            said = f"without {', '.join(absent)}; for {EXTRAS[extra]}"
            yield Answer(f"extra {extra}", "note", said, to_install(extra))
        else:
            yield Answer(f"extra {extra}", "ok", f"for {EXTRAS[extra]}")


def _package(name: str, wanted: str) -> Answer:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Answer(name, "missing", "not installed", f"pip install '{name}{wanted}'")
    if not within(version, wanted):
        return Answer(name, "missing", f"{version}, wanted {wanted}", f"pip install '{name}{wanted}'")
    return Answer(name, "ok", f"{version}; {USED_FOR[name]}" if name in USED_FOR else version)


def within(version: str, wanted: str) -> bool:
    """Whether a version lies in a range of the forms that postgrad declares: `==`, `>=`, `<`, joined by commas."""
    compare: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
        "==": lambda a, b: a == b, ">=": lambda a, b: a >= b, "<=": lambda a, b: a <= b,
        "<": lambda a, b: a < b, ">": lambda a, b: a > b, "!=": lambda a, b: a != b}
    for part in filter(None, (part.strip() for part in wanted.split(","))):
        sign = next((sign for sign in ("==", ">=", "<=", "!=", "<", ">") if part.startswith(sign)), None)
        if sign is None:
            return True                    # a form that we do not declare: pip knows better
        ours, bound = _numbers(version), _numbers(part[len(sign):])
        width = max(len(ours), len(bound))
        pad = lambda numbers, width=width: numbers + (0,) * (width - len(numbers))
        if not compare[sign](pad(ours), pad(bound)):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    """The release numbers: (2, 13, 0) for `2.13.0+cpu`."""
    match = re.match(r"\s*(\d+(?:\.\d+)*)", version)
    return tuple(int(number) for number in match.group(1).split(".")) if match else ()


def torch_build() -> Answer:
    """Which build of torch, and which devices it finds."""
    try:
        import torch
    except ImportError as error:
        return Answer("torch build", "missing", f"cannot be imported ({error})", "pip install torch==2.13.0")
    kind = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU"
    if torch.cuda.is_available():
        names = sorted({torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())})
        return Answer("torch build", "ok", f"{kind}, {torch.cuda.device_count()} × {', '.join(names)}")
    if torch.version.cuda:
        return Answer("torch build", "note", f"{kind}, but no such device here",
                      "a CPU build is smaller: make quickstart TORCH_INDEX=<address of a CPU wheel index>")
    return Answer("torch build", "ok", kind)


def matmul_rate() -> Answer:
    """How fast this machine multiplies float32 matrices: the same measure that `plan` and `run` go by."""
    from postgrad.stages.costs import matmul_rate as measured

    rate = measured() / 1e9
    minutes = 5 if rate >= SLOW_GFLOPS else 8
    return Answer("matmul rate", "ok", f"{rate:.0f} GFLOP/s in float32; the quickstart takes up to {minutes} minutes")


def base() -> Answer:
    """The base model that ships."""
    folder = Path(__file__).parents[1] / "embedded" / "base"
    weights = sorted(folder.glob("*.safetensors"))
    if not weights or not (folder / "config.json").is_file():
        return Answer("embedded base", "missing", f"not in {folder}", "install postgrad again")
    megabytes = sum(path.stat().st_size for path in weights) / 1e6
    return Answer("embedded base", "ok", f"{megabytes:.1f} MB; no download needed")
