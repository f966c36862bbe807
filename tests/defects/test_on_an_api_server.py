"""Defects of what may be written down: the API server itself guards against them."""

import json
from typing import Any
from uuid import uuid4

import pytest
from tests.conftest import TestPlane

from containerjob_api.names import API_VERSION
from containerjob_api.phases import HostReason
from containerjob_operator.executors.registry import EndpointRefused, executor_at

pytestmark = pytest.mark.real

ENDED: dict[str, Any] = {"phase": "Failed", "finished": True, "finishTime": "2026-03-01T12:00:00Z", "attemptCount": 0}


def test_d14_an_end_is_final_and_running_again_is_a_new_job(installed: TestPlane) -> None:
    """Restarting in bulk set completed jobs to pending, which the model's own rules then refused halfway."""
    name = f"ended-{uuid4().hex[:8]}"
    template = {"spec": {"containers": [{"name": "main", "image": "busybox"}]}}
    job = {"apiVersion": API_VERSION, "kind": "ContainerJob", "spec": {"template": template}}

    def create(called: str) -> int:
        body = json.dumps(job | {"metadata": {"name": called}})
        return installed.kubectl("create", "-f", "-", input=body, check=False).returncode

    def write(status: dict[str, Any]) -> str:
        patch = ("--type=merge", "--subresource=status", "-p", json.dumps({"status": status}))
        return installed.kubectl("patch", "cjob", name, *patch, check=False).stderr

    assert create(name) == 0
    assert write(ENDED) == ""
    assert "the outcome of a finished job is final" in write({"phase": "Pending", "finished": False})
    assert create(f"{name}-again") == 0
    installed.kubectl("delete", "cjob", name, f"{name}-again")


@pytest.mark.parametrize("kind", ["fargate", "scaleway"])
def test_d17_a_kind_of_host_that_does_not_exist_is_refused_at_once(installed: TestPlane, kind: str) -> None:
    """Kinds of hosts were on offer that the factory then did not know."""
    host = {"apiVersion": API_VERSION, "kind": "DockerHost", "metadata": {"name": kind}}
    body = json.dumps(host | {"spec": {"endpoint": f"{kind}://far"}})
    refused = installed.kubectl("create", "-f", "-", input=body, check=False)
    assert refused.returncode == 1
    assert "endpoint must be the path of a socket, such as unix:///var/run/docker.sock" in refused.stderr
    with pytest.raises(EndpointRefused, match="is not supported; name a socket") as problem:
        executor_at(f"{kind}://far", cluster_uid="c", allow_fake_hosts=True)
    assert problem.value.reason is HostReason.UNREACHABLE
