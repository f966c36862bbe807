"""`make e2e-kind`, with a script in kind's place: what kind is asked for, and what a person without kind reads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fakes.programs import write_program
from tests.fakes.socket_engine import VERSION, Answer, socket_engine
from tools import kind_cluster
from tools.kind_cluster import ROOT, Kind, Unmet, docker_engine

from containerjob_local.engine import Engine

ENGINE = Engine("unix:///run/engine.sock", "docker", "20.10.24", "1.41", started_by_us=False)
SAID = 'echo "$DOCKER_HOST $*" >> "$SAID"'
LENT = "env | grep ^CONTAINERJOB_TEST_ | sort >> $SAID; exit 3"


def kind(folder: Path, script: str = SAID) -> Kind:
    environment = {"PATH": "/usr/bin:/bin", "SAID": str(folder / "said")}
    return Kind(str(write_program(folder, "kind", script)), ENGINE, environment, folder, "cj-1")


def test_the_clusters_node_sees_the_engine_and_the_persons_kubeconfig_stays(tmp_path: Path) -> None:
    made = kind(tmp_path)
    made.create()
    config, kubeconfig = tmp_path / "kind.json", tmp_path / "kubeconfig"
    mounts = [{"hostPath": "/run/engine.sock", "containerPath": "/run/engine.sock"}]
    assert json.loads(config.read_text())["nodes"] == [{"role": "control-plane", "extraMounts": mounts}]
    asked = f"create cluster --config={config} --kubeconfig={kubeconfig} --wait=180s --name=cj-1"
    assert (tmp_path / "said").read_text() == f"{ENGINE.endpoint} {asked}\n"


def test_the_tests_get_cluster_image_and_engine_and_their_exit_code_is_told(tmp_path: Path) -> None:
    made = kind(tmp_path)
    assert made.test("operator:1", Path("operator.tar"), ["sh", "-c", LENT]) == 3
    made.delete()
    assert (tmp_path / "said").read_text().splitlines() == [
        f"{ENGINE.endpoint} load image-archive operator.tar --name=cj-1",
        f"CONTAINERJOB_TEST_ENGINE={ENGINE.endpoint}",
        "CONTAINERJOB_TEST_IMAGE=operator:1",
        f"CONTAINERJOB_TEST_KUBECONFIG={tmp_path}/kubeconfig",
        f"{ENGINE.endpoint} delete cluster --kubeconfig={tmp_path}/kubeconfig --name=cj-1",
    ]


def test_a_cluster_that_cannot_be_made_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(Unmet, match=r"kind create cluster ended with exit code 7, see above"):
        kind(tmp_path, "exit 7").create()


@pytest.mark.parametrize(("there", "missing"), [((), "kind"), (("kind",), "docker")])
def test_without_kind_or_docker_one_line_says_what_to_install(
    tmp_path: Path, there: tuple[str, ...], missing: str
) -> None:
    for name in there:
        write_program(tmp_path, name, "exit 1")
    done = subprocess.run(
        [sys.executable, "-m", kind_cluster.__name__],
        env={"PATH": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = f"error: {missing} is not in PATH: make e2e-kind needs kind and Docker, install both\n"
    assert (done.returncode, done.stderr) == (1, told)


def test_the_engine_that_docker_is_pointed_at_is_taken(tmp_path: Path) -> None:
    with socket_engine(tmp_path / "engine.sock") as engine:
        assert docker_engine({"DOCKER_HOST": engine.endpoint}).endpoint == engine.endpoint


def test_podman_does_not_do(tmp_path: Path) -> None:
    podman = Answer(200, {**VERSION, "Components": [{"Name": "Podman Engine"}]})
    with (
        socket_engine(tmp_path / "engine.sock", **{"GET /version": podman}) as engine,
        pytest.raises(Unmet, match="no Docker engine answers at a unix socket: make e2e-kind needs one, install"),
    ):
        docker_engine({"DOCKER_HOST": engine.endpoint})
