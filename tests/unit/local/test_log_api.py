"""The log API's port and registration, with kubectl played by a script that notes what it is asked."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from containerjob_local.controlplane import Plane
from containerjob_local.errors import LocalError
from containerjob_local.kubectl import Kubectl
from containerjob_local.log_api import HOST, choose_port, operator_options, register_log_api
from containerjob_local.pki import ensure_pki
from containerjob_local.state import LogApiRecord, State

SCRIPT = """#!/bin/sh
cd {folder}
echo "$*" >> asked
[ "$1" = wait ] || cat > applied
"""


@pytest.fixture
def plane(tmp_path: Path) -> Plane:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(SCRIPT.format(folder=tmp_path))
    kubectl.chmod(0o755)
    ensure_pki(tmp_path / "pki")
    return Plane(State(tmp_path), "https://127.0.0.1:1", "v1", "uid", Kubectl(kubectl, tmp_path / "kubeconfig"))


def test_the_port_stays_over_restarts_unless_it_is_taken(plane: Plane) -> None:
    port = choose_port(plane.state)
    assert choose_port(plane.state) == port
    with socket.create_server(("127.0.0.1", port)):
        other = choose_port(plane.state)
    assert other != port
    assert plane.state.log_api() == LogApiRecord(other)


def test_the_operator_gets_its_certificate_by_options(plane: Plane) -> None:
    options = operator_options(plane.state, 1234)
    assert options[:4] == ["--api-port", "1234", "--api-address", "127.0.0.1"]
    assert all(Path(options[at]).is_file() for at in (5, 7))


def test_the_api_server_learns_the_port_and_the_authority_and_is_waited_for(plane: Plane) -> None:
    plane.state.remember_log_api(LogApiRecord(1234))
    said: list[str] = []
    register_log_api(plane, said.append)
    service, api = (
        dict[str, Any](each) for each in json.loads((plane.state.folder / "applied").read_text())["items"]
    )
    assert (service["spec"]["type"], service["spec"]["externalName"]) == ("ExternalName", "localhost")
    named = api["spec"]["service"]
    assert f"{named['name']}.{named['namespace']}.svc" == HOST
    assert (named["port"], service["spec"]["ports"][0]["port"]) == (1234, 1234)
    waited = (plane.state.folder / "asked").read_text().splitlines()[-1]
    assert waited == "wait --for=condition=Available --timeout=30s apiservice/v1alpha1.subresources.containerjobs.io"
    assert said == ["✔ log API available"]


def test_without_a_port_there_is_nothing_to_register(plane: Plane) -> None:
    with pytest.raises(LocalError, match="take the environment down and up again"):
        register_log_api(plane, print)
