"""Resource quantities, as Kubernetes reads them."""

from decimal import Decimal

import pytest

from containerjob_api.quantities import memory_bytes, nano_cpus, parse_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [(2, "2"), ("2", "2"), ("500m", "0.5"), ("1.5", "1.5"), (".5", "0.5"), ("0.25", "0.25"), ("3k", "3000"),
     ("1M", "1000000"), ("1G", "1000000000"), ("1T", "1000000000000"), ("1Ki", "1024"), ("1.5Gi", "1610612736"),
     ("1Mi", "1048576"), ("1Ti", "1099511627776")],
)  # fmt: skip
def test_a_quantity_is_its_number_times_its_suffix(text: str | int, value: str) -> None:
    assert parse_quantity(text) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "0", 0, -1, "-1", "0m", "0.0", "1.", "1e3", "256MB", "64mi", "1 Gi", "1Gi\n", "NaN", "²"]
)
def test_what_is_no_quantity_is_refused_with_examples(text: str | int) -> None:
    with pytest.raises(ValueError, match="is not a quantity such as 500m, 2 or 256Mi"):
        parse_quantity(text)


def test_cpus_are_told_to_the_engine_in_billionths() -> None:
    assert nano_cpus("500m") == 500_000_000
    assert nano_cpus(2) == 2_000_000_000


def test_bytes_are_rounded_up() -> None:
    assert memory_bytes("64Mi") == 67_108_864
    assert memory_bytes("1500m") == 2
    assert memory_bytes("0.1") == 1
