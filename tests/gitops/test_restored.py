"""A backup that is restored without statuses does not run again what has run."""

import json
from typing import Any

import pytest
from tests.e2e.conftest import Jobs
from tests.gitops.test_running_again import Runs

from containerjob_api.names import LABEL_RESTORED

Body = dict[str, Any]


@pytest.fixture
def runs(jobs: Jobs) -> Runs:
    return Runs(jobs)


def restore(jobs: Jobs, name: str, **labels: str) -> None:
    """Delete a job, and create it from what a backup keeps of it: neither uid nor status."""
    body: Body = jobs.get(name)
    kept = {key: value for key, value in body["metadata"].items() if key in {"name", "namespace", "annotations"}}
    jobs.plane.kubectl("delete", "cjob", name, "-n", jobs.namespace)
    body = {key: value for key, value in body.items() if key != "status"} | {"metadata": kept | {"labels": labels}}
    jobs.plane.kubectl("create", "-f", "-", input=json.dumps(body))


@pytest.mark.parametrize("label", [LABEL_RESTORED, "velero.io/restore-name"])
def test_a_finished_job_that_comes_back_without_its_record_waits_for_a_person(
    label: str, jobs: Jobs, runs: Runs
) -> None:
    name = jobs.apply("exit 0")
    jobs.finished(name)
    restore(jobs, name, **{label: "backup-1"})
    jobs.reaches(name, "Suspended")
    assert jobs.reason(name) == "JobRestored"
    jobs.finished(jobs.apply("exit 0"))  # the operator has gone on to others meanwhile
    assert (jobs.phase(name), runs.count()) == ("Suspended", 2)
    jobs.plane.kubectl("label", "cjob", name, "-n", jobs.namespace, f"{label}-")
    assert jobs.finished(name)["phase"] == "Succeeded"
    assert runs.count() == 3


def test_without_a_label_nothing_tells_a_restored_job_from_a_new_one(jobs: Jobs, runs: Runs) -> None:
    name = jobs.apply("exit 0")
    jobs.finished(name)
    restore(jobs, name)
    assert jobs.finished(name)["phase"] == "Succeeded"
    assert runs.count() == 2
