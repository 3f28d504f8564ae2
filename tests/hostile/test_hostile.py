"""Small versions of the hostile proofs, and the fault at every call within one process."""

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postgrad.pipeline import Store, execute
from postgrad.support.errors import Failure

from . import demo, faults, kill
from .outcome import half_written

QUICK = "--entries 2 --steps 2"
DEMO = str(Path(__file__).with_name("demo.py"))
CALLS = ("fsync", "rename", "replace", "mkdir", "chmod", "unlink", "pwrite")


def test_killed_runs_come_to_the_same_bits(tmp_path: Path) -> None:
    summary = tmp_path / "summary.json"
    command = f"{DEMO} --entries 10 --steps 10 --pause 0.01"
    arguments = ["--folder", str(tmp_path / "k"), "--kills", "4", "--command", command, "--summary", str(summary)]
    assert kill.main(arguments) == 0
    said = json.loads(summary.read_text())
    assert said["kills"] == 4 and said["same_bits"] and said["hashes_compared"] == 5


@pytest.mark.parametrize("how", faults.HOW)
def test_faults_leave_the_same_bits_behind(tmp_path: Path, how: str) -> None:
    command = f"{DEMO} {QUICK}"
    assert faults.main(["--folder", str(tmp_path / "f"), "--how", how, "--every", "47", "--command", command]) == 0


def test_a_chain_meets_every_place_once_and_comes_to_its_end(tmp_path: Path) -> None:
    summary = tmp_path / "summary.json"
    arguments = ["--folder", str(tmp_path / "f"), "--series", "chain", "--how", "die", "--summary", str(summary)]
    assert faults.main([*arguments, "--command", f"{DEMO} --entries 1 --steps 1"]) == 0
    said = json.loads(summary.read_text())
    places = (tmp_path / "f" / "die" / "places.txt").read_text().splitlines()
    assert said["faults"]["die"] == len(places) == len(set(places)) and said["same_bits"]
    assert said["calls"] / 2 < len(places) < 2 * said["calls"]


def test_a_driver_notices_when_the_bits_differ(tmp_path: Path) -> None:
    script = tmp_path / "moody.py"
    script.write_text(
        f"import os, sys; sys.path[:0] = [{str(Path(DEMO).parent)!r}]\n"
        "import demo, uuid\n"
        "demo._hash = lambda text, hash=demo._hash, salt=uuid.uuid4().hex: hash(text + salt)\n"
        "sys.exit(demo.main())\n"
    )
    arguments = ["--folder", str(tmp_path / "f"), "--how", "die", "--every", "40", "--command", f"{script} {QUICK}"]
    assert faults.main(arguments) == 1


class Fault:
    """Makes the k-th of the calls that change the disk raise, once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, k: int, error: BaseException) -> None:
        self.count, self.k, self.error = 0, k, error
        for name in CALLS:
            monkeypatch.setattr(os, name, self.around(getattr(os, name)))

    def around(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            self.count += 1
            if self.count == self.k:
                raise self.error
            return original(*arguments, **more)

        return call


class Killed(BaseException):
    """Stands for a kill: nobody catches it."""


def run_demo(folder: Path) -> dict[str, tuple[str, str]]:
    store = Store(folder / "store")
    done = execute(demo.plan(Path(DEMO).with_name("demo_rows.txt"), 2, 2, 0.0), store)
    return {name: (artifact.key, artifact.outputs_hash) for name, artifact in done.items()}


@settings(max_examples=12, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ks=st.lists(st.integers(1, 150), min_size=1, max_size=3), number=st.sampled_from([None, 5, 28]))
def test_any_faults_between_any_two_calls_are_survived(
    tmp_path_factory: pytest.TempPathFactory, undisturbed: dict[str, tuple[str, str]], ks: list[int], number: int | None
) -> None:
    folder = tmp_path_factory.mktemp("fault")
    for k in ks:
        error = Killed() if number is None else OSError(number, os.strerror(number))
        with pytest.MonkeyPatch.context() as patch:
            Fault(patch, k, error)
            with contextlib.suppress(Killed, Failure):
                run_demo(folder)
        assert half_written(folder / "store") == []
    assert run_demo(folder) == undisturbed


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    return run_demo(tmp_path_factory.mktemp("quiet"))
