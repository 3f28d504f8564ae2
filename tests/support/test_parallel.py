import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from postgrad.support.errors import Failure
from postgrad.support.network import NOWHERE
from postgrad.support.parallel import AHEAD, in_order


def adder(base: int) -> Callable[[int], tuple[int, int]]:
    return lambda number: (base + number, os.getpid())


def dies() -> Callable[[int], int]:
    return lambda number: os._exit(9) if number == 3 else number


def raises() -> Callable[[int], float]:
    return lambda number: 1 / (number - 3)


def test_one_worker_is_this_process_and_two_are_others() -> None:
    alone, together = (list(in_order(adder, (10,), range(30), workers)) for workers in (1, 2))
    assert [value for value, _ in alone] == [value for value, _ in together] == list(range(10, 40))
    assert {pid for _, pid in alone} == {os.getpid()} and os.getpid() not in {pid for _, pid in together}


def test_pieces_are_taken_as_they_are_needed() -> None:
    taken = []

    def pieces() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = in_order(adder, (0,), pieces(), 2)
    next(results)
    assert len(taken) <= AHEAD * 2
    results.close()


def reaches_out() -> Callable[[int], int]:
    def reach(number: int) -> int:
        with socket.socket() as one, suppress(PermissionError):
            one.connect(NOWHERE)
        return number

    return reach


GUARDED = """
from postgrad.support.network import enter
from postgrad.support.parallel import in_order
from test_parallel import reaches_out
held = enter("guarded")
list(in_order(reaches_out, (), range(5), 2))
print(held.json()["attempts"])
"""


def test_what_the_network_guard_refuses_in_workers_is_counted_in_their_parent() -> None:
    done = subprocess.run([sys.executable, "-c", GUARDED], capture_output=True, text=True, timeout=60,
                          cwd=Path(__file__).parent)
    assert (done.stdout, done.stderr) == ("5\n", "")


def test_what_a_worker_raises_is_raised_and_a_killed_one_is_said() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_order(raises, (), range(6), 2))
    with pytest.raises(Failure, match="a worker process was killed"):
        list(in_order(dies, (), range(6), 2))


def test_a_plain_script_is_carried_out_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("""
import operator
from postgrad.support.parallel import in_order
print("here")
print(list(in_order(operator.itemgetter, (1,), ["ab", "cd"], 2)))
""")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == ["here", "['b', 'd']"]
