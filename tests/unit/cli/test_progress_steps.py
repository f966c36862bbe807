"""What is told of a job while it is followed, from its status alone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from kubectl_containerjob.following.endings import exit_code, summary
from kubectl_containerjob.following.steps import Kind, Story, finished
from kubectl_containerjob.records import Job

NOW = datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC)


def attempt(number: int = 0, **fields: Any) -> dict[str, Any]:
    return {"attempt": number, "host": {"kind": "DockerHost", "name": "fake"}, "name": f"cj-{number}", **fields}


def job(phase: str, *attempts: dict[str, Any], reason: str = "", message: str = "", **status: Any) -> Job:
    conditions = [{"type": "Ready", "status": "False", "reason": reason, "message": message}] if reason else []
    return Job(
        {
            "metadata": {"name": "hello", "namespace": "team", "uid": "u", "resourceVersion": "1", "generation": 1},
            "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "busybox:1.37"}]}}},
            "status": {
                "observedGeneration": 1,
                "phase": phase,
                "attempts": list(attempts),
                "attemptCount": len(attempts),
                "host": {"name": "fake"} if attempts else None,
                **status,
                "conditions": [*conditions, *status.get("conditions", ())],
            },
        }
    )


RAN = {"startedAt": "2026-01-01T00:00:01.000000Z", "finishedAt": "2026-01-01T00:00:03.500000Z"}


def texts(story: Story, told: Job) -> list[str]:
    return [step.text for step in story.next(told, NOW)]


def test_each_step_is_told_once_however_often_the_status_says_it() -> None:
    story = Story()
    scheduled = job("Scheduled", attempt(), reason="Scheduled", message="assigned to host fake")
    running = job("Running", attempt(startedAt=RAN["startedAt"]))
    assert texts(story, scheduled) == ["scheduled on fake"]
    assert texts(story, scheduled) == []
    assert texts(story, running) == ["started on fake"]
    assert texts(story, running) == []


def test_a_job_that_was_over_before_anyone_looked_tells_its_steps_all_the_same() -> None:
    kinds = [step.kind for step in Story().next(job("Succeeded", attempt(**RAN, exitCode=0)), NOW)]
    assert kinds == [Kind.SCHEDULED, Kind.STARTED]


def test_output_that_is_faster_than_the_status_tells_the_same_steps_once() -> None:
    story = Story()
    assert [step.text for step in story.output(0, "fake")] == ["scheduled on fake", "started on fake"]
    assert texts(story, job("Running", attempt(startedAt=RAN["startedAt"]))) == []


def test_a_retry_tells_when_and_why_and_the_next_attempt_its_own_steps() -> None:
    story = Story()
    ended = attempt(**RAN, exitCode=3, reason="NonZeroExitCode", message="the container exited with code 3")
    retrying = job("Retrying", ended, reason="NonZeroExitCode", nextRetryTime="2026-01-01T00:00:15.000000Z")
    assert texts(story, retrying)[2:] == ["retrying in 5 s: the container exited with code 3"]
    assert texts(story, retrying) == []
    assert texts(story, job("Scheduled", ended, attempt(1))) == ["scheduled on fake"]
    lost = job("Retrying", attempt(**RAN), reason="HostLost", message="lost")
    assert texts(Story(), lost)[2:] == ["retrying: lost"]


def test_waiting_is_told_once_for_each_reason_and_with_its_message_made_harmless() -> None:
    story = Story()
    assert texts(story, job("Queued", reason="HostFull", message="full\x1b[2J")) == ["waiting: full\\x1b[2J"]
    assert texts(story, job("Queued", reason="HostFull", message="still full")) == []
    assert texts(story, job("Pending", reason="NoHost", message="none")) == ["waiting: none"]
    assert texts(story, job("Suspended", reason="JobSuspended")) == ["suspended: nothing runs until it is resumed"]
    assert texts(story, job("Suspended", reason="JobSuspended")) == []
    assert texts(story, job("Cancelling", reason="Cancelled")) == ["cancelling: the container is being stopped"]


def test_a_status_that_speaks_of_what_was_wanted_before_tells_no_reason_to_wait() -> None:
    old = job("Suspended", reason="JobSuspended", observedGeneration=0)
    assert texts(Story(), old) == []
    assert texts(Story(), job("Pending", reason="JobResumed", message="resumed")) == []


def test_a_host_that_does_not_answer_is_told_and_its_return_too() -> None:
    story = Story()
    away = {"type": "HostReachable", "status": "False", "message": "host fake does not answer: timeout"}
    there = {**away, "status": "True", "message": "host fake answers"}
    running = attempt(startedAt=RAN["startedAt"])
    assert texts(story, job("Running", running, conditions=[away]))[2:] == ["host fake does not answer: timeout"]
    assert texts(story, job("Running", running, conditions=[away])) == []
    assert texts(story, job("Running", running, conditions=[there])) == ["host fake answers"]


def test_a_container_that_is_long_in_the_making_is_told_once_for_each_attempt() -> None:
    story = Story()
    scheduled = job("Scheduled", attempt())
    assert [step.text for step in story.preparing(scheduled)] == ["pulling busybox:1.37, or starting"]
    assert story.preparing(scheduled) == []
    assert story.preparing(job("Running", attempt())) == []


FAILED = {"failureClass": "Application", "reason": "NonZeroExitCode"}


@pytest.mark.parametrize(
    ("told", "code", "says"),
    [
        (job("Succeeded", attempt(**RAN, exitCode=0)), 0, "Succeeded after 2.5s on fake, exit code 0"),
        (
            job("Failed", attempt(**RAN, exitCode=42, **FAILED), reason="NonZeroExitCode", message="x"),
            42,
            "Failed after 2.5s on fake, exit code 42",
        ),
        (
            job("Failed", attempt(), attempt(1, **RAN, exitCode=137, **FAILED), reason="OOMKilled", message="memory"),
            137,
            "Failed after 2.5s on fake, exit code 137, 2 attempts: memory",
        ),
        (
            job("TimedOut", attempt(**RAN, exitCode=143), reason="DeadlineExceeded", message="too long"),
            124,
            "TimedOut after 2.5s on fake, exit code 143: too long",
        ),
        (
            job("Failed", attempt(exitCode=137, failureClass="Application", reason="AttemptDeadlineExceeded")),
            124,
            "Failed, exit code 137",
        ),
        (
            job("Cancelled", reason="Cancelled", message="cancelled as spec.cancel asks"),
            125,
            "Cancelled: cancelled as",
        ),
        (job("Cancelled", attempt(**RAN, exitCode=0)), 125, "Cancelled after 2.5s on fake, exit code 0"),
        (
            job("Failed", attempt(exitCode=127, failureClass="Launch", reason="StartError")),
            127,
            "Failed, exit code 127",
        ),
        (
            job("Failed", attempt(exitCode=128, failureClass="Launch", reason="StartError")),
            125,
            "Failed, exit code 128",
        ),
        (
            job("Failed", attempt(failureClass="Infrastructure"), reason="HostLost", message="lost"),
            125,
            "Failed: lost",
        ),
    ],
)
def test_every_end_has_its_exit_code_and_its_line(told: Job, code: int, says: str) -> None:
    assert exit_code(told) == code
    assert summary(told).startswith(says)


def test_the_end_carries_its_facts_for_machines() -> None:
    step = finished(job("Failed", attempt(**RAN, exitCode=3), reason="NonZeroExitCode"))
    assert step.facts == {
        "phase": "Failed",
        "reason": "NonZeroExitCode",
        "exitCode": 3,
        "durationSeconds": 2.5,
        "attempts": 1,
    }
