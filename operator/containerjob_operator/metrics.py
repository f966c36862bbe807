"""What the operator measures of itself: every metric, in one table and one registry of their own.

Labels have few values: phases, reasons and kinds of errors are closed lists, hosts are an administrator's objects.
No label names a job. A count costs about a microsecond, for its child is looked up in a plain cache.
"""

import importlib.metadata
import platform
from dataclasses import dataclass
from functools import cache
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

PREFIX: Final = "containerjob_"
QUICK: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
SLOW: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400)

REGISTRY: Final = CollectorRegistry()


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, as the documentation tells it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


_table: list[Metric] = []


def _described(kind: str, name: str, text: str, labels: tuple[str, ...]) -> str:
    _table.append(Metric(PREFIX + name, kind, labels, text))
    return PREFIX + name


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    return Gauge(_described("gauge", name, text, labels), text, labels, registry=REGISTRY)


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(_described("counter", name, text, labels), text, labels, registry=REGISTRY)


def _histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
    return Histogram(_described("histogram", name, text, ()), text, registry=REGISTRY, buckets=buckets)


disable_created_metrics()  # type: ignore[no-untyped-call]  # else each counter also tells when it was made

JOBS = _gauge("jobs", "Unfinished jobs, by phase.", "phase")
JOBS_WAITING = _gauge("jobs_waiting", "Jobs that wait for a host or a slot, by reason.", "reason")
JOBS_FINISHED = _counter(
    "jobs_finished_total", "Jobs whose outcome this process has stored, by phase and reason.", "phase", "reason"
)
JOB_WAIT = _histogram(
    "job_wait_seconds", "From a job's creation, or its spec.notBefore, until its first host was written down.", SLOW
)
JOB_LAUNCH = _histogram(
    "job_launch_seconds", "From the choice of a host until the container ran; pulls are part of it.", SLOW
)
JOB_EXIT = _histogram(
    "job_exit_seconds", "From a container's end, by the host's clock, until its outcome was stored.", QUICK
)
HOST_UP = _gauge("host_up", "1 where the host's engine answers and may be used, else 0.", "host")
HOST_SLOTS = _gauge("host_slots", "How many jobs the host may run at a time.", "host")
HOST_SLOTS_USED = _gauge("host_slots_used", "How many slots of the host unfinished jobs hold.", "host")
API_ERRORS = _counter(
    "api_errors_total", "Requests to the API server that failed: unavailable, refused, conflict or gone.", "kind"
)
ENGINE_ERRORS = _counter(
    "engine_errors_total", "Calls of engines that failed: unavailable, rejected or delayed.", "call", "kind"
)
RECONCILE_DURATION = _histogram("reconcile_duration_seconds", "How long a pass over one job took.", QUICK)
RECONCILE_ERRORS = _counter(
    "reconcile_errors_total",
    "Passes that failed and are made again: conflict, unavailable or other.",
    "kind",
)
WORKQUEUE_DEPTH = _gauge("workqueue_depth", "Jobs that are due and have no pass under way.")
WORKQUEUE_LATENCY = _histogram("workqueue_latency_seconds", "How long jobs that were due waited for a pass.", QUICK)
LEADER = _gauge("leader", "1 while this replica holds the Lease, else 0.")
EVENTS_DROPPED = _counter("events_dropped_total", "Kubernetes Events that could not be written.")
LOG_FOLLOWERS = _gauge("log_followers", "Containers whose output is read through this replica.")
BUILD_INFO = _gauge("build_info", "Always 1; its labels tell what runs.", "version", "python_version")

BUILD_INFO.labels(importlib.metadata.version("containerjob"), platform.python_version()).set(1)
for _kind in ("unavailable", "refused", "conflict", "gone"):
    API_ERRORS.labels(_kind)  # there from the start, so that a rate sees the first one
ProcessCollector(registry=REGISTRY)
_table += [
    Metric("process_cpu_seconds_total", "counter", (), "CPU time this process has used."),
    Metric("process_resident_memory_bytes", "gauge", (), "Memory of this process."),
    Metric("process_virtual_memory_bytes", "gauge", (), "Address space of this process."),
    Metric("process_start_time_seconds", "gauge", (), "When this process started, in seconds since 1970."),
    Metric("process_open_fds", "gauge", (), "Files and connections that are open."),
    Metric("process_max_fds", "gauge", (), "Files and connections that may be open."),
]

METRICS: Final = tuple(_table)
"""Every metric: the documentation is made from it, dashboards and alerts are checked against it."""


@cache
def child(counter: Counter, *labels: str) -> Counter:
    """Return the counter with these labels; prometheus-client's own look-up takes a lock each time."""
    return counter.labels(*labels)
