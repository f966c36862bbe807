"""The operator is killed at awkward moments; each attempt still runs at most once and ends in the truth."""

import json
import signal
from collections.abc import Iterator

import pytest
from tests.e2e.conftest import Jobs, Operator, wait_for


@pytest.fixture
def killable(operator: Operator) -> Iterator[Operator]:
    """The operator, running again afterwards whatever the test did."""
    yield operator
    if operator.process is None:
        operator.start()


def runs(jobs: Jobs, name: str) -> list[str]:
    """Return every start of a job's containers, by the engine's own log of a file the job appends to."""
    return [line for c in jobs.containers(name) for line in c.logs(stderr=False).decode().splitlines()]


def attempts(jobs: Jobs) -> int:
    """Count the attempts that are written down in the namespace."""
    counts = jobs.plane.kubectl("-n", jobs.namespace, "get", "cjob", "-o", "jsonpath={.items[*].status.attemptCount}")
    return sum(int(count) for count in counts.stdout.split())


def test_a_running_container_is_adopted_after_a_kill_and_its_exit_code_is_true(
    jobs: Jobs, killable: Operator
) -> None:
    name = jobs.apply("echo started; sleep 3; exit 5")
    jobs.reaches(name, "Running")
    killable.end(signal.SIGKILL)
    killable.start()
    status = jobs.finished(name)
    assert (status["phase"], status["exitCode"]) == ("Failed", 5)
    assert runs(jobs, name) == ["started"]
    assert status["attemptCount"] == 1


def test_a_container_that_ends_while_the_operator_is_dead_is_recorded_truly(jobs: Jobs, killable: Operator) -> None:
    name = jobs.apply("echo started; sleep 1; exit 4")
    jobs.reaches(name, "Running")
    killable.end(signal.SIGKILL)
    wait_for("the container ends", lambda: jobs.containers(name)[0].status == "exited")
    killable.start()
    status = jobs.finished(name)
    assert (status["phase"], status["exitCode"]) == ("Failed", 4)
    assert runs(jobs, name) == ["started"]


def test_jobs_created_while_the_operator_is_dead_run_once_when_it_is_back(jobs: Jobs, killable: Operator) -> None:
    killable.end(signal.SIGKILL)
    names = [jobs.apply("echo started") for _ in range(5)]
    killable.start()
    for name in names:
        assert jobs.finished(name)["phase"] == "Succeeded"
        assert runs(jobs, name) == ["started"]


def test_a_job_deleted_while_the_operator_is_dead_leaves_no_container(jobs: Jobs, killable: Operator) -> None:
    name = jobs.apply("sleep 600")
    jobs.reaches(name, "Running")
    uid = jobs.get(name)["metadata"]["uid"]
    killable.end(signal.SIGKILL)
    jobs.plane.kubectl("-n", jobs.namespace, "delete", "cjob", name, "--timeout=100s")
    assert len(jobs.containers_of(uid)) == 1
    killable.start()
    wait_for("the sweep removes the container", lambda: not jobs.containers_of(uid), seconds=120)


def test_kills_during_a_burst_of_launches_run_nothing_twice(jobs: Jobs, killable: Operator) -> None:
    manifests = [jobs.manifest("echo started; sleep 0.3; exit 6", name=f"burst-{n}") for n in range(24)]
    jobs.plane.kubectl("create", "-f", "-", input="\n---\n".join(json.dumps(m) for m in manifests))
    for launched in (1, 8, 16):
        wait_for("launches go on", lambda at_least=launched: attempts(jobs) >= at_least)
        killable.end(signal.SIGKILL)
        killable.start()
    for manifest in manifests:
        name = manifest["metadata"]["name"]
        status = jobs.finished(name)
        assert (status["phase"], status["exitCode"]) == ("Failed", 6)
        assert runs(jobs, name) == ["started"]


def test_a_graceful_stop_leaves_containers_running_and_gives_up_the_lease(jobs: Jobs, killable: Operator) -> None:
    name = jobs.apply("sleep 10; echo done")
    jobs.reaches(name, "Running")
    assert killable.end(signal.SIGTERM) == 0
    lease = jobs.plane.kubectl("get", "lease", "-n", "containerjob-system", "containerjob-operator", "-o", "json")
    assert not json.loads(lease.stdout)["spec"].get("holderIdentity")
    assert jobs.containers(name)[0].status == "running"
    killable.start("--identity=another")
    assert jobs.finished(name)["phase"] == "Succeeded"
    killable.end()


def test_a_second_operator_stands_by_until_the_first_is_gone(jobs: Jobs, killable: Operator) -> None:
    second = Operator(killable.kubeconfig, killable.log.with_name("second.log"))
    second.start("--identity=second", "--lease-seconds=3")
    try:
        name = jobs.apply("echo started")
        assert jobs.finished(name)["phase"] == "Succeeded"
        assert runs(jobs, name) == ["started"]
        killable.end(signal.SIGTERM)
        name = jobs.apply("echo started")
        assert jobs.finished(name)["phase"] == "Succeeded"
    finally:
        assert second.end() == 0
