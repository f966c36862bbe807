"""A release's life under load: installed by Helm 3, upgraded, uninstalled; and what its accounts needed for that."""

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from tests.chart.conftest import NAME, NAMESPACE, Helm
from tests.e2e.conftest import Jobs, apply_host, wait_for
from tests.node.cluster import API, CRDS, EARLIER, HOST, LOG, Cluster, chart_name, earlier_chart, package
from tests.node.permissions import asked, granted
from tests.size import ROOM

from containerjob_api.names import LABEL_NAMESPACE
from containerjob_local.engine import Engine

RUNNING = 50
PER_PHASE = 2
LAUNCH_SECONDS = 120.0
UNINSTALL_SECONDS = 60.0 * ROOM
"""Pods start and stop, and an operator that is in the middle of a launch gets its shutdownTimeout of 10 s."""
ONCE = "trap 'exit 0' USR1; echo once; sleep 900 & wait"
CLOUD = {
    "apiVersion": "containerjobs.io/v1alpha1",
    "kind": "CloudRunHost",
    "metadata": {"name": "cloud"},
    "spec": {"project": "demo-project", "location": "europe-west1"},
}
"""The image of the chart's default has no client of Google's: the host is told so, and is let go of in the end."""
NOWHERE = {"placement": {"hostRef": {"name": "nowhere"}}}
NARROW = {"placement": {"hostRef": {"name": "narrow"}}}
SLOW = {"placement": {"hostRef": {"name": "slow"}}}
PHASES: dict[str, tuple[str, dict[str, Any]]] = {
    "Pending": ("true", NOWHERE),
    "Queued": ("true", NARROW),
    "Scheduled": ("true", SLOW),
    "Running": ("sleep 900", {}),
    "Retrying": ("exit 3", {"backoffLimit": 5, "retryPolicy": {"initialDelaySeconds": 900}}),
    "Suspended": ("true", {**NOWHERE, "suspend": True}),
    "Cancelling": ("trap '' TERM; while :; do sleep 1; done", {}),
    "Succeeded": ("true", {}),
    "Failed": ("exit 3", {}),
    "Cancelled": ("true", {**NOWHERE, "cancel": True}),
    "TimedOut": ("true", {**NOWHERE, "activeDeadlineSeconds": 1}),
}
"""A job that comes to stay in each phase; one in Cancelling is cancelled once it runs."""
CLUSTERS_OWN = {"configmap/kube-root-ca.crt", "serviceaccount/default"}
"""What every namespace has."""
DEFINED = "apiservice.apiregistration.k8s.io/v1alpha1.containerjobs.io"
"""The API server's own, for as long as there are definitions of the group."""
THE_CLUSTERS = {(NAME, "get", "configmaps")}
"""By a role of the cluster's own: the log API reads who the API server's front proxy is."""


def containers(oracle: docker.DockerClient, namespace: str) -> dict[str, str]:
    """Return every container of a namespace's jobs, and its state, as the engine has it."""
    found = oracle.containers.list(all=True, filters={"label": f"{LABEL_NAMESPACE}={namespace}"})
    return {str(each.id): each.status for each in found}


def phases(cluster: Cluster, namespace: str) -> dict[str, str]:
    """Return the phase of each job."""
    items = cluster.get("cjob", "-n", namespace)["items"]
    return {job["metadata"]["name"]: job.get("status", {}).get("phase", "") for job in items}


def create(jobs: Jobs, manifests: list[dict[str, Any]]) -> None:
    """Create many jobs at once."""
    jobs.plane.kubectl("create", "-f", "-", input="\n---\n".join(json.dumps(each) for each in manifests))


def namespaced(cluster: Cluster, oracle: docker.DockerClient, name: str) -> Jobs:
    """Make a namespace for jobs."""
    cluster.kubectl("create", "namespace", name)
    return Jobs(cluster.plane, name, oracle)


