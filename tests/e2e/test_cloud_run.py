"""Jobs on Cloud Run: the operator as a process, the emulator as another, kubectl as people use it."""

import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.cloud import run_v2
from google.cloud.run_v2.services.executions.transports import ExecutionsGrpcTransport
from tests.conftest import TestPlane
from tests.e2e.conftest import Jobs, Operator, wait_for
from tests.emulators.cloudrun import LABEL_EXECUTION

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

HOST = "europe"
PLACE = "projects/demo-project/locations/europe-west1"
THERE = {"hostRef": {"kind": "CloudRunHost", "name": HOST}}
TROUBLE = "trap 'exit 7' TERM; echo begun; sleep 600 & wait"


@dataclass
class CloudJobs:
    """Jobs of one namespace that are placed on Cloud Run."""

    jobs: Jobs
    address: str

    def apply(self, script: str, **spec: Any) -> str:
        """Create a job there and return its name."""
        return self.jobs.apply(script, placement=THERE, **spec)

    def tasks(self, name: str) -> list[Any]:
        """Ask the engine behind the emulator for everything that ever ran of a job and is still there."""
        prefix = f"cj-{self.jobs.get(name)['metadata']['uid']}-"
        found = self.jobs.oracle.containers.list(all=True, ignore_removed=True, filters={"label": LABEL_EXECUTION})
        return [each for each in found if each.labels[LABEL_EXECUTION].rpartition("/")[2].startswith(prefix)]

    def executions(self, name: str) -> list[str]:
        """Ask Google's own client for all executions of a job, whatever became of them."""
        prefix = f"cj-{self.jobs.get(name)['metadata']['uid']}-"
        with grpc.insecure_channel(self.address) as channel:
            client = run_v2.ExecutionsClient(transport=ExecutionsGrpcTransport(channel=channel))
            listed = client.list_executions(parent=f"{PLACE}/jobs/-")
            return [each.name for each in listed if each.name.rpartition("/")[2].startswith(prefix)]

    def log(self, name: str) -> str:
        """Read the end of a job's output from its record."""
        attempt = self.jobs.status(name)["attempts"][-1]
        return str(attempt.get("logTail", {}).get("stdout", ""))


@pytest.fixture(scope="module")
def region(operator: Operator, installed: TestPlane, emulator: str) -> Iterator[TestPlane]:
    """A CloudRunHost that is ready."""
    assert operator.process is not None
    spec = {"project": "demo-project", "location": "europe-west1", "endpoint": emulator, "refreshSeconds": 1}
    body = {
        "apiVersion": "containerjobs.io/v1alpha1",
        "kind": "CloudRunHost",
        "metadata": {"name": HOST},
        "spec": {**spec, "maxConcurrentJobs": 20, "allowedNamespaces": {"from": "All"}},
    }
    installed.kubectl("apply", "-f", "-", input=json.dumps(body))
    installed.kubectl("wait", "--for=condition=Ready", f"cloudrunhost/{HOST}", "--timeout=100s")
    yield installed
    installed.kubectl("delete", "cloudrunhost", HOST, "--timeout=100s")


@pytest.fixture
def cloud(region: TestPlane, jobs: Jobs, emulator: str) -> CloudJobs:
    """Jobs on that host."""
    return CloudJobs(jobs, emulator)


def test_a_job_succeeds_on_cloud_run_and_its_record_tells_all(cloud: CloudJobs) -> None:
    name = cloud.apply("echo hello from the cloud; echo bad >&2")
    status = cloud.jobs.finished(name)
    assert (status["phase"], status["exitCode"], status["attemptCount"]) == ("Succeeded", 0, 1)
    assert status["host"] == {"kind": "CloudRunHost", "name": HOST}
    (attempt,) = status["attempts"]
    assert attempt["startedAt"] <= attempt["finishedAt"]
    assert (attempt["logTail"]["stdout"], attempt["logTail"]["stderr"]) == ("hello from the cloud\n", "bad\n")


@pytest.mark.parametrize("code", [1, 42, 137])
def test_a_failing_job_ends_with_its_tasks_own_exit_code(cloud: CloudJobs, code: int) -> None:
    status = cloud.jobs.finished(cloud.apply(f"exit {code}"))
    assert (status["phase"], status["exitCode"]) == ("Failed", code)


def test_a_job_is_tried_again_as_often_as_it_says(cloud: CloudJobs) -> None:
    name = cloud.apply("exit 3", backoffLimit=2, retryPolicy={"initialDelaySeconds": 1})
    status = cloud.jobs.finished(name)
    assert (status["phase"], status["attemptCount"], status["failed"]) == ("Failed", 3, 3)
    assert [attempt["exitCode"] for attempt in status["attempts"]] == [3, 3, 3]


