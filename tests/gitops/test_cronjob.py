"""The CronJob example: what its pod would do is done here, by its own command, variables and ServiceAccount."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from tests.conftest import TestPlane
from tests.e2e.conftest import Jobs

Body = dict[str, Any]
EXAMPLE = Path(__file__).parents[2] / "examples" / "gitops" / "cronjob" / "cronjob.yaml"
NAMESPACE = "default"


@pytest.fixture
def nightly(cluster: TestPlane, host: str, oracle: docker.DockerClient) -> Iterator[Jobs]:
    """The example, applied where it says."""
    cluster.kubectl("apply", "--validate=strict", "-f", str(EXAMPLE))
    yield Jobs(cluster, NAMESPACE, oracle)
    cluster.kubectl("delete", "-f", str(EXAMPLE))
    cluster.kubectl("delete", "cjob", "--all", "-n", NAMESPACE)


def pod_of(plane: TestPlane, job: str) -> Body:
    """Return the pod that a Job's controller would create; the API server has completed it, and stored nothing."""
    template = json.loads(plane.kubectl("get", "job", job, "-n", NAMESPACE, "-o", "json").stdout)["spec"]["template"]
    metadata = template["metadata"] | {"name": job, "namespace": NAMESPACE}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
    words = ("create", "--dry-run=server", "-o", "json", "-f", "-")
    completed: Body = json.loads(plane.kubectl(*words, input=json.dumps(pod)).stdout)
    return completed


def variables_of(pod: Body) -> dict[str, str]:
    """Return the container's variables as a kubelet fills them in."""
    known = {"metadata.namespace": pod["metadata"]["namespace"]}
    known |= {f"metadata.labels['{key}']": value for key, value in pod["metadata"]["labels"].items()}
    given = pod["spec"]["containers"][0]["env"]
    return {each["name"]: known[each["valueFrom"]["fieldRef"]["fieldPath"]] for each in given}


def ran(pod: Body, plane: TestPlane, kubeconfig: Path) -> "subprocess.CompletedProcess[str]":
    """Run the pod's command as a kubelet would, with the rights of its ServiceAccount."""
    [container] = pod["spec"]["containers"]
    variables = variables_of(pod)
    words = [*container["command"], *container["args"]]
    command = [re.sub(r"\$\((\w+)\)", lambda found: variables[found[1]], word) for word in words]
    programs = (str(plane.plane.kubectl.program.parent), str(Path(sys.executable).parent), os.environ["PATH"])
    environment = {**os.environ, **variables, "KUBECONFIG": str(kubeconfig), "PATH": os.pathsep.join(programs)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_a_night_has_one_run_whose_end_is_the_pods(nightly: Jobs, cluster: TestPlane, tmp_path: Path) -> None:
    cluster.kubectl("create", "job", "nightly-1", "--from=cronjob/nightly", "-n", NAMESPACE)
    pod = pod_of(cluster, "nightly-1")
    account = pod["spec"]["serviceAccountName"]
    kubeconfig = cluster.plane.service_account_kubeconfig(NAMESPACE, account, tmp_path / "kubeconfig")

    done = ran(pod, cluster, kubeconfig)
    assert (done.returncode, done.stdout) == (0, "Good night.\n"), done.stderr
    job = nightly.get("nightly-1")
    assert (job["status"]["phase"], job["spec"]["ttlSecondsAfterFinished"]) == ("Succeeded", 7 * 86400)
    assert len(nightly.containers("nightly-1")) == 1

    again = ran(pod, cluster, kubeconfig)
    assert again.returncode == 1
    assert "already exists" in again.stderr
    assert nightly.get("nightly-1")["metadata"]["uid"] == job["metadata"]["uid"]

    for verb in ("delete", "patch", "update", "deletecollection"):
        answer = cluster.kubectl("auth", "can-i", verb, "cjob", "-n", NAMESPACE, check=False, kubeconfig=kubeconfig)
        assert answer.stdout == "no\n"
