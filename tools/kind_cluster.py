"""`make e2e-kind`: the chart's tests on a cluster of kind's, made for them and deleted afterwards."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.image.making import Order, make

from containerjob_local.binaries.cache import cache_folder
from containerjob_local.engine import Engine
from containerjob_local.engine.candidates import candidates
from containerjob_local.engine.ladder import first_answering
from containerjob_local.errors import LocalError

ROOT = Path(__file__).resolve().parents[1]
UNIX = "unix://"
READY_SECONDS = 180
TESTS = (sys.executable, "-m", "pytest", "tests/node")


class Unmet(Exception):
    """Something is not there, or did not work; the message says what to do."""


def report(line: str) -> None:
    """Tell what goes on."""
    print(f"• {line}", file=sys.stderr, flush=True)


def needed(program: str, environment: Mapping[str, str]) -> str:
    """Return a program's path."""
    found = shutil.which(program, path=environment.get("PATH", ""))
    if found is None:
        raise Unmet(f"{program} is not in PATH: make e2e-kind needs kind and Docker, install both")
    return found


def docker_engine(environment: Mapping[str, str]) -> Engine:
    """Return the Docker engine that kind is to use, and jobs with it."""
    engine = first_answering(candidates(environment), report)
    if engine is None or engine.kind != "docker" or not engine.endpoint.startswith(UNIX):
        raise Unmet("no Docker engine answers at a unix socket: make e2e-kind needs one, install and start Docker")
    return engine


@dataclass(frozen=True, slots=True)
class Kind:
    """One cluster, by kind's program."""

    program: str
    engine: Engine
    environment: Mapping[str, str]
    folder: Path
    name: str

    @property
    def kubeconfig(self) -> Path:
        """Name the cluster's kubeconfig; the person's own stays as it is."""
        return self.folder / "kubeconfig"

    def run(self, *arguments: str) -> None:
        """Run one of kind's commands; it tells people itself what goes on."""
        docker = {"DOCKER_HOST": self.engine.endpoint, "KIND_EXPERIMENTAL_PROVIDER": "docker"}
        command = [self.program, *arguments, f"--name={self.name}"]
        done = subprocess.run(command, env={**self.environment, **docker}, check=False)
        if done.returncode != 0:
            raise Unmet(f"kind {arguments[0]} {arguments[1]} ended with exit code {done.returncode}, see above")

    def create(self) -> None:
        """Make the cluster; its node sees the engine's socket where this machine has it."""
        socket = self.engine.endpoint.removeprefix(UNIX)
        node = {"role": "control-plane", "extraMounts": [{"hostPath": socket, "containerPath": socket}]}
        config = self.folder / "kind.json"
        config.write_text(json.dumps({"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "nodes": [node]}))
        self.run(
            *("create", "cluster", f"--config={config}", f"--kubeconfig={self.kubeconfig}"),
            f"--wait={READY_SECONDS}s",
        )

    def test(self, image: str, archive: Path, tests: Sequence[str]) -> int:
        """Load the image, and run the tests with the cluster and the engine lent to them; return their exit code."""
        self.run("load", "image-archive", str(archive))
        lent = {
            "CONTAINERJOB_TEST_KUBECONFIG": str(self.kubeconfig),
            "CONTAINERJOB_TEST_IMAGE": image,
            "CONTAINERJOB_TEST_ENGINE": self.engine.endpoint,
        }
        return subprocess.run(tests, env={**self.environment, **lent}, cwd=ROOT, check=False).returncode

    def delete(self) -> None:
        """Remove the cluster; of one that was never made there is nothing to remove."""
        self.run("delete", "cluster", f"--kubeconfig={self.kubeconfig}")


def main(tests: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the tests on a cluster that is there for them alone."""
    program = needed("kind", environment)
    needed("docker", environment)  # kind asks it for everything
    engine = docker_engine(environment)
    built = make(Order(ROOT), engine.endpoint, cache_folder(environment) / "image", report)
    with tempfile.TemporaryDirectory(prefix="cj-kind-") as folder:
        # Another name than the operator's: tests look for what that one leaves.
        kind = Kind(program, engine, environment, Path(folder), f"cj-{os.getpid()}")
        try:
            kind.create()
            return kind.test(built.image, built.archive, tests)
        finally:
            kind.delete()


if __name__ == "__main__":
    try:
        sys.exit(main([*TESTS, *sys.argv[1:]], os.environ))
    except (LocalError, Unmet) as problem:
        sys.exit(f"error: {problem}")
