"""A job over several attempts, on a real engine."""

from typing import Any

from tests.e2e.conftest import Jobs, wait_for

AT_ONCE = {"initialDelaySeconds": 0}
POLITE = "trap 'echo bye; exit 0' TERM; echo hello; while :; do sleep 0.1; done"


def reason(status: dict[str, Any]) -> str:
    """Return why the job is where it is."""
    return next(str(c["reason"]) for c in status["conditions"] if c["type"] == "Ready")


def test_a_failing_job_is_tried_again_as_often_as_it_says_and_each_attempt_is_a_container_of_its_own(
    jobs: Jobs,
) -> None:
    name = jobs.apply("echo started; exit 3", backoffLimit=2, retryPolicy=AT_ONCE)
    status = jobs.finished(name)
    assert (status["phase"], reason(status), status["exitCode"]) == ("Failed", "BackoffLimitExceeded", 3)
    assert (status["attemptCount"], status["failed"], status.get("launchFailures", 0)) == (3, 3, 0)
    names = sorted(container.name for container in jobs.containers(name))
    assert names == [attempt["name"] for attempt in status["attempts"]]
    assert {c.logs().decode() for c in jobs.containers(name)} == {"started\n"}


def test_a_rule_for_an_exit_code_ends_the_job_at_once(jobs: Jobs) -> None:
    rule = {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}
    status = jobs.finished(jobs.apply("exit 42", backoffLimit=5, podFailurePolicy={"rules": [rule]}))
    assert (status["phase"], reason(status), status["attemptCount"]) == ("Failed", "PodFailurePolicy", 1)


def test_a_cancel_between_two_attempts_ends_the_job(jobs: Jobs) -> None:
    name = jobs.apply("exit 3", backoffLimit=5)
    jobs.reaches(name, "Retrying")
    jobs.patch(name, {"spec": {"cancel": True}})
    status = jobs.finished(name)
    assert (status["phase"], status["attemptCount"], status["failed"]) == ("Cancelled", 1, 1)


def test_a_suspended_job_has_no_container_and_a_resumed_one_a_new_one(jobs: Jobs) -> None:
    name = jobs.apply(POLITE)
    jobs.reaches(name, "Running")
    jobs.patch(name, {"spec": {"suspend": True}})
    jobs.reaches(name, "Suspended")
    status = jobs.status(name)
    assert "startTime" not in status
    assert [c.status for c in jobs.containers(name)] == ["exited"]
    assert status["attempts"][0]["reason"] == "JobSuspended"
    jobs.patch(name, {"spec": {"suspend": False}})
    jobs.reaches(name, "Running")
    assert jobs.status(name)["attemptCount"] == 2
    jobs.patch(name, {"spec": {"cancel": True}})
    assert jobs.finished(name)["phase"] == "Cancelled"


def test_an_attempt_that_takes_too_long_is_stopped_and_counts_as_failed(jobs: Jobs) -> None:
    name = jobs.apply(POLITE, attemptDeadlineSeconds=1, backoffLimit=1, retryPolicy=AT_ONCE)
    status = jobs.finished(name)
    assert (status["phase"], status["failed"]) == ("Failed", 2)
    assert {attempt["reason"] for attempt in status["attempts"]} == {"AttemptDeadlineExceeded"}


def test_a_job_whose_container_cannot_start_in_time_fails(jobs: Jobs) -> None:
    placement = {"hostRef": {"name": "nowhere"}}
    status = jobs.finished(jobs.apply("true", startingDeadlineSeconds=1, placement=placement))
    assert (status["phase"], reason(status)) == ("Failed", "StartingDeadlineExceeded")
    assert "attempts" not in status or status["attempts"] == []


def test_a_container_leaves_a_message_in_its_file(jobs: Jobs) -> None:
    manifest = jobs.manifest("echo 'disk 3 is broken' > /tmp/message; exit 4")
    container = manifest["spec"]["template"]["spec"]["containers"][0]
    container["terminationMessagePath"] = "/tmp/message"
    jobs.create(manifest)
    attempt = jobs.finished(manifest["metadata"]["name"])["attempts"][0]
    assert (attempt["terminationMessage"], attempt["failureClass"]) == ("disk 3 is broken\n", "Application")


def test_a_finished_job_with_a_ttl_is_deleted_and_leaves_no_container(jobs: Jobs) -> None:
    name = jobs.apply("sleep 1", ttlSecondsAfterFinished=2)
    jobs.reaches(name, "Running")
    uid = jobs.get(name)["metadata"]["uid"]
    wait_for(
        "it is deleted", lambda: jobs.plane.kubectl("-n", jobs.namespace, "get", "cjob", name, check=False).returncode
    )
    wait_for("its container is gone", lambda: not jobs.containers_of(uid))
