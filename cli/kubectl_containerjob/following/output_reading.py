"""The output of one job while it is followed, read beside its watch until there is no more of it."""

import sys
import threading
from dataclasses import dataclass
from typing import Final

from kubectl_containerjob.following.watching import Deliver
from kubectl_containerjob.kubectl import Body, Kubectl
from kubectl_containerjob.logs.events import LogRequest, Quiet
from kubectl_containerjob.logs.streams import lasting, read
from kubectl_containerjob.problems import Refused

TICK: Final = 0.2
PAUSE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The log API is not there, or says no; unless it is final, it is asked again."""

    problem: Refused
    final: bool


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Whoever read our stdout has gone away."""


class OutputReading:
    """Delivers the events of log_events.py, an Unreadable for each refusal, and Unwanted when nobody listens."""

    def __init__(self, kubectl: Kubectl, job: Body, deliver: Deliver) -> None:
        metadata = job["metadata"]
        self._kubectl = kubectl
        self._request = LogRequest(metadata["namespace"], metadata["name"], follow=True)
        self._deliver = deliver
        self._over = threading.Event()

    def stop(self) -> None:
        """End it at the next tick."""
        self._over.set()

    def run(self) -> None:
        """Read to the end, however often it must be begun."""
        while not self._over.is_set():
            try:
                self._read()
            except Refused as problem:
                final = lasting(problem)
                if not self._deliver(Unreadable(problem, final)) or final:
                    return
                self._over.wait(PAUSE)
            except BrokenPipeError:
                self._deliver(Unwanted())
                return
            else:
                return

    def _read(self) -> None:
        for event in read(self._kubectl, self._request, watched=sys.stdout, tick=TICK):
            if self._over.is_set() or not (isinstance(event, Quiet) or self._deliver(event)):
                return
