"""Updates of a job's status: what falsifies the record, with message and field, and what an operator writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.crds.jobs import ATTEMPT, ATTEMPTED, FINISHED, TERMINAL, TIME, Json

LATER = "2026-01-02T03:05:00Z"
OTHER_HOST = {"kind": "DockerHost", "name": "builder-2"}
ENDED: Json = {**ATTEMPT, "exitCode": 3, "reason": "NonZeroExitCode", "failureClass": "Application"}
RUNNING: Json = {**ATTEMPTED, "phase": "Running"}
RETRYING: Json = {
    "phase": "Retrying",
    "attemptCount": 1,
    "failed": 1,
    "launchFailures": 0,
    "nextRetryTime": LATER,
    "attempts": [ENDED],
}


def attempt(number: int, **fields: Any) -> Json:
    """Return an attempt, by default one that is under way."""
    return {**ATTEMPT, "attempt": number, "name": f"cj-uid-{number}", **fields}


def ended(*numbers: int) -> list[Json]:
    """Return attempts that have failed."""
    return [attempt(number, reason="NonZeroExitCode", exitCode=1) for number in numbers]


def told(type_: str, status: str = "True") -> Json:
    """Return a condition."""
    return {"type": type_, "status": status, "reason": "Told", "lastTransitionTime": TIME}


@dataclass(frozen=True, slots=True)
class Refused:
    """A change that is refused after these statuses were stored, and what the writer reads."""

    name: str
    before: tuple[Json, ...]
    change: Json
    field: str
    message: str


FINISHED_MEANS = "finished is true in the phases Cancelled, Failed, Succeeded, TimedOut, and in no other"
FINISH_TIME = "a finished job has a finishTime, and no other job has one"
CONDITIONS = "the conditions Finished, Complete and Failed say what finished and phase say"
UNDER_WAY = "only the newest attempt of an unfinished job can be under way"
ATTEMPT_IS_FINAL = "the outcome of an attempt is final"
ONE_CONTAINER = "an attempt is one container on one host"
KEPT = "the newest ten attempts stay in the record"
SUCCEEDED = TERMINAL["Succeeded"]
WITH_CONDITIONS: Json = {**FINISHED, "conditions": [told("Finished"), told("Failed")]}

REFUSED = [
    *(
        Refused(f"{phase}-unfinished", (ATTEMPTED,), {"phase": phase}, "status.finished", FINISHED_MEANS)
        for phase in TERMINAL
    ),
    *(
        Refused(
            f"{phase}-finished",
            (ATTEMPTED,),
            {"phase": phase, "finished": True, "finishTime": TIME},
            "status.finished",
            FINISHED_MEANS,
        )
        for phase in ("Pending", "Queued", "Scheduled", "Running", "Retrying", "Suspended", "Cancelling", None)
    ),
    Refused("end-without-time", (RETRYING,), {**FINISHED, "finishTime": None}, "status.finishTime", FINISH_TIME),
    Refused("time-without-end", (RETRYING,), {"finishTime": TIME}, "status.finishTime", FINISH_TIME),
    Refused(
        "completed-while-running",
        (RUNNING,),
        {"completionTime": TIME},
        "status.completionTime",
        "only a job that succeeded has a completionTime",
    ),
    Refused(
        "completed-and-failed",
        (RUNNING,),
        {**FINISHED, "completionTime": TIME},
        "status.completionTime",
        "only a job that succeeded has a completionTime",
    ),
    *(
        Refused(
            f"success-with-exit-code-{code}",
            (RUNNING,),
            {**SUCCEEDED, "exitCode": code},
            "status.exitCode",
            "a job has succeeded only with exit code 0",
        )
        for code in (None, 1)
    ),
    Refused(
        "expiry-of-a-running-job",
        (RUNNING,),
        {"expireTime": TIME},
        "status.expireTime",
        "only a finished job expires: expireTime needs finished",
    ),
    Refused(
        "attempt-that-was-not-counted",
        (),
        {"phase": "Scheduled", "attempts": [ATTEMPT]},
        "status.attempts",
        "each number is less than attemptCount",
    ),
    Refused(
        "attempt-with-too-high-a-number",
        (RETRYING,),
        {"attemptCount": 2, "attempts": [ENDED, attempt(2)]},
        "status.attempts",
        "each number is less than attemptCount",
    ),
    *(
        Refused(f"{name}-back", ({**RETRYING, name: 2},), {name: value}, f"status.{name}", f"{name} may not go back")
        for name in ("attemptCount", "failed", "launchFailures")
        for value in (0, 1, None)
    ),
    Refused(
        "two-attempts-under-way",
        (ATTEMPTED,),
        {"attemptCount": 2, "attempts": [ATTEMPT, attempt(1)]},
        "status.attempts",
        UNDER_WAY,
    ),
    Refused(
        "end-with-an-attempt-under-way",
        (RUNNING,),
        {"phase": "Cancelled", "finished": True, "finishTime": TIME},
        "status.attempts",
        UNDER_WAY,
    ),
    Refused("forgotten-attempts", (RETRYING,), {"attempts": None}, "status.attempts", KEPT),
    Refused(
        "forgotten-first-attempt",
        (RETRYING,),
        {"attemptCount": 2, "attempts": [attempt(1)]},
        "status.attempts",
        KEPT,
    ),
    Refused(
        "tenth-attempt-that-pushes-out-the-first",
        ({"phase": "Retrying", "attemptCount": 9, "attempts": ended(*range(9))},),
        {"attemptCount": 10, "attempts": [*ended(*range(1, 9)), attempt(9)]},
        "status.attempts",
        KEPT,
    ),
    *(
        Refused(
            f"attempt-with-another-{field}",
            (ATTEMPTED,),
            {"attempts": [{**ATTEMPT, field: value}]},
            "status.attempts[0].host",
            ONE_CONTAINER,
        )
        for field, value in (("host", OTHER_HOST), ("name", "cj-uid-9"), ("scheduledTime", LATER))
    ),
    *(
        Refused(
            f"ended-attempt-with-{field}-{value}",
            (RETRYING,),
            {"attempts": [{**ENDED, field: value}]},
            "status.attempts[0].reason",
            ATTEMPT_IS_FINAL,
        )
        for field, value in (
            ("reason", "Completed"),
            ("exitCode", 0),
            ("exitCode", None),
            ("signal", 9),
            ("failureClass", "Infrastructure"),
            ("failureClass", None),
            ("startedAt", TIME),
            ("finishedAt", TIME),
        )
    ),
    Refused(
        "attempt-that-goes-on-after-its-end",
        (RETRYING,),
        {"attempts": [ATTEMPT]},
        "status.attempts[0].reason",
        ATTEMPT_IS_FINAL,
    ),
    *(
        Refused(
            f"condition-{type_}-while-running",
            (RUNNING,),
            {"conditions": [told(type_)]},
            "status.conditions",
            CONDITIONS,
        )
        for type_ in ("Finished", "Complete", "Failed")
    ),
    *(
        Refused(
            f"condition-{type_}-{status}-of-a-failed-job",
            (FINISHED,),
            {"conditions": [told(type_, status)]},
            "status.conditions",
            CONDITIONS,
        )
        for type_, status in (
            ("Finished", "False"),
            ("Finished", "Unknown"),
            ("Failed", "False"),
            ("Complete", "True"),
        )
    ),
    *(
        Refused(
            f"finished-job-that-forgets-{len(before)}-conditions",
            (WITH_CONDITIONS,),
            {"conditions": before or None},
            "status.conditions",
            "a finished job keeps its conditions Finished, Complete and Failed",
        )
        for before in ([], [told("Finished")])
    ),
]

TERMINAL_WRITE: Json = {
    **FINISHED,
    "expireTime": LATER,
    "failed": 1,
    "launchFailures": 0,
    "nextRetryTime": None,
    "host": ATTEMPT["host"],
    "duration": "2s",
    "attempts": [ENDED],
    "conditions": [told("Finished"), told("Failed"), told("Ready", "False")],
}

ACCEPTED: dict[str, list[Json]] = {
    "one-failed-attempt": [ATTEMPTED, RUNNING, TERMINAL_WRITE],
    "a-short-job-that-was-never-seen-running": [ATTEMPTED, TERMINAL_WRITE],
    "a-success": [ATTEMPTED, {**SUCCEEDED, "conditions": [told("Finished"), told("Complete"), told("Ready")]}],
    "an-end-without-any-attempt": [TERMINAL["Cancelled"]],
    "a-retry-on-another-host": [
        ATTEMPTED,
        {**RETRYING, "conditions": [told("HostAssigned", "False")]},
        {"phase": "Scheduled", "attemptCount": 2, "nextRetryTime": None, "attempts": [ENDED, attempt(1)]},
        {**TERMINAL_WRITE, "attemptCount": 2, "failed": 2, "attempts": [ENDED, *ended(1)]},
    ],
    "the-eleventh-attempt-pushes-out-the-first": [
        {"phase": "Retrying", "attemptCount": 10, "failed": 10, "attempts": ended(*range(10))},
        {"phase": "Scheduled", "attemptCount": 11, "attempts": [*ended(*range(1, 10)), attempt(10)]},
    ],
    "a-suspended-job-that-goes-on": [
        {**RUNNING, "startTime": TIME},
        {"phase": "Suspended", "startTime": None, "attempts": [{**ATTEMPT, "reason": "JobSuspended"}]},
        {"phase": "Pending", "startTime": LATER, "conditions": [told("Suspended", "False")]},
    ],
    "an-attempt-that-is-told-more-of-while-it-runs": [
        ATTEMPTED,
        {"attempts": [{**ATTEMPT, "containerID": "c", "startedAt": TIME, "launchTime": TIME}]},
        {"attempts": [{**ATTEMPT, "containerID": "c", "stop": {"reason": "Cancelled", "time": TIME}}]},
    ],
    "a-message-that-is-added-to-an-ended-attempt": [
        ATTEMPTED,
        RETRYING,
        {"attempts": [{**ENDED, "message": "later", "terminationMessage": "bye"}]},
    ],
    "afterwards-conditions-and-expiry": [
        TERMINAL_WRITE,
        {"expireTime": TIME, "observedGeneration": 3},
        {"conditions": [told("Failed"), told("Finished"), told("HostReachable", "Unknown")]},
        {"expireTime": None},
    ],
}
"""Courses of a job, change by change."""
