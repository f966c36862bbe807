"""doctor and version against a real cluster, with and without rights."""

import json
import os

from tests.cli.conftest import Cluster, Shell

from containerjob_local.binaries.releases import kubernetes_version


def test_a_whole_environment_has_nothing_wrong(shell: Shell) -> None:
    found = json.loads(shell("doctor", "-o", "json").stdout)["checks"]
    own = {"host fake", "host local"}  # another test may have a host that is not ready
    found = [check for check in found if not check["name"].startswith("host ") or check["name"] in own]
    by_name = {check["name"]: check for check in found}
    assert {"kubectl", "cluster", "kinds", "fields", "operator", "log API", "host fake", "host local"} <= set(by_name)
    assert [check for check in found if check["state"] == "bad"] == []
    assert by_name["operator"]["detail"].endswith("is alive")
    assert len([check for check in found if check["name"] == "permission"]) == 8
    told = shell("doctor").stdout
    assert "✔ kinds: containerjobs, containerjobtemplates, dockerhosts, cloudrunhosts are served\n" in told
    assert "\x1b[32m✔" in shell("doctor", "--color=always").stdout


def test_what_one_may_not_do_is_named_with_what_to_ask_for(shell: Shell) -> None:
    shell.cluster.kubectl("create", "serviceaccount", "nobody", "-n", shell.namespace)
    done = shell("doctor", f"--as=system:serviceaccount:{shell.namespace}:nobody")
    assert (done.returncode, done.stderr) == (1, "")
    assert "✘ permission: you may not look at jobs\n  → ask for: get containerjobs.containerjobs.io; " in done.stdout
    assert "! operator: its Lease can't be read" in done.stdout
    assert "! hosts: you may not list them" in done.stdout


def test_without_a_cluster_the_rest_is_not_asked(shell: Shell) -> None:
    done = shell("doctor", "--server=https://127.0.0.1:1")
    kubectl, cluster = done.stdout.splitlines()
    assert (done.returncode, kubectl[0], cluster[0]) == (1, "✔", "✘")
    assert "the cluster does not answer" in cluster


def test_versions_are_those_of_every_part(shell: Shell, cluster: Cluster) -> None:
    found = json.loads(shell.ok("version", "-o", "json"))
    assert found["kubectl"] == found["server"] == kubernetes_version(os.environ)
    assert found["api"] == "containerjobs.io/v1alpha1"
    assert set(json.loads(shell.ok("version", "--client", "-o", "json"))) == {"plugin", "api", "controlPlane"}
    away = shell.ok("version", "--server=https://127.0.0.1:1")
    assert "API server     <unknown>\noperator       <unknown>\n" in away
    assert "control plane  Kubernetes v1.37.2, etcd v3.7.3\n" in away
