import os
import subprocess
import sys

import pytest

from postgrad.pipeline.environment import default_threads
from postgrad.support.threads import wait_calmly


def test_threads_wait_as_the_user_says_else_calmly(monkeypatch: pytest.MonkeyPatch) -> None:
    for said, spins in (({}, "1000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "ACTIVE"}, None)):
        for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
            monkeypatch.delenv(name, raising=False)
        for name, value in said.items():
            monkeypatch.setenv(name, value)
        wait_calmly()
        assert os.environ.get("GOMP_SPINCOUNT") == spins


def test_the_command_says_it_before_torch_is_there() -> None:
    code = ("import os, sys; from postgrad.cli.main import main; main(['--version']);"
            "print(os.environ['GOMP_SPINCOUNT'], 'torch' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env={k: v for k, v in os.environ.items() if k not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")})
    assert done.stdout.splitlines()[-1] == "1000 False"


@pytest.mark.parametrize(
    ("said", "most"), [("1", 1), ("1,4", 1), ("", None), ("many", None), ("9999", None), ("0", None)])
def test_fewer_threads_are_asked_for_as_openmp_has_it(
    said: str, most: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    there = default_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert default_threads() == (most or there)
