"""What shapes the bits of a numeric step besides its inputs and settings, found out without importing torch."""

import functools
import math
import os
import platform
import re
from importlib import metadata
from pathlib import Path
from typing import Any

import postgrad

NUMERIC_PACKAGES = ("torch", "transformers", "tokenizers", "numpy")
RECORDED_PACKAGES = (*NUMERIC_PACKAGES, "safetensors", "pyarrow", "math-verify", "scipy", "gguf")
# Instruction sets that kernels choose between (x86 `flags`, Arm `Features`); the others change no arithmetic.
ARITHMETIC = re.compile(r"avx|fma|amx|f16c|sse4|asimd|sve|sme\d*$|bf16|i8mm|fphp")
# Variables by which the user steers that choice.
SWITCHES = (
    "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ONEDNN_DEFAULT_FPMATH_MODE", "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS", "MKL_DYNAMIC", "NVIDIA_TF32_OVERRIDE", "CUBLAS_WORKSPACE_CONFIG",
)  # fmt: skip


@functools.cache
def package_version(name: str) -> str | None:
    """The installed version with its build (`2.13.0+cpu`), or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def package_versions() -> dict[str, str]:
    """The versions that manifests record: of postgrad, Python and the packages that steps compute with."""
    found = {name: package_version(name) for name in RECORDED_PACKAGES}
    return {
        "postgrad": postgrad.__version__,
        "python": platform.python_version(),
        **{name: version for name, version in found.items() if version},
    }


def default_threads() -> int:
    """The processors that this process may use: its affinity, capped by the control group's quota and by the variable
    OMP_NUM_THREADS. At least 1.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        if quota != "max":
            count = min(count, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):  # no control groups, or none of the second kind
        pass
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()  # further numbers are of nested loops
    return max(1, min(count, int(asked)) if asked.isdecimal() and int(asked) else count)


@functools.cache
def processor() -> dict[str, Any]:
    """The processor's class: maker, family, model, and its arithmetic instruction sets."""
    facts = {"machine": platform.machine()}
    try:
        first = Path("/proc/cpuinfo").read_text().split("\n\n", 1)[0]
    except OSError:  # not Linux: the name is all that can be had
        return {**facts, "name": platform.processor()}
    lines = dict(line.split(":", 1) for line in first.splitlines() if ":" in line)
    said = {name.strip(): value.strip() for name, value in lines.items()}
    for name in ("vendor_id", "cpu family", "model", "CPU implementer", "CPU part"):
        if name in said:
            facts[name] = said[name]
    flags = (said.get("flags") or said.get("Features") or "").split()
    return {**facts, "instructions": sorted({flag for flag in flags if ARITHMETIC.match(flag)})}


def accelerators() -> list[str]:
    """Model names of the NVIDIA devices that the driver shows, sorted; empty without any."""
    names = []
    for path in Path("/proc/driver/nvidia/gpus").glob("*/information"):
        names += [line.split(":", 1)[1].strip() for line in path.read_text().splitlines() if line.startswith("Model")]
    return sorted(names)


def numeric_environment(config: Any = None) -> dict[str, Any]:
    """What a numeric step's key covers. `config["threads"]` and `config["device"]` are taken where they are given."""
    config = config or {}
    device = str(config.get("device", "cpu"))
    return {
        "packages": {name: package_version(name) for name in NUMERIC_PACKAGES},
        "device": device if device == "cpu" else [device, *accelerators()],
        "processor": processor(),
        "threads": int(config.get("threads") or default_threads()),
        "switches": {name: os.environ[name] for name in SWITCHES if name in os.environ},
    }


def hardware() -> dict[str, Any]:
    """What manifests record of the machine; no name that tells whose it is."""
    try:
        memory: int | None = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        memory = None
    return {
        "processor": processor(),
        "processors": os.cpu_count(),
        "threads": default_threads(),
        "memory_bytes": memory,
        "accelerators": accelerators(),
        "system": platform.system(),
    }
