"""One job as it changes, by one watch that is opened again whenever it ends; never by asking again and again."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from kubectl_containerjob.kubectl import Body, Kubectl, Stream, path_of
from kubectl_containerjob.logs.streams import lasting
from kubectl_containerjob.problems import Refused

FIRST_PAUSE: Final = 0.5
LAST_PAUSE: Final = 10.0
WATCH_SECONDS: Final = 1800
"""After which the API server ends a watch, and a new one goes on; so a connection that died unseen is left behind."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The job as it is now."""

    job: Body


@dataclass(frozen=True, slots=True)
class Gone:
    """The job was deleted; this is the last that was seen of it."""

    job: Body


@dataclass(frozen=True, slots=True)
class Broken:
    """The cluster says no, or nothing; unless it is final, it is tried again."""

    problem: Refused
    final: bool


Change = Changed | Gone | Broken
Deliver = Callable[[Any], bool]
"""Takes what happened; False when nobody wants to know more."""


class Watch:
    """Tells every change of one job, and of no later one of its name."""

    def __init__(self, kubectl: Kubectl, job: Body, deliver: Deliver) -> None:
        self._kubectl = kubectl
        self._last = job
        self._deliver = deliver
        self._over = threading.Event()
        self._stream: Stream | None = None
        self._pause = FIRST_PAUSE

    def stop(self) -> None:
        """End the watch, and the kubectl behind it."""
        self._over.set()
        if self._stream is not None:
            self._stream.child.terminate()

    def run(self) -> None:
        """Watch until the job is gone, or nobody wants to know more."""
        version: str | None = self._version(self._last)
        while not self._over.is_set():
            try:
                version = self._read_again() if version is None else self._watch(version)
            except Refused as problem:
                final = lasting(problem)
                if not self._tell(Broken(problem, final)) or final:
                    return
                version = None
                self._over.wait(self._pause)
                self._pause = min(self._pause * 2, LAST_PAUSE)

    def _watch(self, version: str) -> str | None:
        """Watch from a version; returns where to go on, or None if the job must be read again."""
        metadata = self._last["metadata"]
        query = {
            "watch": True,
            "fieldSelector": f"metadata.name={metadata['name']}",
            "resourceVersion": version,
            "allowWatchBookmarks": True,
            "timeoutSeconds": WATCH_SECONDS,
        }
        with self._kubectl.stream(path_of("containerjobs", metadata["namespace"]), query) as stream:
            self._stream = stream
            if self._over.is_set():
                return None
            for event in stream.events():
                if event["type"] == "ERROR":  # most often: too old a version
                    self._rest()
                    return None
                version = self._version(event["object"])
                if event["type"] != "BOOKMARK" and not self._take(event["type"], event["object"]):
                    self._over.set()
                    return None
                self._pause = FIRST_PAUSE
            if not self._over.is_set():
                stream.check()
        return version

    def _rest(self) -> None:
        self._over.wait(self._pause)
        self._pause = min(self._pause * 2, LAST_PAUSE)

    def _take(self, kind: str, job: Body) -> bool:
        """Tell of an event; False where nothing more can follow."""
        gone = kind == "DELETED" or not self._same(job)
        self._last = job if self._same(job) else self._last
        told = self._tell(Gone(self._last) if gone else Changed(job))
        return told and not gone

    def _read_again(self) -> str | None:
        """Read the job; who missed its deletion finds none, or another one."""
        metadata = self._last["metadata"]
        query = {"fieldSelector": f"metadata.name={metadata['name']}"}
        found = self._kubectl.raw(path_of("containerjobs", metadata["namespace"]), query)
        job = next(iter(found["items"]), None)
        if job is None or not self._same(job):
            self._tell(Gone(self._last))
            self._over.set()
            return None
        if self._version(job) != self._version(self._last):
            self._take("MODIFIED", job)
        return str(found["metadata"]["resourceVersion"])

    def _same(self, job: Body) -> bool:
        return bool(job["metadata"]["uid"] == self._last["metadata"]["uid"])

    def _tell(self, change: Change) -> bool:
        return not self._over.is_set() and self._deliver(change)

    @staticmethod
    def _version(job: Body) -> str:
        return str(job["metadata"]["resourceVersion"])
