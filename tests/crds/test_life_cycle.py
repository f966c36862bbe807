"""The API server's own guard of a job's life: what may change when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.crds.jobs import ATTEMPT, ATTEMPTED, FINISHED, OURS, SPEC, TIME, Json, new_job

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from tests.conftest import TestPlane

RECORD = "spec: Invalid value: a finished job is a record: delete it, or run it again under a new name"
OUTCOME = (
    "status: Invalid value: the outcome of a finished job is final: phase, finished, startTime, finishTime, "
    "completionTime, host, exitCode, duration, attempts, attemptCount, failed, launchFailures may not change"
)
NEW_TEMPLATE: Json = {"template": {"spec": {"containers": [{"name": "main", "image": "busybox:1.38"}]}}}
NEW_PLACEMENT: Json = {"placement": {"hostRef": {"name": "builder-2"}}}
REST_OF_THE_SPEC: list[Json] = [
    {"cancel": True},
    {"suspend": True},
    {"backoffLimit": 0},
    {"retryPolicy": {"preset": "Aggressive"}},
    {"podFailurePolicy": {"rules": [{"action": "Ignore", "onReasons": ["HostLost"]}]}},
    {"activeDeadlineSeconds": 60},
    {"attemptDeadlineSeconds": 60},
    {"startingDeadlineSeconds": 60},
    {"notBefore": TIME},
    {"ttlSecondsAfterFinished": 0},
    {"ttlSecondsAfterSuccess": 0},
    {"ttlSecondsAfterFailure": 0},
]
"""Everything but template, placement and what has only one value."""
SHOWN = 'Invalid value: "object": '
"""How older API servers, 1.34 among them, begin: they show the kind of a value that they do not print."""
CONDITION: Json = {"type": "Finished", "status": "True", "reason": "Completed", "lastTransitionTime": TIME}


def words(done: CompletedProcess[str]) -> str:
    """Return what a person reads, alike for every version."""
    return done.stderr.replace(SHOWN, "Invalid value: ")


@pytest.mark.parametrize("edit", [NEW_TEMPLATE, NEW_PLACEMENT, {"placement": None}], ids=str)
def test_template_and_placement_may_change_before_an_attempt_exists(schemas: TestPlane, edit: Json) -> None:
    job = new_job(schemas, {"phase": "Queued", "attemptCount": 0})

    assert job.edit(edit).returncode == 0
    assert job.read()["metadata"]["generation"] == 2


@pytest.mark.parametrize(
    ("field", "edit"),
    [("template", NEW_TEMPLATE), ("placement", NEW_PLACEMENT), ("placement", {"placement": None})],
    ids=str,
)
def test_template_and_placement_are_fixed_once_an_attempt_exists(schemas: TestPlane, field: str, edit: Json) -> None:
    done = new_job(schemas, ATTEMPTED).edit(edit)

    assert done.returncode != 0
    assert (
        f"spec.{field}: Invalid value: {field} may change only while no attempt exists: "
        "delete the job, or create another under a new name"
    ) in words(done)


@pytest.mark.parametrize("edit", REST_OF_THE_SPEC, ids=str)
def test_the_rest_of_the_spec_may_change_while_an_attempt_runs(schemas: TestPlane, edit: Json) -> None:
    assert new_job(schemas, ATTEMPTED).edit(edit).returncode == 0


@pytest.mark.parametrize(
    "edit",
    [*REST_OF_THE_SPEC, NEW_TEMPLATE, NEW_PLACEMENT, {"placement": None}],
    ids=str,
)
def test_a_finished_job_refuses_every_edit_of_its_spec_with_one_message(schemas: TestPlane, edit: Json) -> None:
    done = new_job(schemas, FINISHED).edit(edit)

    assert done.returncode != 0
    assert RECORD in words(done)
    assert "while no attempt exists" not in done.stderr


def test_a_finished_jobs_status_cannot_be_wiped(schemas: TestPlane) -> None:
    job = new_job(schemas, FINISHED)

    done = job.patch([{"op": "remove", "path": "/status"}], "--subresource=status", kind="json")

    assert done.returncode != 0
    assert OUTCOME in words(done)


def test_a_finished_jobs_conditions_expiry_and_labels_may_change(schemas: TestPlane) -> None:
    job = new_job(schemas, FINISHED)

    told = {"conditions": [CONDITION], "observedGeneration": 1, "expireTime": TIME}
    assert job.record(told).returncode == 0
    assert job.patch({"metadata": {"labels": {"kept": "true"}, "annotations": {"note": "seen"}}}).returncode == 0
    stored = job.read()
    assert stored["status"] == {**FINISHED, **told}
    assert stored["metadata"]["labels"] == {**OURS, "kept": "true"}


def test_an_edit_of_a_finished_job_may_repeat_its_spec_with_other_labels(schemas: TestPlane) -> None:
    job = new_job(schemas, FINISHED)

    done = job.patch({"metadata": {"labels": {"kept": "true"}}, "spec": SPEC})

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("status", "field"),
    [
        ({"phase": "Done"}, "status.phase"),
        ({"conditions": [{**CONDITION, "status": "Yes"}]}, "status.conditions[0].status"),
        ({"conditions": [{**CONDITION, "reason": ""}]}, "status.conditions[0].reason"),
        ({"conditions": [CONDITION, CONDITION]}, "status.conditions[1]"),
        ({"attempts": [{**ATTEMPT, "attempt": number} for number in range(11)]}, "status.attempts"),
        ({"attempts": [ATTEMPT] * 2}, "status.attempts[1]"),
        ({"attempts": [{"attempt": 0}]}, "status.attempts[0].index"),
        ({"finishTime": "yesterday"}, "status.finishTime"),
        ({"expireTime": "soon"}, "status.expireTime"),
        ({"nextRetryTime": "soon"}, "status.nextRetryTime"),
        ({"failed": -1}, "status.failed"),
        ({"launchFailures": -1}, "status.launchFailures"),
        ({"attempts": [{**ATTEMPT, "signal": 0}]}, "status.attempts[0].signal"),
        ({"attempts": [{**ATTEMPT, "failureClass": "Unknown"}]}, "status.attempts[0].failureClass"),
        ({"attempts": [{**ATTEMPT, "reason": "BadLuck"}]}, "status.attempts[0].reason"),
        ({"attempts": [{**ATTEMPT, "terminationMessage": "m" * 4097}]}, "status.attempts[0].terminationMessage"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_status_that_breaks_the_contract_is_refused(schemas: TestPlane, status: Json, field: str) -> None:
    done = new_job(schemas).record(status)

    assert done.returncode != 0
    assert field in done.stderr


def test_applying_the_same_manifest_again_changes_nothing(schemas: TestPlane) -> None:
    job = new_job(schemas, FINISHED)

    assert job.edit(SPEC).returncode == 0
    assert job.read()["metadata"]["generation"] == 1
