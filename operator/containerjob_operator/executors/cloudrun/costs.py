"""What a task has cost, as far as its size and its time tell: an estimate, and called so. Pure.

Google's bill also has free tiers, discounts, taxes and traffic, of which nothing is known here:
https://cloud.google.com/run/pricing.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final, Literal

from containerjob_operator.executors.cloudrun.sizes import Size

_TENTH: Final = Decimal("0.1")
_GIB: Final = 2**30


@dataclass(frozen=True, slots=True)
class Prices:
    """Of a region; those of tier 1 where nothing else is said."""

    cpu_second: Decimal = Decimal("0.000018")
    gib_second: Decimal = Decimal("0.000002")
    currency: str = "USD"
    least_seconds: int = 60
    """For which a task is charged, however short it was."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """An amount that no bill confirms."""

    amount: Decimal
    currency: str
    estimated: Literal[True] = True

    def __str__(self) -> str:
        return f"about {self.amount:.6f} {self.currency} (estimate)"


def estimate(size: Size, seconds: float, prices: Prices) -> Estimate:
    """Charge the size for the time, rounded up to tenths of a second as Google does."""
    charged = max(Decimal(str(seconds)).quantize(_TENTH, ROUND_CEILING), Decimal(prices.least_seconds))
    gibs = Decimal(size.memory_bytes) / _GIB
    return Estimate(charged * (size.cpus * prices.cpu_second + gibs * prices.gib_second), prices.currency)
