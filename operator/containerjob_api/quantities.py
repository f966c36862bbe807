"""Resource quantities as Kubernetes writes them: `500m` CPU, `256Mi` memory."""

import re
from decimal import Decimal
from typing import Final

QUANTITY_PATTERN: Final = r"^([1-9][0-9]*(\.[0-9]+)?|0?\.[0-9]*[1-9][0-9]*)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$"
"""Greater than zero (Docker takes 0 as no limit); the suffixes that make sense for a container; RE2 compatible."""

_SUFFIXES: Final[dict[str, Decimal]] = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    "k": Decimal(1000),
    "M": Decimal(1000**2),
    "G": Decimal(1000**3),
    "T": Decimal(1000**4),
    "Ki": Decimal(1024),
    "Mi": Decimal(1024**2),
    "Gi": Decimal(1024**3),
    "Ti": Decimal(1024**4),
}


def parse_quantity(text: str | int) -> Decimal:
    """Return the plain number that `text` stands for; raise ValueError where it is none."""
    match = re.fullmatch(QUANTITY_PATTERN, str(text))
    if match is None:
        raise ValueError(f"{text!r} is not a quantity such as 500m, 2 or 256Mi")
    return Decimal(match.group(1)) * _SUFFIXES[match.group(3) or ""]


def nano_cpus(text: str | int) -> int:
    """Return CPUs in the unit of Docker's HostConfig.NanoCpus (1e-9 CPU)."""
    return int(parse_quantity(text) * 10**9)


def memory_bytes(text: str | int) -> int:
    """Return memory in bytes, rounded up as Kubernetes does."""
    value = parse_quantity(text)
    return int(value) if value == int(value) else int(value) + 1
