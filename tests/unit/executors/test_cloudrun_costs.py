"""What a task has cost, about."""

from decimal import Decimal

import pytest

from containerjob_operator.executors.cloudrun.costs import Prices, estimate
from containerjob_operator.executors.cloudrun.sizes import Size

GI = 2**30


@pytest.mark.parametrize(
    ("size", "seconds", "amount"),
    [
        (Size(1, 512 * 2**20), 3600, "0.0684"),
        (Size(1, 512 * 2**20), 0.2, "0.00114"),
        (Size(8, 32 * GI), 100.01, "0.020820800"),
    ],
)
def test_a_task_costs_its_size_times_its_time(size: Size, seconds: float, amount: str) -> None:
    assert estimate(size, seconds, Prices()).amount == Decimal(amount)


def test_an_estimate_says_that_it_is_one() -> None:
    found = estimate(Size(2, GI), 60, Prices(Decimal(1), Decimal(2), "EUR"))
    assert (found.estimated, str(found)) == (True, "about 240.000000 EUR (estimate)")
