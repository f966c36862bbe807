"""Every mistake: one line on stderr that says what and what to do, the documented code, never a traceback."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.cli.conftest import Shell

from kubectl_containerjob import exits
from kubectl_containerjob.problems import NO_KINDS, NO_KUBECTL

DOWN = "--server=https://127.0.0.1:1"
ASK = "ask an administrator for the role"


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (("lsit",), exits.USAGE, "there is no command 'lsit': did you mean list?; see `kubectl containerjob --help`"),
        (("list", "--fast"), exits.USAGE, "No such option"),
        (("list", DOWN), exits.FAILED, "the cluster does not answer"),
        (("create", "x", "--image=busybox:1.37", DOWN), exits.FAILED, "the cluster does not answer"),
        (("seed", DOWN), exits.FAILED, "the cluster does not answer"),
        (("list", "--context=lost"), exits.FAILED, "see `kubectl config get-contexts`"),
        (("list", "--kubeconfig=/nowhere/at/all"), exits.FAILED, "/nowhere/at/all"),
        (("show", "nobody"), exits.FAILED, "there is no ContainerJob nobody in"),
        (("cancel", "nobody"), exits.FAILED, "there is no ContainerJob nobody in"),
        (("template", "show", "nobody"), exits.FAILED, "nobody"),
        (("create", "x", "--from-template=nobody"), exits.FAILED, "nobody"),
        (("create", "Bad_Name", "--image=busybox:1.37"), None, "Bad_Name"),
    ],
)
def test_a_mistake_is_one_line(shell: Shell, words: tuple[str, ...], code: int | None, line: str) -> None:
    done = shell(*words)
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("error: ")
    assert line in done.stderr
    assert done.returncode == code if code is not None else done.returncode in {exits.FAILED, exits.USAGE}
    assert done.stdout == ""


def test_a_name_that_is_taken_stays_whose_it_is(shell: Shell) -> None:
    shell.create("mine")
    line = shell.refused("create", "mine", "--image=busybox:1.37")
    assert "mine" in line
    assert "choose another name, or delete it first" in line


def test_a_host_that_does_not_exist_leaves_the_job_waiting_with_the_reason(shell: Shell) -> None:
    shell.ok("create", "lost", "--image=busybox:1.37", "--host=nobody")
    shell.reaches("lost", "Pending")
    assert "DockerHost nobody" in shell.ok("why", "lost")


def test_half_an_env_file_and_a_missing_parameter_are_named(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "half.env"
    file.write_text("GOOD=1\nnot an assignment\n")
    done = shell("create", "x", "--image=busybox:1.37", f"--env-file={file}")
    assert (done.returncode in {exits.FAILED, exits.USAGE}, done.stderr.count("\n")) == (True, 1), done.stderr
    assert "half.env" in done.stderr
    assert "2" in done.stderr
    shell.ok("seed", "--skip-host")
    done = shell("create", "x", "--from-template=sample-numbers")
    assert (done.returncode in {exits.FAILED, exits.USAGE}, done.stderr.count("\n")) == (True, 1), done.stderr
    assert "numbers" in done.stderr


def test_who_may_do_nothing_is_told_whom_to_ask(shell: Shell) -> None:
    who = f"--as=system:serviceaccount:{shell.namespace}:default"
    shell.create("there")
    for words in (
        ("list",),
        ("show", "there"),
        ("cancel", "there"),
        ("delete", "there"),
        ("create", "x", "--image=busybox:1.37"),
        ("seed",),
        ("host", "cordon", "fake"),
    ):
        done = shell(*words, who) if words[0] != "host" else _host(shell, *words[1:], who)
        assert (done.returncode, done.stderr.count("\n")) == (exits.FAILED, 1), (words, done.stderr)
        assert "forbidden" in done.stderr.lower(), done.stderr
        assert ASK in done.stderr


def _host(shell: Shell, *words: str) -> "subprocess.CompletedProcess[str]":
    command = ["kubectl", "containerjob", "host", *words]
    return subprocess.run(command, env=shell.cluster.environment, capture_output=True, text=True, check=False)


def test_without_kubectl_one_line_says_what_to_install(shell: Shell, tmp_path: Path) -> None:
    plugin = [sys.executable, "-m", "kubectl_containerjob"]
    for words in (["list"], ["seed"], ["host", "show", "x"], ["logs", "x"]):
        done = subprocess.run(
            [*plugin, *words], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (exits.FAILED, f"error: {NO_KUBECTL}\n")
    done = subprocess.run(
        [*plugin, "doctor"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (exits.FAILED, f"✘ kubectl: {NO_KUBECTL}\n")


ANSWERS = {
    "/version": {"major": "1", "minor": "37", "gitVersion": "v1.37.0"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": []},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
}


class Bare(BaseHTTPRequestHandler):
    """An API server that knows no kinds but its own."""

    def do_GET(self) -> None:
        body = ANSWERS.get(self.path.partition("?")[0])
        text = json.dumps(body).encode() if body else b"404 page not found"
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/json" if body else "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment whose kubeconfig leads to a cluster without our kinds."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bare)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    cluster = {"name": "bare", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
    context = {"name": "bare", "context": {"cluster": "bare", "user": "me", "namespace": "default"}}
    config = {"kind": "Config", "apiVersion": "v1", "clusters": [cluster], "contexts": [context]}
    config |= {"current-context": "bare", "users": [{"name": "me", "user": {}}]}
    (tmp_path / "config").write_text(json.dumps(config))
    yield {"KUBECONFIG": str(tmp_path / "config"), "KUBECACHEDIR": str(tmp_path / "cache")}
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_cluster_without_our_kinds_is_told_how_to_get_them(shell: Shell, bare: dict[str, str]) -> None:
    for words in (("list",), ("show", "x"), ("create", "x", "--image=busybox:1.37"), ("seed", "--skip-host")):
        done = shell(*words, variables=bare)
        assert (done.returncode, done.stderr) == (exits.FAILED, f"error: {NO_KINDS}\n"), words
    done = shell("doctor", variables=bare)
    assert done.returncode == exits.FAILED
    assert "✘ kinds: this cluster does not know ContainerJobs\n  → install the operator's chart" in done.stdout
