"""Ray Data does what this machine's processes do. Needs the extra `ray`; `make ray` has it."""

from collections.abc import Callable

import pytest

from postgrad.support import parallel, ray_data

pytest.importorskip("ray", reason="ray is not installed: `make ray` proves this")


def powers(base: int) -> Callable[[int], tuple[int, int]]:
    return lambda exponent: (exponent, base**exponent)


def test_results_come_in_order_and_are_the_same() -> None:
    expected = list(parallel.in_order(powers, (3,), range(20), 1))
    assert expected == [(exponent, 3**exponent) for exponent in range(20)]
    assert list(ray_data.in_order(powers, (3,), range(20), 2)) == expected
    assert list(ray_data.in_order(powers, (3,), [], 2)) == []

