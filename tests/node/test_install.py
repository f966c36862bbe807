"""What an install gives: pods that run, hooks that ran, a log API that answers, a test that succeeds."""

import pytest
from tests.chart.conftest import NAME, NAMESPACE, Helm
from tests.e2e.conftest import Jobs, wait_for
from tests.node.cluster import API, LOG, Cluster
from tests.size import ROOM

OPERATORS = ("-n", NAMESPACE, "-l", "app.kubernetes.io/component=operator")
METRICS = f"/api/v1/namespaces/{NAMESPACE}/pods/{{}}:8080/proxy/metrics"
CRASH_SECONDS = 15.0 * ROOM


def leader(cluster: Cluster) -> str:
    """Return the pod that holds the Lease."""
    identity = str(cluster.get("lease", NAME, "-n", NAMESPACE)["spec"].get("holderIdentity", ""))
    pods = [name.partition("/")[2] for name in cluster.names("pods", *OPERATORS)]
    return next((pod for pod in pods if identity.startswith(pod)), "")


@pytest.mark.usefixtures("installed")
def test_two_pods_of_the_built_image_are_ready_and_one_of_them_leads(cluster: Cluster) -> None:
    pods = cluster.get("pods", *OPERATORS)["items"]
    ready = [c["status"] for pod in pods for c in pod["status"]["conditions"] if c["type"] == "Ready"]
    assert ready == ["True", "True"]
    assert {pod["status"]["containerStatuses"][0]["restartCount"] for pod in pods} == {0}
    assert leader(cluster) in {pod["metadata"]["name"] for pod in pods}
    leading = [cluster.kubectl("get", "--raw", METRICS.format(pod["metadata"]["name"])).stdout for pod in pods]
    told = sorted(line for text in leading for line in text.splitlines() if line.startswith("containerjob_leader "))
    assert told == ["containerjob_leader 0.0", "containerjob_leader 1.0"]


@pytest.mark.usefixtures("installed")
def test_the_hooks_made_a_certificate_that_the_api_server_trusts_and_are_gone(cluster: Cluster) -> None:
    service = cluster.get("apiservice", API)
    assert [c["status"] for c in service["status"]["conditions"] if c["type"] == "Available"] == ["True"]
    secret = cluster.get("secret", f"{NAME}-api-tls", "-n", NAMESPACE)
    assert service["spec"]["caBundle"] == secret["data"]["ca.crt"]
    assert cluster.names("jobs", "-n", NAMESPACE) == []
    assert cluster.names("serviceaccounts", "-n", NAMESPACE) == [
        f"serviceaccount/{name}" for name in (NAME, f"{NAME}-renewal", "default")
    ]


@pytest.mark.usefixtures("host")
def test_helm_test_runs_a_job_and_succeeds_again_and_again(cluster: Cluster, helm4: Helm, helm3: Helm) -> None:
    for helm in (helm4, helm3):
        assert "The ContainerJob operator works." in cluster.helm(helm, "test", "--logs")
    assert cluster.names("cjob", "-n", NAMESPACE) == []


def test_a_log_is_read_through_the_api_server(jobs: Jobs) -> None:
    name = jobs.apply("echo from a real engine; echo oh >&2")
    jobs.finished(name)
    assert jobs.containers(name)[0].logs(stderr=False) == b"from a real engine\n"
    read = jobs.plane.kubectl("get", "--raw", LOG.format(jobs.namespace, name)).stdout
    assert sorted(read.splitlines()) == ["from a real engine", "oh"]


def test_a_leader_that_is_gone_at_once_is_followed_by_another_and_its_jobs_go_on(
    jobs: Jobs, cluster: Cluster
) -> None:
    name = jobs.apply("trap 'exit 3' USR1; echo once; sleep 600 & wait")
    jobs.reaches(name, "Running")
    (container,) = jobs.containers(name)
    before = leader(cluster)
    jobs.plane.kubectl("delete", "pod", before, "-n", NAMESPACE, "--grace-period=0", "--force")
    wait_for("another pod leads", lambda: leader(cluster) not in ("", before), seconds=CRASH_SECONDS)
    container.kill("SIGUSR1")
    status = jobs.finished(name)
    assert (status["exitCode"], status["attemptCount"]) == (3, 1)
    assert [(each.id, each.logs()) for each in jobs.containers(name)] == [(container.id, b"once\n")]
    jobs.plane.kubectl("rollout", "status", f"deployment/{NAME}", "-n", NAMESPACE, "--timeout=100s")