@pytest.fixture(scope="module")
def previous(cluster: Cluster, helm4: Helm, helm3: Helm, engine: Engine, tmp_path_factory: Any) -> Cluster:
    """The cluster with the version before this one, installed by Helm 3 where there was nothing."""
    if cluster.released(helm4):
        cluster.helm(helm4, "uninstall", "--wait")
    before = package(
        helm3, earlier_chart(tmp_path_factory.mktemp("earlier")), tmp_path_factory.mktemp("earlier-package")
    )
    cluster.bring(helm3, "install", before)
    assert cluster.released(helm3) != chart_name()
    apply_host(cluster.plane, "local", engine.endpoint, maxConcurrentJobs=RUNNING + 20)
    cluster.kubectl("wait", "--for=condition=Ready", "dhost/local", "--timeout=100s")
    cluster.kubectl("apply", "-f", "-", input=json.dumps(CLOUD))
    return cluster


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What there was before an upgrade and after it."""

    jobs: Jobs
    before: dict[str, str]
    after: dict[str, str]
    pods_before: list[str]
    pods_after: list[str]


@pytest.fixture(scope="module")
def upgraded(previous: Cluster, helm4: Helm, packaged: Path, oracle: docker.DockerClient) -> Upgraded:
    """The release, upgraded by Helm 4 while jobs run; its certificate happens to be unreadable."""
    jobs = namespaced(previous, oracle, "busy")
    create(jobs, [jobs.manifest(ONCE) for _ in range(RUNNING)])
    wait_for("all run", lambda: set(phases(previous, "busy").values()) == {"Running"}, LAUNCH_SECONDS)
    before, pods = containers(oracle, "busy"), previous.names("pods", "-n", NAMESPACE)
    spoil_certificates(previous)
    # An operator that gives containers this long lets tests see jobs that are about to be stopped.
    previous.bring(helm4, "upgrade", packaged, terminationGraceSeconds=600)
    return Upgraded(jobs, before, containers(oracle, "busy"), pods, previous.names("pods", "-n", NAMESPACE))


def spoil_certificates(cluster: Cluster) -> None:
    """Have a reason to renew both certificates."""
    for secret in (f"{NAME}-api-tls", f"{NAME}-api-ca"):
        spoilt = json.dumps({"stringData": {"tls.crt": "spoilt"}})
        cluster.kubectl("patch", "secret", secret, "-n", NAMESPACE, "--type=merge", "-p", spoilt)


def test_an_upgrade_replaces_the_pods_and_the_definition_and_disturbs_no_container(
    upgraded: Upgraded, previous: Cluster, helm4: Helm
) -> None:
    assert len(upgraded.before) == RUNNING
    assert upgraded.after == upgraded.before
    assert not set(upgraded.pods_before) & set(upgraded.pods_after)
    assert previous.released(helm4) == chart_name()
    definition = previous.get("crd", CRDS[0])["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert definition["description"] != EARLIER


def test_the_jobs_end_under_the_new_version_and_each_ran_once(
    upgraded: Upgraded, previous: Cluster, oracle: docker.DockerClient
) -> None:
    for each in upgraded.before:
        oracle.containers.get(each).kill("SIGUSR1")
    wait_for("all end", lambda: set(phases(previous, "busy").values()) == {"Succeeded"}, LAUNCH_SECONDS)
    statuses = [job["status"] for job in previous.get("cjob", "-n", "busy")["items"]]
    assert {(status["exitCode"], status["attemptCount"]) for status in statuses} == {(0, 1)}
    assert containers(oracle, "busy") == dict.fromkeys(upgraded.before, "exited")
    assert {oracle.containers.get(each).logs() for each in upgraded.before} == {b"once\n"}


def test_the_renewal_replaces_what_cannot_be_read_and_the_log_api_answers_meanwhile(
    upgraded: Upgraded, previous: Cluster
) -> None:
    spoil_certificates(previous)
    previous.kubectl("create", "job", "renew", f"--from=cronjob/{NAME}-renewal", "-n", NAMESPACE)
    previous.kubectl("wait", "--for=condition=Complete", "job/renew", "-n", NAMESPACE, "--timeout=100s")
    previous.kubectl("delete", "job", "renew", "-n", NAMESPACE)
    trusted = base64.b64decode(previous.get("apiservice", API)["spec"]["caBundle"])
    secret = previous.get("secret", f"{NAME}-api-tls", "-n", NAMESPACE)["data"]
    assert base64.b64decode(secret["ca.crt"]) in trusted
    assert trusted.count(b"BEGIN CERTIFICATE") > 1, "pods learn of a Secret's change within a minute or two"
    name = previous.names("cjob", "-n", upgraded.jobs.namespace)[0].partition("/")[2]
    assert previous.kubectl("get", "--raw", LOG.format(upgraded.jobs.namespace, name)).stdout == "once\n"


def test_a_host_that_this_image_has_no_client_for_is_told_which_image_has_one(
    upgraded: Upgraded, previous: Cluster
) -> None:
    previous.kubectl("wait", "--for=condition=Stalled", "crhost/cloud", "--timeout=100s")
    conditions = previous.get("crhost", "cloud")["status"]["conditions"]
    (stalled,) = (each for each in conditions if each["type"] == "Stalled")
    assert stalled["reason"] == "ClientMissing"
    assert "use the cloudrun variant of its image" in stalled["message"]
    probed = previous.kubectl("get", "--raw", HOST.format("cloudrunhosts", "cloud") + "/probe", check=False)
    assert "use the cloudrun variant of its image" in probed.stdout + probed.stderr


@dataclass(frozen=True, slots=True)
class Uninstalled:
    """What there was before an uninstall, and how long it took."""

    before: dict[str, str]
    containers: dict[str, str]
    seconds: float


def in_all_phases(cluster: Cluster, oracle: docker.DockerClient, engine: Engine) -> None:
    """Have jobs that stay in every phase, and one that is deleted by its time."""
    jobs = namespaced(cluster, oracle, "phases")
    apply_host(cluster.plane, "narrow", engine.endpoint, maxConcurrentJobs=1)
    apply_host(cluster.plane, "slow", "fake://slow?startDelaySeconds=86400")
    occupant = jobs.apply("sleep 900", name="occupant", **NARROW)
    jobs.reaches(occupant, "Running")
    wanted = {f"{phase.lower()}-{number}": phase for phase in PHASES for number in range(PER_PHASE)}
    made = [jobs.manifest(PHASES[phase][0], name=name, **PHASES[phase][1]) for name, phase in wanted.items()]
    passing = jobs.manifest("true", name="passing", ttlSecondsAfterFinished=1)
    create(jobs, [passing, *made])
    for name in (name for name, phase in wanted.items() if phase == "Cancelling"):
        jobs.reaches(name, "Running")
        jobs.patch(name, {"spec": {"cancel": True}})
    suspend_again(jobs, "suspended-0")
    wanted[occupant] = "Running"
    wait_for("every phase", lambda: phases(cluster, "phases") == wanted, LAUNCH_SECONDS)
    ran = PER_PHASE * len(("Running", "Retrying", "Cancelling", "Succeeded", "Failed")) + len((occupant,))
    wait_for("the passing one's container is gone", lambda: len(containers(oracle, "phases")) == ran)


def suspend_again(jobs: Jobs, name: str) -> None:
    """Have a reason to count up an Event: the same is told a second time."""
    for suspended, phase in ((True, "Suspended"), (False, "Pending"), (True, "Suspended")):
        jobs.patch(name, {"spec": {"suspend": suspended}})
        jobs.reaches(name, phase)


@pytest.fixture(scope="module")
def uninstalled(
    upgraded: Upgraded, previous: Cluster, helm3: Helm, helm4: Helm, oracle: docker.DockerClient, engine: Engine
) -> Iterator[Uninstalled]:
    """The release is gone, while jobs were in all phases."""
    previous.helm(helm4, "test")
    in_all_phases(previous, oracle, engine)
    before, there = phases(previous, "phases"), containers(oracle, "phases")
    began = time.monotonic()
    previous.helm(helm3, "uninstall", "--wait")
    yield Uninstalled(before, there, time.monotonic() - began)
    for namespace in ("busy", "phases"):
        for each in containers(oracle, namespace):
            oracle.containers.get(each).remove(force=True)


def test_an_uninstall_takes_its_bounded_time(uninstalled: Uninstalled) -> None:
    assert uninstalled.seconds < UNINSTALL_SECONDS


def test_an_uninstall_leaves_every_record_and_every_container_as_it_was(
    uninstalled: Uninstalled, previous: Cluster, oracle: docker.DockerClient
) -> None:
    assert len(uninstalled.before) == len(PHASES) * PER_PHASE + 1
    assert phases(previous, "phases") == uninstalled.before
    assert containers(oracle, "phases") == uninstalled.containers


@pytest.mark.usefixtures("uninstalled")
def test_an_uninstall_leaves_what_its_page_names_and_nothing_else(previous: Cluster) -> None:
    left = {name for name in names_of_kinds(previous, "-A") if "containerjob" in name}
    kept = {f"customresourcedefinition.apiextensions.k8s.io/{name}" for name in CRDS}
    assert left == {*kept, DEFINED, f"namespace/{NAMESPACE}"}
    assert names_of_kinds(previous, "-n", NAMESPACE) == CLUSTERS_OWN
    assert all(not host["metadata"].get("finalizers") for host in previous.get("dhost,crhost")["items"])


def names_of_kinds(cluster: Cluster, *where: str) -> set[str]:
    """Return the names of all objects of all kinds, but for Events and our own kinds."""
    only = () if where == ("-A",) else ("--namespaced=true",)
    listed = cluster.kubectl("api-resources", "--verbs=list", *only, "-o", "name").stdout.split()
    kinds = [kind for kind in listed if not kind.startswith("events") and not kind.endswith(".containerjobs.io")]
    return set(cluster.names(",".join(kinds), *where))


@pytest.mark.usefixtures("uninstalled")
def test_nothing_that_is_left_is_stuck(previous: Cluster) -> None:
    previous.kubectl("delete", "dhost,crhost", "--all", "--timeout=100s")
    previous.kubectl("delete", "namespace", "busy", "phases", NAMESPACE, "--timeout=100s")
    previous.kubectl("delete", "crd", *CRDS, "--timeout=100s")


@pytest.mark.usefixtures("uninstalled")
def test_the_accounts_used_what_they_are_granted_and_asked_for_nothing_else(cluster: Cluster, helm4: Helm) -> None:
    may = granted(helm4.template(cluster.values))
    requests = list(asked(cluster.environment.state.log("audit")))
    assert [request for request in requests if request.code == 403] == []
    used = {request.permission for request in requests}
    assert used - may == THE_CLUSTERS
    assert may - used == set()
