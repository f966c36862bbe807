"""Wait until jobs are as they should be: one list and one watch for them all, however many they are."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from kubectl_containerjob.kubectl import Body, Kubectl, path_of
from kubectl_containerjob.logs.streams import lasting
from kubectl_containerjob.problems import Refused
from kubectl_containerjob.records import Job
from kubectl_containerjob.selection import uid_of

WATCH_SECONDS: Final = 300
"""A watch is begun anew after this long: no proxy on the way holds it for ever."""
PAUSE: Final = 0.5
"""Seconds between a watch that broke and the next list."""

Verdict = Callable[[Job], bool]


def settle(kubectl: Kubectl, jobs: Iterable[Body], settled: Verdict, seconds: float) -> Iterator[tuple[Body, bool]]:
    """Yield each job as soon as it is settled, or is gone (with its last known state and False).

    It ends when all are settled or the time is up; who was not yielded is still under way.
    """
    waited = {uid_of(job): job for job in jobs}
    end = time.monotonic() + seconds
    while waited:
        path, query = _where(waited.values())
        listed = kubectl.raw(path, query)
        there = {uid_of(job): job for job in listed["items"]}
        for uid, job in list(waited.items()):
            if uid not in there:
                yield waited.pop(uid), False
            elif settled(Job(there[uid])):
                yield there[uid], waited.pop(uid) is not None
            else:
                waited[uid] = job
        left = end - time.monotonic()
        if not waited or left <= 0:
            return
        watch = {**query, "watch": True, "resourceVersion": listed["metadata"]["resourceVersion"]}
        try:
            yield from _watched(kubectl, path, {**watch, "timeoutSeconds": _whole(left)}, waited, settled)
        except Refused as refused:
            if lasting(refused):
                raise
            time.sleep(PAUSE)  # a watch that broke is no end: the next list says whether the cluster still answers


def _watched(
    kubectl: Kubectl, path: str, query: dict[str, object], waited: dict[str, Body], settled: Verdict
) -> Iterator[tuple[Body, bool]]:
    with kubectl.stream(path, query) as stream:
        for event in stream.events():
            job = event["object"]
            if event["type"] == "ERROR":  # too old a version, for one: the next list tells
                return
            gone = event["type"] == "DELETED"
            if uid_of(job) in waited and (gone or settled(Job(job))):
                del waited[uid_of(job)]
                yield job, not gone
            if not waited:
                return
        stream.check()


def _where(jobs: Iterable[Body]) -> tuple[str, dict[str, object]]:
    """Return the narrowest list that holds them all."""
    places = {(job["metadata"]["namespace"], job["metadata"]["name"]) for job in jobs}
    namespaces = {namespace for namespace, _ in places}
    one = next(iter(places))[1] if len(places) == 1 else None
    query: dict[str, object] = {"fieldSelector": f"metadata.name={one}"} if one else {}
    return path_of("containerjobs", namespaces.pop() if len(namespaces) == 1 else None), query


def _whole(seconds: float) -> int:
    return max(1, min(WATCH_SECONDS, round(seconds)))
