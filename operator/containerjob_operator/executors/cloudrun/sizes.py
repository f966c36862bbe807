"""What a task gets on Cloud Run for what a job asks: only some sizes exist. Pure, and without Google's library.

The rules are those of https://cloud.google.com/run/docs/configuring/cpu and .../memory-limits.
"""

from dataclasses import dataclass
from typing import Final

from containerjob_api.phases import Reason
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.errors import LaunchRejected
from containerjob_operator.executors.cloudrun.place import Place

_MIB: Final = 2**20
_GIB: Final = 2**30
_LEAST_MEMORY: Final = {1: 512 * _MIB, 2: 512 * _MIB, 4: 2 * _GIB, 8: 4 * _GIB}
"""For so many CPUs; there are no others to be had."""
_MOST_MEMORY: Final = {1: 4 * _GIB, 2: 8 * _GIB, 4: 16 * _GIB, 8: 32 * _GIB}
_NANO: Final = 10**9
_FIELD: Final = "spec.template.spec.containers[0].resources.limits"


@dataclass(frozen=True, slots=True)
class Size:
    """What a task really gets, and is paid for."""

    cpus: int
    memory_bytes: int

    @property
    def cpu(self) -> str:
        """As Cloud Run writes it."""
        return str(self.cpus)

    @property
    def memory(self) -> str:
        """As Cloud Run writes it."""
        return f"{self.memory_bytes // _MIB}Mi"


def effective(run: RunSpec, place: Place) -> Size:
    """Round up what the run asks for; LaunchRejected, with the field's name, where the place has no such size."""
    asked_cpus, asked_memory = run.nano_cpus or 0, run.memory_bytes or 0
    if asked_memory > place.max_memory_bytes:
        raise _refused("memory", f"{_in_mib(asked_memory)} is more than the {_in_mib(place.max_memory_bytes)}", place)
    offered = [cpus for cpus in _LEAST_MEMORY if cpus <= place.max_cpus]
    enough = [cpus for cpus in offered if cpus * _NANO >= asked_cpus]
    if not enough:
        raise _refused("cpu", f"{asked_cpus / _NANO:g} CPUs are more than the {max(offered, default=0)}", place)
    fitting = [cpus for cpus in enough if _MOST_MEMORY[cpus] >= asked_memory]
    if not fitting:
        raise _refused("memory", f"{_in_mib(asked_memory)} is more than what goes with {enough[-1]} CPUs", place)
    memory = max(_whole_mib(asked_memory), _LEAST_MEMORY[fitting[0]])
    if memory > place.max_memory_bytes:
        raise _refused("cpu", f"{fitting[0]} CPUs need {_in_mib(memory)} of memory, more than the host has", place)
    return Size(fitting[0], memory)


def _refused(which: str, why: str, place: Place) -> LaunchRejected:
    words = f"{_FIELD}.{which}: {why} that one task may have on {place.called}; ask for less, or choose another host"
    return LaunchRejected(Reason.INVALID_SPEC, words)


def _whole_mib(size: int) -> int:
    return -(-size // _MIB) * _MIB


def _in_mib(size: int) -> str:
    return f"{-(-size // _MIB)}Mi"
