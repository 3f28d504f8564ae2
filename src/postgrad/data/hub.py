"""Data sets of the hub, from the cache that the `datasets` library keeps: which of its Arrow files a source means.

Nothing is fetched and nobody's code is run: the library is asked in a process of its own, which is told to stay
offline. It takes whatever revision was cached last, also when another is asked for: here that is a mistake.
"""

import importlib.util
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NoReturn

from postgrad.support.errors import Mistake
from postgrad.support.extras import to_install

OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
ASK = """
import json, sys
from datasets import load_dataset
name, subset, split = json.loads(sys.argv[1])
try:
    found = load_dataset(name, subset, split=split)
    said = {"files": [file["filename"] for file in found.cache_files]}
except Exception as error:
    said = {"error": str(error)}
print(json.dumps(said))
"""


@cache
def cached_files(name: str, subset: str | None, split: str, revision: str | None, where: str) -> list[Path]:
    """The Arrow files of one split, in their order. `where` names the source in messages.

    Mistake if the library or the data set is not there, or if more than one subset or revision of it is.
    """
    if importlib.util.find_spec("datasets") is None:
        raise Mistake("hub data sets are read by the library `datasets`, which is not installed", where=where,
                      mend=f"{to_install('hub')}, or give the files by `path`")
    done = subprocess.run([sys.executable, "-c", ASK, json.dumps([name, subset, split])], capture_output=True,
                          text=True, env=os.environ | OFFLINE, check=False)
    try:
        said = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        said = {"error": (done.stderr.strip().splitlines() or ["the library said nothing"])[-1]}
    if "error" in said:
        _refuse(f"{name} cannot be read from the local cache ({said['error']})", name, subset, revision, where)
    files = [Path(file) for file in said["files"]]
    if not files:
        _refuse(f"{name} has no files in the local cache", name, subset, revision, where)
    found = files[0].parent           # owner___name/SUBSET/VERSION/REVISION
    others = _names(found.parent)
    if revision is not None and not found.name.startswith(revision):
        matching = [other for other in others if other.startswith(revision)]
        if len(matching) != 1:
            _refuse(f"revision {revision} of {name} is not in the local cache, which has {', '.join(others)}", name,
                    subset, revision, where)
        files = [found.with_name(matching[0]) / file.name for file in files]
        if not all(file.is_file() for file in files):
            _refuse(f"revision {revision} of {name} is not whole in the local cache", name, subset, revision, where)
    elif revision is None and len(others) > 1:
        raise Mistake(f"the local cache has several revisions of {name}: {', '.join(others)}", where=where,
                      mend="say `revision:`")
    return files


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def _refuse(what: str, name: str, subset: str | None, revision: str | None, where: str) -> NoReturn:
    asked = ", ".join(repr(one) for one in (name, subset) if one) + (f", revision={revision!r}" if revision else "")
    raise Mistake(what, where=where, mend=f'fetch it once: python -c "from datasets import load_dataset; '
                                          f'load_dataset({asked})"')
