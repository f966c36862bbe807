"""`create` through real kubectl: what is stored, what is printed, and what is refused."""

import json

from tests.cli.conftest import Shell, wait_for

FAKE = ("--image", "busybox:1.37", "--host", "fake")
KIND = "containerjob.containerjobs.io"


def test_a_job_is_created_as_its_dry_runs_said(shell: Shell) -> None:
    words = ("create", "hello", *FAKE, "--env", "A=b", "--retries", "0", "--dry-run")
    client = shell.ok(*words, "client", "-o", "yaml", "--", "echo", "hi")
    assert client.startswith("apiVersion: containerjobs.io/v1alpha1\nkind: ContainerJob\nmetadata:\n  name: hello\n")
    assert "status" not in client
    assert "null" not in client
    server = json.loads(shell.ok(*words, "server", "-o", "json", "--", "echo", "hi"))
    assert "status" not in server
    assert "managedFields" not in server["metadata"]
    assert shell.ok(*words, "server", "--", "echo") == f"{KIND}/hello created (server dry run)\n"
    assert shell.cluster.kubectl("get", "cjob", "-n", shell.namespace, "-o", "name") == ""

    assert shell.ok("create", "-f", "-", "-o", "name", stdin=client) == f"{KIND}/hello\n"
    assert shell.job("hello")["spec"]["template"] == server["spec"]["template"]
    whole = ("get", "cjob", "hello", "-n", shell.namespace, "-o", "json", "--show-managed-fields")
    assert '"manager": "kubectl-containerjob"' in shell.cluster.kubectl(*whole)

    assert shell.refused("create", "hello", *FAKE) == (
        'containerjobs.containerjobs.io "hello" already exists: choose another name, or delete it first'
    )


def test_many_jobs_are_created_at_once_and_waited_for(shell: Shell) -> None:
    many = ("--count", "3", "--", "echo", "part {index}")
    client = shell.ok("create", "part", *FAKE, "--dry-run", "client", "-o", "yaml", *many)
    assert client.count("\n---\n") == 2
    out = shell.ok("create", "part", *FAKE, "--wait", *many).splitlines()
    assert out[:3] == [f"{KIND}/part-{index} created" for index in range(3)]
    assert sorted(out[3:]) == [f"{KIND}/part-{index} finished (Succeeded)" for index in range(3)]
    assert shell.job("part-2")["spec"]["template"]["spec"]["containers"][0]["args"] == ["echo", "part 2"]

    shell.cluster.kubectl("delete", "cjob", "part-1", "-n", shell.namespace)
    again = shell("create", "part", *FAKE, "-o", "json", *many)
    assert again.returncode == 1
    assert again.stderr.startswith(
        'error: 2 were not created; the first: containerjobs.containerjobs.io "part-0" alre'
    )
    assert json.loads(again.stdout)["metadata"]["name"] == "part-1"

    failed = shell("create", *FAKE, "--retries", "0", "--wait", "--field-manager", "me", "--", "false")
    assert failed.returncode == 1
    assert failed.stdout.endswith("finished (Failed)\n")


def test_a_job_that_must_wait_waits(shell: Shell) -> None:
    shell.ok("create", "later", *FAKE, "--suspend", "--", "true")
    shell.ok("create", "tomorrow", *FAKE, "--at", "+24h", "--", "true")
    shell.reaches("later", "Suspended")
    wait_for("tomorrow waits", lambda: "NotBefore" in json.dumps(shell.job("tomorrow")["status"]))


def test_what_the_cluster_refuses_is_one_line(shell: Shell) -> None:
    shell.namespace += "-not-there"
    assert "not found" in shell.refused("create", "x", *FAKE)
    shell.variables["KUBECONFIG"] = "/nonexistent"
    assert "cluster does not answer" in shell.refused("create", "x", *FAKE)
    missing = shell.refused("create", "-f", "/nonexistent.yaml")
    assert "/nonexistent.yaml" in missing or "cluster does not answer" in missing
