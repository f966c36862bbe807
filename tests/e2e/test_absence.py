"""An engine goes away and comes back: unknown is not failed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.conftest import Jobs, apply_host, wait_for
from tests.fakes.engine_proxy import EngineProxy

from containerjob_local.engine import Engine

FAR = {"hostRef": {"name": "far"}}


@pytest.fixture
def far(jobs: Jobs, engine: Engine, short_folder: Path) -> Iterator[EngineProxy]:
    """A host whose connection can be cut."""
    proxy = EngineProxy(short_folder / "far.sock", engine.endpoint.removeprefix("unix://"))
    proxy.up()
    apply_host(jobs.plane, "far", proxy.endpoint)
    jobs.plane.kubectl("wait", "--for=condition=Ready", "dhost/far", "--timeout=100s")
    yield proxy
    jobs.plane.kubectl("delete", "dhost", "far", "--timeout=100s")
    proxy.down()


def test_a_job_on_an_unreachable_host_stays_running_and_is_judged_when_it_is_back(
    jobs: Jobs, far: EngineProxy
) -> None:
    name = jobs.apply("sleep 1; exit 8", placement=FAR)
    jobs.reaches(name, "Running")
    far.down()
    wait_for("the host is missed", lambda: jobs.reason(name, "HostReachable") == "HostUnreachable")
    wait_for("the container ends unseen", lambda: jobs.containers(name)[0].status == "exited")
    assert jobs.phase(name) == "Running"
    far.up()
    status = jobs.finished(name)
    assert (status["phase"], status["exitCode"], status["attemptCount"]) == ("Failed", 8, 1)


def test_a_new_job_for_an_unreachable_host_waits_with_a_reason(jobs: Jobs, far: EngineProxy) -> None:
    far.down()
    wait_for("the host is not ready", lambda: "False" in jobs.plane.kubectl("get", "dhost", "far").stdout)
    name = jobs.apply("true", placement=FAR)
    jobs.reaches(name, "Pending")
    assert jobs.reason(name) == "HostNotReady"
    far.up()
    assert jobs.finished(name)["phase"] == "Succeeded"


def test_a_job_cancelled_while_its_host_is_away_is_stopped_when_it_is_back(jobs: Jobs, far: EngineProxy) -> None:
    name = jobs.apply("sleep 600", placement=FAR)
    jobs.reaches(name, "Running")
    far.down()
    wait_for("the host is missed", lambda: jobs.reason(name, "HostReachable") == "HostUnreachable")
    jobs.patch(name, {"spec": {"cancel": True}})
    jobs.reaches(name, "Cancelling")
    assert jobs.containers(name)[0].status == "running"
    far.up()
    assert jobs.finished(name)["phase"] == "Cancelled"
    assert jobs.containers(name)[0].status == "exited"


def test_a_job_deleted_while_its_host_is_away_leaves_nothing_when_it_is_back(jobs: Jobs, far: EngineProxy) -> None:
    name = jobs.apply("sleep 600", placement=FAR)
    jobs.reaches(name, "Running")
    uid = jobs.get(name)["metadata"]["uid"]
    far.down()
    wait_for("the host is missed", lambda: jobs.reason(name, "HostReachable") == "HostUnreachable")
    jobs.plane.kubectl("-n", jobs.namespace, "delete", "cjob", name, "--timeout=100s")
    far.up()
    wait_for("the sweep removes the container", lambda: not jobs.containers_of(uid), seconds=120)
