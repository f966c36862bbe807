"""`why` through real kubectl: hosts and who waits are read as this user may."""

import json

from tests.cli.conftest import Shell


def test_a_job_is_explained_by_its_hosts_as_far_as_they_may_be_read(shell: Shell) -> None:
    missing = {"hostRef": {"kind": "DockerHost", "name": "no-such-host"}}
    shell.create("lost", placement=missing, labels={"app": "x"})
    shell.create("held", suspend=True, labels={"app": "y"})
    shell.reaches("lost", "Pending")
    shell.reaches("held", "Suspended")
    assert "placement.hostRef names DockerHost no-such-host, which does not exist" in shell.ok("why", "lost")
    both = shell.ok("why", "lost", "held")
    assert both.count("\n\n") == 1
    assert f"kubectl containerjob resume held -n {shell.namespace}" in both
    one = json.loads(shell.ok("why", "lost", "-o", "json"))
    assert set(one) == {"name", "namespace", "phase", "reason", "explanation", "remedy"}
    assert (one["phase"], one["reason"]) == ("Pending", "HostNotFound")
    assert [each["name"] for each in json.loads(shell.ok("why", "-l", "app=y", "-o", "json"))] == ["held"]
    empty = shell("why", "-l", "app=none")
    assert (empty.returncode, empty.stdout, empty.stderr) == (
        0,
        "",
        f"No ContainerJobs found in {shell.namespace} namespace.\n",
    )
    own = ("-n", shell.namespace)
    shell.cluster.kubectl("create", "role", "see", "--verb=get,list", "--resource=containerjobs", *own)
    shell.cluster.kubectl("create", "rolebinding", "see", "--role=see", "--user=viewer", *own)
    assert "You may not list DockerHosts" in shell.ok("why", "lost", "--as=viewer")
    assert "forbidden" in shell.refused("why", "lost", "--as=nobody")


def test_a_full_and_a_closed_host_are_told_apart(shell: Shell) -> None:
    host = f"{shell.namespace}-tiny"
    body = {
        "apiVersion": "containerjobs.io/v1alpha1",
        "kind": "DockerHost",
        "metadata": {"name": host},
        "spec": {
            "endpoint": f"fake://{host}?cpus=1",
            "maxConcurrentJobs": 1,
            "allowedNamespaces": {
                "from": "Selector",
                "selector": {"matchLabels": {"kubernetes.io/metadata.name": shell.namespace}},
            },
        },
    }
    shell.cluster.kubectl("apply", "-f", "-", stdin=json.dumps(body))
    try:
        pinned = {"placement": {"hostRef": {"kind": "DockerHost", "name": host}}}
        shell.cluster.kubectl("wait", "--for=condition=Ready", f"dhost/{host}", "--timeout=100s")
        shell.create("first", "sleep 600", **pinned)
        shell.reaches("first", "Running")
        shell.create("second", **pinned)
        shell.reaches("second", "Queued")
        assert f"{host} is full (1 of 1 slots)" in " ".join(shell.ok("why", "second").split())
        assert f"It runs on host {host}" in shell.ok("why", "first")
        assert f"{host} is full (1 of 1 slots)" in shell.ok("why", "second", "-o", "json")
        open_only = '-p={"spec":{"allowedNamespaces":{"from":"None","selector":null}}}'
        shell.cluster.kubectl("patch", "dhost", host, "--type=merge", open_only)
        assert f"{host} does not admit namespace {shell.namespace}" in shell.ok("why", "second")
    finally:
        shell.cluster.kubectl("delete", "cjob", "--all", "-n", shell.namespace)
        shell.cluster.kubectl("delete", "dhost", host, "--wait=false")
