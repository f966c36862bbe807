"""Logs through the API server: the operator's own API behind kubectl and RBAC; Docker's client is the oracle."""

import hashlib
import itertools
import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import docker
import pytest
from tests.conftest import report
from tests.e2e.conftest import wait_for
from tests.size import FULL

from containerjob_api.frames import Cursor, Decoder, Frame, Kind
from containerjob_api.names import API_VERSION, LOG_API_GROUP
from containerjob_local import processes
from containerjob_local.engine import Engine
from containerjob_local.environment import Component, Environment, Options, down, up
from containerjob_local.operator_process import OperatorOptions

pytestmark = pytest.mark.real

MEGABYTES = 1024 if FULL else 32
RSS_GROWTH = 16.0
"""Megabytes."""
API = f"/apis/{LOG_API_GROUP}/v1alpha1"
NAMESPACE = "logs"
JOBS = f"{API}/namespaces/{NAMESPACE}/containerjobs"
PARTS = frozenset({Component.PLANE, Component.API, Component.OPERATOR})


@dataclass
class Logs:
    """A local environment with a fake host and a real one, and people who read logs there."""

    folder: Path
    environment: Environment
    oracle: docker.DockerClient
    names: Iterator[int] = field(default_factory=itertools.count)

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """Run kubectl as the administrator."""
        return self.environment.plane.kubectl.run(*arguments, stdin=stdin)

    def start(self, path: str, user: str = "") -> "subprocess.Popen[bytes]":
        """Ask for a path, and leave the answer to be read."""
        plane = self.environment.plane
        command = [str(plane.kubectl.program), "get", "--raw", path, *([f"--as={user}"] if user else [])]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=plane.kubectl.environment(), stdout=pipe, stderr=pipe)

    def read(self, path: str, user: str = "") -> tuple[str, str]:
        """Ask for a path; return what came and what kubectl said."""
        out, err = self.start(path, user).communicate(timeout=120)
        return out.decode(), err.decode()

    def job(self, script: str, host: str = "real") -> str:
        """Create a job and return its name."""
        name = f"job-{next(self.names)}"
        container = {"name": "main", "image": "busybox:1.37", "command": ["sh", "-c", script]}
        spec = {
            "backoffLimit": 0,
            "placement": {"hostRef": {"kind": "DockerHost", "name": host}},
            "template": {"spec": {"containers": [container]}},
        }
        metadata = {"name": name, "namespace": NAMESPACE}
        body = {"apiVersion": API_VERSION, "kind": "ContainerJob", "metadata": metadata, "spec": spec}
        self.kubectl("create", "-f", "-", stdin=json.dumps(body))
        return name

    def container(self, name: str) -> str:
        """Return the name of a job's first container, once there is one."""
        path = "jsonpath={.status.attempts[0].name}"
        return str(
            wait_for(f"{name} is bound", lambda: self.kubectl("get", "cjob", name, "-n", NAMESPACE, "-o", path))
        )

    def finished(self, name: str) -> None:
        """Wait for a job's end."""
        self.kubectl("wait", "--for=condition=Finished", "--timeout=100s", f"cjob/{name}", "-n", NAMESPACE)

    def operator(self) -> processes.StartedProcess:
        """Return the operator's process."""
        found = processes.recorded(self.environment.state.record("operator"))
        assert found is not None
        return found

    def megabytes(self) -> float:
        """Return the operator's resident memory."""
        lines = Path(f"/proc/{self.operator().pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


@pytest.fixture(scope="module")
def logs(short_folder: Path, engine: Engine) -> Iterator[Logs]:
    """One environment for all of these tests."""
    folder = short_folder / "logs"
    environment = up(Options(folder, components=PARTS, operator=OperatorOptions(allow_fake_hosts=True)), report)
    oracle = docker.DockerClient(base_url=engine.endpoint)
    made = Logs(folder, environment, oracle)
    try:
        made.kubectl("create", "namespace", NAMESPACE)
        for name, endpoint in (("fake", "fake://fake"), ("real", engine.endpoint)):
            body = {
                "apiVersion": API_VERSION,
                "kind": "DockerHost",
                "metadata": {"name": name},
                "spec": {"endpoint": endpoint, "allowedNamespaces": {"from": "All"}, "maxConcurrentJobs": 16},
            }
            made.kubectl("create", "-f", "-", stdin=json.dumps(body))
        made.kubectl("wait", "--for=condition=Ready", "dhost/fake", "dhost/real", "--timeout=100s")
        yield made
    finally:
        oracle.close()
        down(folder, report)


def frames_of(data: bytes) -> list[Frame]:
    return Decoder().feed(data)


def test_both_streams_of_a_job_are_read_as_the_engine_has_them(logs: Logs) -> None:
    name = logs.job("echo one; echo oh >&2; printf half; exit 3")
    out, err = logs.read(f"{JOBS}/{name}/log?follow=true")
    assert (sorted(out), err) == (sorted("one\noh\nhalf"), "")
    container = logs.oracle.containers.get(logs.container(name))
    assert logs.read(f"{JOBS}/{name}/log?stream=stdout")[0].encode() == container.logs(stderr=False)
    assert logs.read(f"{JOBS}/{name}/log?stream=stderr")[0].encode() == container.logs(stdout=False)
    stamped = logs.read(f"{JOBS}/{name}/log?timestamps=true&stream=stdout&tailLines=2")[0]
    assert stamped.encode() == container.logs(stderr=False, timestamps=True)
    data = logs.start(f"{JOBS}/{name}/log?framing=v1&follow=true").communicate(timeout=120)[0]
    ends = [json.loads(frame.data) for frame in frames_of(data) if frame.kind is Kind.END]
    assert ends == [{"reason": "exited", "exitCode": 3}, {"reason": "exited", "exitCode": 3, "phase": "Failed"}]


def test_a_removed_container_leaves_its_last_lines(logs: Logs) -> None:
    name = logs.job("echo kept")
    logs.finished(name)
    logs.oracle.containers.get(logs.container(name)).remove()
    assert logs.read(f"{JOBS}/{name}/log") == ("kept\n", "")


def test_many_jobs_of_both_hosts_are_one_stream(logs: Logs) -> None:
    names = [logs.job(f"echo {number}", host) for number, host in ((1, "real"), (2, "fake"), (3, "real"))]
    logs.kubectl("label", "cjob", *names, "-n", NAMESPACE, "set=many")
    out, err = logs.read(f"{JOBS}/-/log?labelSelector=set%3Dmany&follow=true")
    assert (sorted(out.split()), err) == (["1", "2", "3"], "")
    assert logs.read(f"{API}/containerjobs/-/log?labelSelector=set%3Dmany")[0].count("\n") == 3
    assert "labelSelector: reading ContainerJobs: unable to parse" in logs.read(f"{JOBS}/-/log?labelSelector=a+in")[1]


def test_what_cannot_be_answered_is_one_line_of_kubectl(logs: Logs) -> None:
    assert logs.read(f"{JOBS}/nobody/log") == (
        "",
        'Error from server (NotFound): containerjobs.containerjobs.io "nobody" not found\n',
    )
    refused = logs.read(f"{JOBS}/nobody/log?tailLines=-1")[1]
    assert refused == "Error from server (BadRequest): tailLines: '-1' is not a whole number of at least 0\n"


def test_hosts_and_usage_are_told(logs: Logs) -> None:
    probe = json.loads(logs.read(f"{API}/dockerhosts/real/probe")[0])
    assert (probe["reachable"], probe["engine"]["id"]) == (True, logs.oracle.info()["ID"])
    name = logs.job("sleep 60")
    wait_for("it runs", lambda: '"usage": {' in logs.read(f"{JOBS}/{name}/stats")[0])
    logs.kubectl("delete", "cjob", name, "-n", NAMESPACE)
    assert json.loads(logs.read(f"{API}/dockerhosts/fake/orphans")[0]) == {"items": []}


def may(logs: Logs, user: str, role: str) -> None:
    logs.kubectl("create", "rolebinding", user, f"--clusterrole={role}", f"--user={user}", "-n", NAMESPACE)


def test_a_viewer_may_look_but_reads_no_logs_unless_granted(logs: Logs) -> None:
    name = logs.job("echo secret", "fake")
    logs.finished(name)
    for user, role in (("viewer", "view"), ("editor", "edit"), ("boss", "admin")):
        may(logs, user, role)
    shown = ("get", "cjob", name, "-n", NAMESPACE, "-o", "name")
    wait_for("the roles are aggregated", lambda: logs.read(f"{JOBS}/{name}/log", "editor")[0] == "secret\n")
    assert logs.read(f"{JOBS}/{name}/log", "boss") == ("secret\n", "")
    assert logs.kubectl(*shown, "--as=viewer").strip().endswith(name)
    for path in (f"{JOBS}/{name}/log", f"{JOBS}/-/log"):
        out, err = logs.read(path, "viewer")
        assert (out, 'cannot get resource "containerjobs/log"' in err) == ("", True)
    refused = logs.read(f"{API}/containerjobs/-/log", "editor")[1]
    assert "at the cluster scope" in refused
    verbs = {verb: can(logs, "viewer", verb) for verb in ("get", "list", "watch", "create", "patch", "delete")}
    assert verbs == {"get": True, "list": True, "watch": True, "create": False, "patch": False, "delete": False}
    assert all(can(logs, "editor", verb) for verb in ("create", "patch", "update", "delete"))
    may(logs, "viewer-of-logs", "containerjobs-log")
    assert logs.read(f"{JOBS}/{name}/log", "viewer-of-logs") == ("secret\n", "")


def can(logs: Logs, user: str, verb: str) -> bool:
    asked = ("auth", "can-i", verb, "containerjobs.containerjobs.io", "-n", NAMESPACE, f"--as={user}")
    plane = logs.environment.plane
    command = [str(plane.kubectl.program), *asked, "--quiet"]
    return subprocess.run(command, env=plane.kubectl.environment(), check=False).returncode == 0


@pytest.mark.timeout(1200 if FULL else 300)
def test_much_output_is_followed_byte_by_byte_in_little_memory(logs: Logs) -> None:
    # In portions with pauses: an engine that is outrun by its container rotates output away before anybody reads it.
    portion = "awk -v n=$n 'BEGIN { for (i = 0; i < 2048; i++) printf \"%0127d\\n\", n * 2048 + i }'"
    name = logs.job(f"n=0; while [ $n -lt {MEGABYTES * 4} ]; do {portion}; n=$((n+1)); usleep 50000; done")
    logs.container(name)
    before, most = logs.megabytes(), 0.0
    decoder, ours, kinds = Decoder(), hashlib.sha256(), Counter[Kind]()
    tail = b""
    with logs.start(f"{JOBS}/{name}/log?follow=true&framing=v1") as following:
        assert following.stdout is not None
        while data := following.stdout.read1(1 << 20):  # type: ignore[attr-defined]
            for frame in decoder.feed(data):
                kinds[frame.kind] += 1
                if frame.kind is Kind.STDOUT:
                    ours.update(frame.data)
                    tail = (tail + frame.data)[-(4 << 20) :]
            most = max(most, logs.megabytes())
    assert following.returncode == 0
    written = hashlib.sha256()
    for number in range(MEGABYTES * 4 * 2048):
        written.update(b"%0127d\n" % number)
    assert kinds[Kind.GAP] == 0
    assert ours.digest() == written.digest()
    assert tail.endswith(logs.oracle.containers.get(logs.container(name)).logs(tail=10000))
    assert most - before <= RSS_GROWTH


def test_an_operator_that_is_killed_while_it_is_followed_leaves_no_gap_and_no_repeat(logs: Logs) -> None:
    name = logs.job("i=0; while [ $i -lt 600 ]; do echo $i; i=$((i+1)); usleep 50000; done")
    logs.container(name)
    output, cursor, ended = b"", "", False
    for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, None):
        with logs.start(f"{JOBS}/{name}/log?framing=v1&follow=true{cursor}") as following:
            assert following.stdout is not None
            decoder, read = Decoder(), 0
            while data := following.stdout.read1(4096):  # type: ignore[attr-defined]
                for frame in decoder.feed(data):
                    ended = ended or frame.kind is Kind.END
                    if frame.kind is Kind.STDOUT:
                        output += frame.data
                        cursor = f"&cursor={Cursor(logs.container(name), frame.time, frame.ordinal)}"
                        read += 1
                if read > 3 and how is not None:
                    os.kill(logs.operator().pid, how)
                    how = None  # noqa: PLW2901 - once
        if ended:
            break
        up(Options(logs.folder, components=PARTS, operator=OperatorOptions(allow_fake_hosts=True)), report)
    assert ended
    assert output.decode().split() == [str(number) for number in range(600)]


def test_a_namespace_can_be_deleted_beside_the_log_api(logs: Logs) -> None:
    logs.kubectl("create", "namespace", "short-lived")
    logs.kubectl("delete", "namespace", "short-lived", "--timeout=100s")
