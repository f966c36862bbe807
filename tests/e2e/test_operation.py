"""Options, signals and plain HTTP of the operator as a process, with the permissions that it is given."""

import json
import signal
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import Jobs, Operator, apply_host, wait_for
from tests.e2e.test_crashes import runs
from tests.fakes.engine_proxy import EngineFaults
from tests.fakes.fault_proxy import ProxyThread
from tests.fakes.fault_script import What
from tests.fakes.troubles import When

from containerjob_api.names import OPERATOR_NAME, OPERATOR_NAMESPACE
from containerjob_local.engine import Engine
from containerjob_local.ports import free_ports

Start = Callable[..., Operator]
SHARED = ("--termination-grace-seconds=1", "--shutdown-timeout=10", "--resync-interval=2")


@pytest.fixture
def alone(operator: Operator, tmp_path: Path) -> Iterator[Start]:
    """Starts operators of the test's own in place of the session's one, which goes on afterwards."""
    started: list[Operator] = []
    if operator.process is not None:
        operator.end()

    def start(*options: str, kubeconfig: Path | None = None) -> Operator:
        log = tmp_path / f"operator-{len(started)}.log"
        made = Operator(kubeconfig or operator.kubeconfig, log, options=(*SHARED, *options))
        made.start()
        started.append(made)
        return made

    yield start
    for made in started:
        if made.process is not None and made.process.poll() is None:
            made.end(signal.SIGKILL)
    start_again(operator)


def start_again(operator: Operator) -> None:
    """Start the session's operator, and wait until it works."""
    spoken = operator.log.stat().st_size
    operator.start()
    wait_for("it has loaded", lambda: '"event": "loaded"' in operator.log.read_bytes()[spoken:].decode())


@pytest.fixture
def proxied(jobs: Jobs, engine: Engine, short_folder: Path) -> Iterator[EngineFaults]:
    """A host, of the namespace's name, whose engine's answers can be held back."""
    thread = ProxyThread()
    proxy = EngineFaults(thread, short_folder / f"{jobs.namespace}.sock", engine.endpoint)
    proxy.start()
    apply_host(jobs.plane, jobs.namespace, proxy.endpoint)
    yield proxy
    jobs.plane.kubectl("delete", "dhost", jobs.namespace, "--wait=false")
    proxy.stop()
    thread.end()


def ended(operator: Operator, seconds: float = 40) -> int:
    """Wait for the process's end."""
    assert operator.process is not None
    return operator.process.wait(seconds)


