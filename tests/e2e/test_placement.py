"""Where jobs go, and what they are told while they wait."""

import json

import pytest
from tests.conftest import TestPlane
from tests.e2e.conftest import Jobs, apply_host, wait_for

PINNED = {"hostRef": {"name": "narrow"}}


@pytest.fixture
def delete_host(installed: TestPlane):
    names: list[str] = []
    yield names.append
    for name in names:
        installed.kubectl("delete", "dhost", name, "--ignore-not-found", "--timeout=100s")


def test_a_full_host_queues_jobs_and_takes_them_in_order(jobs: Jobs, engine, delete_host) -> None:
    apply_host(jobs.plane, "narrow", engine.endpoint, maxConcurrentJobs=1)
    delete_host("narrow")
    first = jobs.apply("sleep 14", placement=PINNED)
    jobs.reaches(first, "Running")
    second = jobs.apply("true", placement=PINNED)
    jobs.reaches(second, "Queued")
    assert jobs.reason(second) == "HostFull"
    elsewhere = jobs.apply("true", placement={"hostRef": {"name": "local"}})
    assert jobs.finished(elsewhere)["phase"] == "Succeeded"
    assert jobs.finished(second)["phase"] == "Succeeded"
    assert jobs.status(first)["finishTime"] <= jobs.status(second)["attempts"][0]["scheduledTime"]


def test_a_queued_job_can_be_cancelled_without_ever_running(jobs: Jobs, engine, delete_host) -> None:
    apply_host(jobs.plane, "narrow", engine.endpoint, maxConcurrentJobs=1)
    delete_host("narrow")
    first = jobs.apply("sleep 600", placement=PINNED)
    jobs.reaches(first, "Running")
    second = jobs.apply("true", placement=PINNED)
    jobs.reaches(second, "Queued")
    jobs.patch(second, {"spec": {"cancel": True}})
    status = jobs.finished(second)
    assert status["phase"] == "Cancelled"
    assert status.get("attempts", []) == []
    jobs.patch(first, {"spec": {"cancel": True}})
    jobs.finished(first)


def test_a_job_for_a_missing_host_waits_and_goes_on_by_itself_when_the_host_appears(
    jobs: Jobs, engine, delete_host
) -> None:
    name = jobs.apply("true", placement={"hostRef": {"name": "later"}})
    jobs.reaches(name, "Pending")
    assert jobs.reason(name) == "HostNotFound"
    delete_host("later")
    apply_host(jobs.plane, "later", engine.endpoint)
    assert jobs.finished(name)["host"]["name"] == "later"


def test_a_namespace_that_is_not_admitted_is_told_so_and_a_label_opens_the_host(
    jobs: Jobs, engine, delete_host
) -> None:
    delete_host("guarded")
    selector = {"from": "Selector", "selector": {"matchLabels": {"team": "blue"}}}
    apply_host(jobs.plane, "guarded", engine.endpoint, allowedNamespaces=selector)
    name = jobs.apply("true", placement={"hostRef": {"name": "guarded"}})
    jobs.reaches(name, "Pending")
    assert jobs.reason(name) == "NamespaceNotAllowed"
    jobs.plane.kubectl("label", "namespace", jobs.namespace, "team=blue")
    assert jobs.finished(name)["phase"] == "Succeeded"


def test_a_host_without_allowed_namespaces_admits_nobody(jobs: Jobs, engine, delete_host) -> None:
    delete_host("closed")
    apply_host(jobs.plane, "closed", engine.endpoint, allowedNamespaces={})
    name = jobs.apply("true", placement={"hostRef": {"name": "closed"}})
    jobs.reaches(name, "Pending")
    assert jobs.reason(name) == "NamespaceNotAllowed"


def test_an_unschedulable_host_takes_no_new_jobs_until_it_is_opened(jobs: Jobs, engine, delete_host) -> None:
    delete_host("cordoned")
    apply_host(jobs.plane, "cordoned", engine.endpoint, unschedulable=True)
    name = jobs.apply("true", placement={"hostRef": {"name": "cordoned"}})
    jobs.reaches(name, "Pending")
    assert jobs.reason(name) == "HostUnschedulable"
    apply_host(jobs.plane, "cordoned", engine.endpoint, unschedulable=False)
    assert jobs.finished(name)["phase"] == "Succeeded"


def test_a_waiting_job_past_its_deadline_times_out_without_an_attempt(jobs: Jobs) -> None:
    name = jobs.apply("true", placement={"hostRef": {"name": "never"}}, activeDeadlineSeconds=1)
    status = jobs.finished(name)
    assert status["phase"] == "TimedOut"
    assert status.get("attempts", []) == []


def test_a_host_with_jobs_can_be_deleted_and_comes_back_with_their_outcome(jobs: Jobs, engine, delete_host) -> None:
    delete_host("passing")
    apply_host(jobs.plane, "passing", engine.endpoint)
    name = jobs.apply("sleep 2; exit 3", placement={"hostRef": {"name": "passing"}})
    jobs.reaches(name, "Running")
    jobs.plane.kubectl("delete", "dhost", "passing", "--timeout=100s")
    wait_for("it is told", lambda: jobs.reason(name, "HostReachable") == "HostUnreachable")
    assert jobs.phase(name) == "Running"
    apply_host(jobs.plane, "passing", engine.endpoint)
    assert jobs.finished(name)["exitCode"] == 3


def test_a_fake_host_runs_jobs_without_an_engine(jobs: Jobs, delete_host) -> None:
    delete_host("pretend")
    apply_host(jobs.plane, "pretend", "fake://pretend?runForSeconds=0.1", maxConcurrentJobs=4)
    good = jobs.apply(["true"], placement={"hostRef": {"name": "pretend"}})
    bad = jobs.apply("echo no >&2; exit 9", placement={"hostRef": {"name": "pretend"}})
    assert jobs.finished(good)["phase"] == "Succeeded"
    status = jobs.finished(bad)
    assert (status["exitCode"], status["attempts"][0]["logTail"]["stderr"]) == (9, "no\n")


def test_a_ready_host_says_what_engine_it_is(jobs: Jobs) -> None:
    host = json.loads(jobs.plane.kubectl("get", "dhost", "local", "-o", "json").stdout)
    assert host["status"]["engine"]["version"]
    assert host["status"]["maxConcurrentJobs"] == 16
    assert host["metadata"]["finalizers"] == ["containerjobs.io/operator"]
