"""What one container may ask for: processors, memory, environment."""

import re
from collections.abc import Sequence
from fractions import Fraction

from google.cloud.run_v2.types import Container, EnvVar

from .refusals import invalid

CPUS = (1, 2, 4, 8)
"""ResourceRequirements.limits: the only supported values for CPU are '1', '2', '4', and '8'."""
LEAST_MEMORY = {1: "512Mi", 2: "512Mi", 4: "2Gi", 8: "4Gi"}
"""https://cloud.google.com/run/docs/configuring/cpu (4 CPU need 2Gi, 8 need 4Gi); jobs run in the second generation
environment, which needs 512Mi: https://cloud.google.com/run/docs/configuring/memory-limits."""
MOST_MEMORY = {1: "4Gi", 2: "8Gi", 4: "16Gi", 8: "32Gi"}
"""https://cloud.google.com/run/docs/configuring/memory-limits: over 4Gi needs 2 CPU, over 8Gi 4, over 16Gi 8."""
UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(k|M|G|Ki|Mi|Gi)?")
GPU = "nvidia.com/gpu"
LONGEST_ENV = 32768
"""EnvVar.name: characters; EnvVar.value: bytes."""
RESERVED_ENV = {
    "CLOUD_RUN_JOB",
    "CLOUD_RUN_EXECUTION",
    "CLOUD_RUN_TASK_INDEX",
    "CLOUD_RUN_TASK_ATTEMPT",
    "CLOUD_RUN_TASK_COUNT",
}
"""https://cloud.google.com/run/docs/configuring/jobs/environment-variables: set by the system, hence refused."""
DEFAULT_CPU = "1000m"
DEFAULT_MEMORY = "512Mi"


def memory_bytes(quantity: str) -> int:
    """Read an amount of memory: a fixed-point number of bytes, k, M, G, Ki, Mi or Gi."""
    match = QUANTITY.fullmatch(quantity)
    if match is None:
        raise ValueError(quantity)
    return int(Fraction(match[1]) * UNITS[match[2] or ""])


def cpus(quantity: str) -> int:
    """Read a number of processors, whole or in thousandths; other than the supported numbers there is none."""
    match = re.fullmatch(r"(\d+)(m?)", quantity)
    if match is None:
        raise ValueError(quantity)
    number = Fraction(int(match[1]), 1000 if match[2] else 1)
    if number not in CPUS:
        raise ValueError(quantity)
    return int(number)


def fill_resources(container: Container) -> None:
    """Put in the limits a container gets that asks for none."""
    container.resources.limits.setdefault("cpu", DEFAULT_CPU)
    container.resources.limits.setdefault("memory", DEFAULT_MEMORY)


def check_resources(container: Container, where: str) -> None:
    """Refuse limits Cloud Run does not offer."""
    field = f"{where}.resources.limits"
    limits = container.resources.limits
    for key in limits:
        if key not in {"cpu", "memory", GPU}:
            raise invalid(f"{field}.{key}", "Only memory, cpu and nvidia.com/gpu are supported.")
    if limits.get(GPU, "1") != "1":
        raise invalid(f"{field}.{GPU}", "The only supported value is '1'.")
    try:
        number = cpus(limits["cpu"])
    except ValueError:
        raise invalid(
            f"{field}.cpu", f"Invalid value specified for cpu: '{limits['cpu']}'. Must be equal to one of 1, 2, 4, 8."
        ) from None
    try:
        amount = memory_bytes(limits["memory"])
    except ValueError:
        raise invalid(f"{field}.memory", f"Invalid value specified for memory: '{limits['memory']}'.") from None
    if amount < memory_bytes(LEAST_MEMORY[number]):
        raise invalid(f"{field}.memory", f"Must be at least {LEAST_MEMORY[number]} with {number} CPU.")
    if amount > memory_bytes(MOST_MEMORY[number]):
        raise invalid(f"{field}.memory", f"Must be at most {MOST_MEMORY[number]} with {number} CPU.")


def check_env(variables: Sequence[EnvVar], where: str) -> None:
    """Refuse names and values that are too long, reserved or given twice."""
    seen = set[str]()
    for index, variable in enumerate(variables):
        field = f"{where}.env[{index}]"
        if not variable.name or "=" in variable.name or len(variable.name) > LONGEST_ENV:
            raise invalid(f"{field}.name", "Must be set, without '=', of at most 32768 characters.")
        if variable.name in seen:
            raise invalid(f"{field}.name", f"Duplicate environment variable: '{variable.name}'.")
        if variable.name in RESERVED_ENV:
            raise invalid(
                f"{field}.name",
                f"The following reserved env names were provided: {variable.name}. "
                "These values are automatically set by the system.",
            )
        if len(variable.value.encode()) > LONGEST_ENV:
            raise invalid(f"{field}.value", "Must not be longer than 32768 bytes.")
        seen.add(variable.name)
