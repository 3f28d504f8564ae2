"""Runs in processes of their own: killed, without a network, and planning without what is heavy."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hostile.outcome import SOURCES, differences, outcome

from .making import Place

HEAVY = ("torch", "transformers", "matplotlib", "scipy")


def start(place: Place, *before: str) -> "subprocess.Popen[str]":
    """`postgrad run` on one processor, as the undisturbed run had one thread."""
    one = {min(os.sched_getaffinity(0))} if hasattr(os, "sched_getaffinity") else None
    return subprocess.Popen(
        [*before, sys.executable, "-m", "postgrad.cli.main", *place.command()], stderr=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(SOURCES)}, start_new_session=True,
        preexec_fn=(lambda: os.sched_setaffinity(0, one)) if one else None)  # fmt: skip


def kill_at(place: Place, step: str) -> None:
    """Start a run and kill it, all at once, as soon as it says that it is at the step."""
    process = start(place)
    assert process.stderr is not None
    for line in process.stderr:
        if line.rstrip().endswith(f"] {step}"):
            break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.stderr.close()
    assert process.wait() == -signal.SIGKILL


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the number of threads, part of every key, needs it")
def test_a_killed_run_goes_on_without_a_network_to_the_same_bits(finished: Place, place: Place) -> None:
    kill_at(place, "sft")
    kill_at(place, "rlvr")
    alone = ["unshare", "-rn"]  # a namespace without any interface that is up
    permitted = shutil.which("unshare") and subprocess.run([*alone, "true"], capture_output=True).returncode == 0
    process = start(place, *(alone if permitted else []))
    _, said = process.communicate()
    assert process.returncode == 0, said
    assert "] sft" not in said  # what the killed ones had finished was not done again
    assert differences(outcome(finished.out), outcome(place.out)) == []
    if not permitted:
        pytest.skip("a namespace without a network cannot be made here; the rest of the test held")


@pytest.mark.parametrize("recipe", ["quickstart", "tiny"])
def test_a_recipe_becomes_a_plan_without_torch(place: Place, recipe: str) -> None:
    name = str(place.recipe) if recipe == "tiny" else recipe
    code = (
        "import sys\nfrom postgrad.recipe import load\nfrom postgrad.stages.shipped import shipped\n"
        f"from postgrad.stages.plan import plan\nassert plan(load({name!r}, (), shipped())).steps\n"
        f"print([name for name in {HEAVY} if name in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(SOURCES)}, cwd=Path.home())
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
