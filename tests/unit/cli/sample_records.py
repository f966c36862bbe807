"""Jobs and hosts as the API server sends them, one for every phase; all times are relative to one moment."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from kubectl_containerjob.explaining.waiting import Other, Surroundings
from kubectl_containerjob.records import Host, Job

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
Body = dict[str, Any]


def before(seconds: float) -> str:
    """Write a moment so many seconds before now; negative ones lie ahead."""
    return (NOW - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def condition(type_: str, status: str, reason: str, message: str = "", seconds: float = 60) -> Body:
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": before(seconds),
    }


def attempt(number: int = 0, *, host: str = "builder-1", **more: Any) -> Body:
    return {
        "index": 0,
        "attempt": number,
        "host": {"kind": "DockerHost", "name": host},
        "name": f"cj-uid-{number}",
        "scheduledTime": before(130),
        **more,
    }


def job(
    phase: str | None,
    reason: str = "",
    message: str = "",
    *,
    spec: Body | None = None,
    conditions: tuple[Body, ...] = (),
    **status: Any,
) -> Job:
    """Return a job; `status` adds to what phase and reason say."""
    ready = condition("Ready", "True" if phase == "Succeeded" else "False", reason, message) if reason else None
    written = {
        "observedGeneration": 1,
        "phase": phase,
        "conditions": [*([ready] if ready else []), *conditions],
        **status,
    }
    container = {"name": "main", "image": "busybox:1.37", "command": ["sh", "-c", "echo hello; exit 3"]}
    return Job(
        {
            "apiVersion": "containerjobs.io/v1alpha1",
            "kind": "ContainerJob",
            "metadata": {
                "name": "report",
                "namespace": "sales",
                "uid": "uid",
                "generation": 1,
                "creationTimestamp": before(300),
                "labels": {"app": "report"},
            },
            "spec": {"backoffLimit": 2, "template": {"spec": {"containers": [container]}}, **(spec or {})},
            "status": written if phase else {"observedGeneration": -1},
        }
    )


def host(name: str = "builder-1", *, ready: str = "True", reason: str = "EngineReady", **spec: Any) -> Host:
    message = "the engine answers" if ready == "True" else "connection refused"
    return Host(
        {
            "metadata": {"name": name, "creationTimestamp": before(90000)},
            "spec": {"endpoint": "unix:///s", "allowedNamespaces": {"from": "All"}, **spec},
            "status": {
                "conditions": [condition("Ready", ready, reason, message, 600)],
                "engine": {"version": "28.5.1"},
                "maxConcurrentJobs": spec.get("maxConcurrentJobs", 2),
                "runningJobs": 1,
            },
        }
    )


def other(name: str, phase: str, *, host: str = "", pinned: str = "", seconds: float = 400) -> Other:
    return Other("sales", name, NOW - timedelta(seconds=seconds), phase, host, pinned)


FAILED = {"launchTime": before(120), "startedAt": before(120), "finishedAt": before(115.8), "exitCode": 3}
FAILURE = {
    **FAILED,
    "reason": "NonZeroExitCode",
    "failureClass": "Application",
    "message": "the container exited with code 3",
}
TAIL = {"stdout": "hello\n", "stderr": "no such\tfile\n", "truncated": False}
RUNS = {"launchTime": before(65), "startedAt": before(65)}
ASSIGNED = condition("HostAssigned", "True", "Scheduled", "assigned to host builder-1", 130)
ENDED = (
    condition("Failed", "True", "BackoffLimitExceeded"),
    condition("Finished", "True", "BackoffLimitExceeded"),
    condition("Stalled", "True", "BackoffLimitExceeded"),
)


def _bound(phase: str, reason: str, message: str, newest: Body, **more: Any) -> Job:
    """Return a job that has been given a host."""
    tried = {"attempts": [newest], "attemptCount": 1, "startTime": before(130)}
    return job(phase, reason, message, host=newest["host"], **{"conditions": (ASSIGNED,), **tried, **more})


def _ended(phase: str, reason: str, message: str, newest: Body, **more: Any) -> Job:
    told = {"finished": True, "finishTime": before(110), "exitCode": newest.get("exitCode"), "duration": "4.2s"}
    return _bound(phase, reason, message, newest, **{**told, **more})


def _retrying() -> Job:
    return _bound(
        "Retrying",
        "NonZeroExitCode",
        "the container exited with code 3; the next attempt is made at 2026-01-31T12:00:08Z",
        attempt(**FAILURE, logTail=TAIL),
        failed=1,
        nextRetryTime=before(-8),
        exitCode=3,
    )


def _failed() -> Job:
    third = attempt(2, host="builder-2", **{**FAILURE, "exitCode": 137, "signal": 9, "reason": "OOMKilled"})
    third |= {"logTail": {**TAIL, "truncated": True}, "terminationMessage": "half done"}
    return _ended(
        "Failed",
        "BackoffLimitExceeded",
        "failed 3 times, at last: the container ran out of memory and was killed (exit code 137)",
        third,
        attempts=[attempt(0, **FAILURE), attempt(1, **FAILURE), third],
        attemptCount=3,
        failed=3,
        conditions=ENDED,
        spec={"ttlSecondsAfterFinished": 3600},
        expireTime=before(-3490),
    )


def _hostile() -> Job:
    text = "\x1b[2J\x1b]0;title\x07 rm\r\u202eevil \u65e5\u672c"
    found = _ended("Failed", "StartError", text, attempt(reason="StartError", message=text, terminationMessage=text))
    container = found.body["spec"]["template"]["spec"]["containers"][0]
    container |= {"command": ["sh", "-c", text], "env": [{"name": "A", "value": text}]}
    return found


CASES: dict[str, Callable[[], Job]] = {
    "new": lambda: job(None),
    "pending": lambda: job(
        "Pending", "NamespaceNotAllowed", "none of 3 hosts can take the job", startTime=before(290)
    ),
    "queued": lambda: job("Queued", "HostFull", "waiting for a free slot", startTime=before(290)),
    "not-before": lambda: job("Pending", "NotBefore", "waits", spec={"notBefore": before(-7200)}),
    "scheduled": lambda: _bound("Scheduled", "Scheduled", "assigned to host builder-1", attempt()),
    "running": lambda: _bound(
        "Running",
        "Running",
        "running on host builder-1",
        attempt(**RUNS),
        spec={"activeDeadlineSeconds": 600, "retryPolicy": {"preset": "Default", "avoidFailedHost": False}},
    ),
    "unreachable": lambda: _bound(
        "Running",
        "Running",
        "running on host builder-1",
        attempt(**RUNS),
        conditions=(ASSIGNED, condition("HostReachable", "False", "HostUnreachable", "host builder-1", 45)),
    ),
    "retrying": _retrying,
    "suspended": lambda: job(
        "Suspended",
        "JobSuspended",
        "suspended as spec.suspend asks",
        spec={"suspend": True},
        conditions=(condition("Suspended", "True", "JobSuspended"),),
    ),
    "cancelling": lambda: _bound(
        "Cancelling",
        "Cancelled",
        "stopping the container",
        attempt(**RUNS, stop={"reason": "Cancelled", "time": before(5)}),
        spec={"cancel": True},
    ),
    "succeeded": lambda: _ended(
        "Succeeded",
        "Completed",
        "the container exited with code 0",
        attempt(**{**FAILED, "exitCode": 0}, reason="Completed", logTail=TAIL),
    ),
    "failed": _failed,
    "cancelled": lambda: _ended("Cancelled", "Cancelled", "cancelled", attempt(**FAILED, reason="Cancelled")),
    "timed-out": lambda: _ended(
        "TimedOut",
        "DeadlineExceeded",
        "the job was active for longer than activeDeadlineSeconds",
        attempt(**FAILED, reason="DeadlineExceeded"),
        spec={"activeDeadlineSeconds": 20},
    ),
    "hostile": _hostile,
}
"""One job for every phase, and some that need more words."""

EVENTS: list[Body] = [
    {
        "type": "Warning",
        "reason": "NonZeroExitCode",
        "message": "the container exited with code 3; the next attempt is made at 2026-01-31T12:00:08Z",
        "count": 2,
        "lastTimestamp": before(100),
        "metadata": {},
    },
    {"type": "Normal", "reason": "Running", "message": "running", "eventTime": before(125), "metadata": {}},
]
AROUND = Surroundings(
    hosts=(
        host("builder-1", disconnect={"lostAfterSeconds": 300, "onHostLost": "Retry"}),
        host("builder-2", ready="False", reason="Unreachable"),
        host("builder-3", allowedNamespaces={"from": "None"}),
        host("builder-4", unschedulable=True),
    ),
    others=(
        other("one", "Running", host="builder-1"),
        other("two", "Scheduled", host="builder-1"),
        other("first", "Queued", seconds=350),
        other("report", "Queued", seconds=300),
        other("elsewhere", "Queued", pinned="builder-9", seconds=200),
    ),
)
