"""Installing the API, with kubectl played by a script that is not ready at first."""

import json
from pathlib import Path

import pytest

from containerjob_local import operator_process
from containerjob_local.controlplane import Plane
from containerjob_local.errors import ReadinessError
from containerjob_local.kubectl import Kubectl
from containerjob_local.operator_process import apply_api
from containerjob_local.state import State

KINDS = ("containerjobs", "dockerhosts", "cloudrunhosts", "containerjobtemplates")
SERVED = json.dumps({"resources": [{"name": kind} for kind in KINDS]})
HALF_SERVED = '{"resources": [{"name": "containerjobs"}]}'
# Discovery refuses once, then answers; everything else is noted and succeeds.
SCRIPT = """#!/bin/sh
cd {folder}
[ "$1" = get ] || {{ echo "$*" >> asked; exit 0; }}
[ -e looked ] || {{ touch looked; echo 'Error: not found' >&2; exit 1; }}
echo '{answer}'
"""


def plane(folder: Path, answer: str) -> Plane:
    kubectl = folder / "kubectl"
    kubectl.write_text(SCRIPT.format(folder=folder, answer=answer))
    kubectl.chmod(0o755)
    return Plane(State(folder), "https://127.0.0.1:1", "v1", "uid", Kubectl(kubectl, folder / "admin.kubeconfig"))


def test_the_api_is_installed_once_it_is_served(tmp_path: Path) -> None:
    apply_api(plane(tmp_path, SERVED))
    asked = [line.rpartition("/")[2] for line in (tmp_path / "asked").read_text().splitlines()]
    definitions = ["cloudrunhosts.yaml", "containerjobs.yaml", "containerjobtemplates.yaml", "dockerhosts.yaml"]
    assert asked[:5] == [*definitions, "rbac.yaml"]


def test_an_api_that_never_comes_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_process, "SERVED_SECONDS", 0.2)
    with pytest.raises(ReadinessError, match=r"the new API is not ready after 0\.2 s"):
        apply_api(plane(tmp_path, HALF_SERVED))
