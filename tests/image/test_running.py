"""The image at work: locked down as the chart runs it, against a real control plane."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import docker.models.containers
import pytest
from tests.conftest import TestPlane
from tests.image.conftest import LOCKED_DOWN
from tools.image.making import Built

from containerjob_api.names import OPERATOR_NAME, OPERATOR_NAMESPACE

RunPython = Callable[..., str]
MOST_RESIDENT_KILOBYTES = 110 * 1024
HOST = {
    "apiVersion": "containerjobs.io/v1alpha1",
    "kind": "DockerHost",
    "metadata": {"name": "pretend"},
    "spec": {"endpoint": "fake://pretend?runForSeconds=0", "allowedNamespaces": {"from": "All"}},
}
JOB = {
    "apiVersion": "containerjobs.io/v1alpha1",
    "kind": "ContainerJob",
    "metadata": {"name": "first", "namespace": "default"},
    "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "any"}]}}},
}


def wait_for(what: str, found: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < end, f"waited {seconds} s in vain: {what}"
        time.sleep(0.05)
    return answer


@pytest.fixture
def operator(
    client: docker.DockerClient, built: Built, installed: TestPlane, tmp_path: Path
) -> Iterator[docker.models.containers.Container]:
    """The operator in a container of its image, on the machine's own network."""
    own = installed.plane.service_account_kubeconfig(OPERATOR_NAMESPACE, OPERATOR_NAME, tmp_path / "kubeconfig")
    own.chmod(0o644)  # as the chart's token, it is read by a user who owns nothing
    container = client.containers.run(
        built.image,
        ["--kubeconfig=/kubeconfig", "--allow-fake-hosts"],
        detach=True,
        network_mode="host",
        volumes={str(own): {"bind": "/kubeconfig", "mode": "ro"}},
        **LOCKED_DOWN,
    )
    yield container
    print(container.logs().decode())
    container.remove(force=True)


def process(container: docker.models.containers.Container) -> dict[str, list[str]]:
    """Return what the kernel says of a container's only process: the words of each line of its status."""
    container.reload()
    pids = [int(row[1]) for row in container.top()["Processes"]]
    assert pids == [container.attrs["State"]["Pid"]]
    lines = Path(f"/proc/{pids[0]}/status").read_text().splitlines()
    return {name: words.split() for name, _, words in (line.partition(":") for line in lines)}


def test_it_does_its_work_and_stays_small(
    operator: docker.models.containers.Container, installed: TestPlane, client: docker.DockerClient
) -> None:
    for thing in (HOST, JOB):
        installed.kubectl("apply", "-f", "-", input=json.dumps(thing))
    phase = ("get", "cjob", "first", "-o", "jsonpath={.status.phase}")
    wait_for("the job ran", lambda: installed.kubectl(*phase).stdout == "Succeeded")
    seen = process(operator)
    assert int(seen["VmRSS"][0]) <= MOST_RESIDENT_KILOBYTES
    assert {*seen["Uid"], *seen["Gid"]} == {"65532"}
    assert (seen["CapEff"], seen["NoNewPrivs"]) == ([f"{0:016x}"], ["1"])
    operator.stop(timeout=90)
    assert operator.wait()["StatusCode"] == 0, operator.logs().decode()
    installed.kubectl("delete", "cjob/first", "dhost/pretend", "--wait=false")


def test_help_needs_nothing_that_can_be_written(client: docker.DockerClient, built: Built) -> None:
    output = client.containers.run(built.image, ["--help"], network_mode="none", remove=True, **LOCKED_DOWN)
    assert b"Usage: containerjob-operator" in output


def test_a_wrong_option_is_refused_in_one_line(client: docker.DockerClient, built: Built) -> None:
    with pytest.raises(docker.errors.ContainerError) as refused:
        client.containers.run(built.image, ["--no-such"], network_mode="none", remove=True, **LOCKED_DOWN)
    assert refused.value.exit_status == 2
    assert "--no-such" in str(refused.value)


def test_it_runs_as_nobody_in_particular_and_writes_only_to_tmp(in_container: RunPython) -> None:
    script = """
import json, os, pathlib
def writable(folder):
    try:
        path = pathlib.Path(folder, "probe")
        path.write_text("")
    except OSError:
        return False
    path.unlink()
    return True
places = ["/", "/opt/containerjob", "/etc", "/var", "/home", "/tmp"]
print(json.dumps([os.getuid(), os.getgid(), [place for place in places if writable(place)]]))
"""
    assert json.loads(in_container(script)) == [65532, 65532, ["/tmp"]]


def test_its_labels_say_what_it_is_made_of(client: docker.DockerClient, built: Built) -> None:
    image = client.images.get(built.image)
    prefix = "org.opencontainers.image."
    labels = {name.removeprefix(prefix): text for name, text in image.labels.items() if name.startswith(prefix)}
    assert labels["title"] == "containerjob-operator"
    assert labels["version"] == built.image.partition(":")[2]
    assert labels["base.name"] == built.base
    assert {"revision", "source", "licenses"} <= labels.keys()
    assert image.attrs["Config"]["User"] == "65532:65532"
    assert image.attrs["Config"]["Entrypoint"] == ["containerjob-operator"]