def said(operator: Operator, event: str) -> list[dict[str, Any]]:
    """Return its lines of this kind."""
    lines = [json.loads(line) for line in operator.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def ask(port: int, path: str) -> tuple[int, str]:
    """Return status and text; 0 where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code, problem.read().decode()
    except OSError:
        return 0, ""


@pytest.mark.parametrize("call", ["POST /containers/create *", "POST /containers/*/start"])
def test_told_to_stop_in_the_middle_of_a_launch_it_finishes_and_stores_that_one_alone(
    jobs: Jobs, alone: Start, proxied: EngineFaults, call: str
) -> None:
    held = proxied.plant(call, What.HOLD, when=When.AFTER, times=1)
    operator = alone()
    first = jobs.apply("echo started; sleep 30; exit 5", placement={"hostRef": {"name": jobs.namespace}})
    held.wait()
    assert operator.process is not None
    operator.process.send_signal(signal.SIGTERM)
    wait_for("it was told", lambda: said(operator, "told to stop"))
    second = jobs.apply("echo started", placement={"hostRef": {"name": jobs.namespace}})
    held.release()
    assert ended(operator) == 0
    assert jobs.phase(first) in ("Scheduled", "Running")
    assert jobs.status(first)["attemptCount"] == 1
    assert jobs.status(second).get("attemptCount", 0) == 0
    assert runs(jobs, first) == ["started"]


def test_once_runs_what_there_is_and_ends(jobs: Jobs, alone: Start) -> None:
    names = [jobs.apply(f"exit {code}") for code in (0, 3)]
    operator = alone("--once", f"--namespace={jobs.namespace}")
    assert ended(operator) == 0
    assert [jobs.phase(name) for name in names] == ["Succeeded", "Failed"]


def test_a_dry_run_tells_what_it_would_do_and_leaves_everything_as_it_is(jobs: Jobs, alone: Start) -> None:
    name = jobs.apply("echo started")
    before = jobs.get(name)
    hosts = jobs.plane.kubectl("get", "dhost", "local", "-o", "json").stdout
    operator = alone("--once", "--dry-run", f"--namespace={jobs.namespace}")
    assert ended(operator) == 0
    [told] = [line for line in said(operator, "would act") if line["job"] == name]
    assert (told["action"], told["phase"], told["uid"]) == ("Write", "Scheduled", before["metadata"]["uid"])
    assert jobs.get(name) == before
    assert jobs.containers(name) == []
    assert jobs.plane.kubectl("get", "dhost", "local", "-o", "json").stdout == hosts
    lease = jobs.plane.kubectl("get", "lease", "-n", OPERATOR_NAMESPACE, OPERATOR_NAME, "-o", "json").stdout
    assert not json.loads(lease)["spec"].get("holderIdentity")


def test_an_unknown_host_ends_it_with_one_line_that_names_those_there_are(jobs: Jobs, alone: Start) -> None:
    operator = alone("--host=nope")
    assert ended(operator) == 1
    [line] = [line for line in operator.log.read_text().splitlines() if line.startswith("error:")]
    assert line.startswith("error: --host nope: no such DockerHost; there are: ")
    assert "local" in line


def test_probes_metrics_and_report_are_served_from_the_start_to_the_end(jobs: Jobs, alone: Start) -> None:
    port = free_ports(1)[0]
    operator = alone(f"--http-port={port}", "--http-address=127.0.0.1", "--identity=probed")
    wait_for("it is ready", lambda: ask(port, "/readyz") == (200, "ok"))
    name = jobs.apply("exit 0")
    assert jobs.finished(name)["phase"] == "Succeeded"
    assert "[+]kopf ok" in ask(port, "/healthz?verbose")[1]
    assert "[+]watch ok" in ask(port, "/readyz?verbose")[1]
    metrics = ask(port, "/metrics")[1]
    assert 'containerjob_jobs_finished_total{phase="Succeeded",reason="Completed"} 1.0' in metrics
    for histogram in ("job_wait", "job_launch", "job_exit", "reconcile_duration", "workqueue_latency"):
        assert f"containerjob_{histogram}_seconds_count " in metrics
        assert f"containerjob_{histogram}_seconds_count 0.0" not in metrics
    assert "containerjob_leader 1.0" in metrics
    report = json.loads(ask(port, "/debug/status")[1])
    assert (report["identity"], report["stage"]) == ("probed", "Leading")
    assert operator.process is not None
    operator.process.send_signal(signal.SIGUSR1)
    wait_for("it reports", lambda: said(operator, "status"))
    operator.process.send_signal(signal.SIGTERM)
    assert ended(operator) == 0
    assert ask(port, "/healthz")[0] == 0


def test_a_leader_for_one_namespace_hears_of_namespaces_too_and_is_ready(jobs: Jobs, alone: Start) -> None:
    port = free_ports(1)[0]
    alone(f"--http-port={port}", "--http-address=127.0.0.1", f"--namespace={jobs.namespace}")
    wait_for("its watches deliver", lambda: "[+]watch ok" in ask(port, "/readyz?verbose")[1])
    assert ask(port, "/readyz") == (200, "ok")


def test_once_names_what_no_host_takes_and_ends_without_it(jobs: Jobs, alone: Start) -> None:
    ran = jobs.apply("exit 0")
    left = jobs.apply("exit 0", placement={"hostRef": {"name": "nowhere"}})
    operator = alone("--once", f"--namespace={jobs.namespace}")
    assert ended(operator) == 0
    assert [(line["job"], line["reason"]) for line in said(operator, "not run")] == [(left, "HostNotFound")]
    assert (jobs.phase(ran), jobs.phase(left)) == ("Succeeded", "Pending")


ROLES = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: narrow-operator}
rules:
  - {apiGroups: [containerjobs.io], resources: [dockerhosts, cloudrunhosts], verbs: [get, list, watch, patch]}
  - {apiGroups: [containerjobs.io], resources: [dockerhosts/status, cloudrunhosts/status], verbs: [patch]}
  - {apiGroups: [""], resources: [namespaces], verbs: [get, list, watch]}
  - {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: narrow-operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: narrow-operator}
subjects: [{kind: ServiceAccount, name: narrow, namespace: NAMESPACE}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: narrow-operator, namespace: NAMESPACE}
rules:
  - {apiGroups: [containerjobs.io], resources: [containerjobs], verbs: [get, list, watch, delete]}
  - {apiGroups: [containerjobs.io], resources: [containerjobs/status], verbs: [patch]}
  - {apiGroups: [""], resources: [events], verbs: [create, patch]}
  - {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: narrow-operator, namespace: NAMESPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: narrow-operator}
subjects: [{kind: ServiceAccount, name: narrow, namespace: NAMESPACE}]
"""


def test_operators_of_two_namespaces_share_a_cluster_and_a_host_with_rights_in_their_own_alone(
    jobs: Jobs, alone: Start, short_folder: Path
) -> None:
    plane, first, second = jobs.plane, f"{jobs.namespace}-a", f"{jobs.namespace}-b"
    operators = {}
    for namespace in (first, second):
        plane.kubectl("create", "namespace", namespace)
        plane.kubectl("create", "serviceaccount", "narrow", "-n", namespace)
        roles = ROLES.replace("NAMESPACE", namespace).replace("name: narrow-operator", f"name: narrow-{namespace}")
        plane.kubectl("apply", "-f", "-", input=roles)
        path = short_folder / f"{namespace}.kubeconfig"
        kubeconfig = plane.plane.service_account_kubeconfig(namespace, "narrow", path)
        options = (f"--namespace={namespace}", f"--lease-namespace={namespace}", "--host=local")
        operators[namespace] = alone(*options, kubeconfig=kubeconfig)
    theirs = {namespace: Jobs(plane, namespace, jobs.oracle) for namespace in operators}
    names = {namespace: theirs[namespace].apply("echo started; sleep 3; exit 3") for namespace in operators}
    for namespace, name in names.items():
        assert theirs[namespace].finished(name)["exitCode"] == 3
        assert runs(theirs[namespace], name) == ["started"]
    gone = theirs[first].apply("sleep 600")
    theirs[first].reaches(gone, "Running")
    uid = theirs[first].get(gone)["metadata"]["uid"]
    operators[first].end(signal.SIGKILL)
    plane.kubectl("-n", first, "delete", "cjob", gone, "--timeout=100s")
    swept = len(said(operators[second], "clearing a container"))
    theirs[second].finished(theirs[second].apply("sleep 5"))
    assert [c.status for c in jobs.oracle.containers.list(filters={"label": f"containerjobs.io/uid={uid}"})] == [
        "running"
    ]
    assert len(said(operators[second], "clearing a container")) == swept
    for operator in operators.values():
        assert "forbidden" not in operator.log.read_text()
