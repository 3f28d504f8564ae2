"""The step that stands before RLVR: no verifier rewards a model that has not been proved on the very problems."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from postgrad.records.tables import read_records
from postgrad.records.types import Problem
from postgrad.support.errors import Mistake
from postgrad.support.resources import Resources
from postgrad.verifiers.prove import proved


def prove(inputs: Mapping[str, Path], config: Mapping[str, Any], resources: Resources) -> None:
    """Write proof.json: every claim tried on every verifier that the problems name. Input: problems.

    Mistake if a problem names no verifier, or if one is not proved: its faults would be lessons.
    """
    problems = list(read_records(inputs["problems"] / "problems.parquet", Problem))
    bare = next((problem.source for problem in problems if not problem.verifier), None)
    if bare is not None:
        raise Mistake("holds prompts that nothing says how to check", where=f"sources.{bare}",
                      mend="give its rows a ground truth and a verifier, or take it out of `problems`")
    names = sorted({problem.verifier for problem in problems})
    lines = [line for name in names for line in proved(name, [one for one in problems if one.verifier == name])]
    said = [{"verifier": line.verifier, "claim": line.claim, "tried": line.tried} for line in lines]
    (resources.out / "proof.json").write_text(json.dumps(said, indent=1) + "\n")