def test_a_job_that_is_cancelled_ends_and_its_task_is_stopped(cloud: CloudJobs) -> None:
    name = cloud.apply(TROUBLE)
    cloud.jobs.reaches(name, "Running")
    cloud.jobs.patch(name, {"spec": {"cancel": True}})
    assert cloud.jobs.finished(name)["phase"] == "Cancelled"
    wait_for("its task ends", lambda: not [each for each in cloud.tasks(name) if each.status == "running"])


def test_a_job_that_runs_for_too_long_is_stopped(cloud: CloudJobs) -> None:
    name = cloud.apply(TROUBLE, activeDeadlineSeconds=5)
    status = cloud.jobs.finished(name)
    assert (status["phase"], cloud.jobs.reason(name, "Failed")) == ("TimedOut", "DeadlineExceeded")


def test_a_deleted_job_leaves_nothing_on_cloud_run(cloud: CloudJobs) -> None:
    name = cloud.apply(TROUBLE)
    cloud.jobs.reaches(name, "Running")
    before = cloud.tasks(name)
    uid = cloud.jobs.get(name)["metadata"]["uid"]
    assert len(before) == 1
    cloud.jobs.plane.kubectl("-n", cloud.jobs.namespace, "delete", "cjob", name, "--timeout=100s")
    prefix = f"cj-{uid}-"

    def left() -> list[Any]:
        found = cloud.jobs.oracle.containers.list(all=True, ignore_removed=True, filters={"label": LABEL_EXECUTION})
        named = [each for each in found if each.labels[LABEL_EXECUTION].rpartition("/")[2].startswith(prefix)]
        return [each for each in named if each.status == "running"]

    wait_for("its task ends", lambda: not left())


def test_what_cloud_run_does_not_offer_is_refused_by_the_fields_name(cloud: CloudJobs) -> None:
    container = {"name": "main", "image": "busybox:1.37", "resources": {"limits": {"cpu": "64"}}}
    name = cloud.apply("true", template={"spec": {"containers": [container]}})
    status = cloud.jobs.finished(name)
    assert (status["phase"], cloud.jobs.reason(name, "Failed")) == ("Failed", "InvalidSpec")
    assert "resources.limits.cpu" in status["attempts"][-1]["message"]


@pytest.mark.parametrize("moments", [0.0, 0.3, 1.0, 2.5])
def test_an_operator_that_is_killed_meanwhile_runs_nothing_twice(
    cloud: CloudJobs, operator: Operator, moments: float
) -> None:
    name = cloud.apply("echo once; sleep 2; exit 5")
    if moments:
        wait_for("it is scheduled", lambda: cloud.jobs.status(name).get("attempts"))
    subprocess.run(["sleep", str(moments)], check=True)
    operator.end(signal.SIGKILL)
    operator.start()
    status = cloud.jobs.finished(name)
    assert (status["phase"], status["exitCode"], status["attemptCount"]) == ("Failed", 5, 1)
    assert cloud.log(name) == "once\n"
    assert len(cloud.executions(name)) == 1


def test_a_project_that_is_not_there_is_told_with_its_remedy_and_jobs_wait(
    cloud: CloudJobs, region: TestPlane, emulator: str
) -> None:
    spec = {"project": "no-such-project", "location": "europe-west1", "endpoint": emulator}
    body = {
        "apiVersion": "containerjobs.io/v1alpha1",
        "kind": "CloudRunHost",
        "metadata": {"name": "nowhere"},
        "spec": {**spec, "allowedNamespaces": {"from": "All"}},
    }
    region.kubectl("apply", "-f", "-", input=json.dumps(body))
    try:
        region.kubectl("wait", "--for=condition=Ready=False", "cloudrunhost/nowhere", "--timeout=100s")
        name = cloud.jobs.apply("true", placement={"hostRef": {"kind": "CloudRunHost", "name": "nowhere"}})
        wait_for("it says why it waits", lambda: cloud.jobs.reason(name, "Reconciling") == "HostNotReady")
        told = json.loads(region.kubectl("get", "cloudrunhost", "nowhere", "-o", "json").stdout)
        ready = next(each for each in told["status"]["conditions"] if each["type"] == "Ready")
        assert ready["reason"] in {"ProjectNotFound", "PermissionDenied"}
        assert "no-such-project" in ready["message"]
    finally:
        region.kubectl("delete", "cloudrunhost", "nowhere", "--timeout=100s")
