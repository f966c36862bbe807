"""The session's control plane as the code under test sees it, and folders for planes of a test's own."""

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from tests.conftest import TestPlane

from containerjob_local.controlplane import Plane
from containerjob_local.engine import Engine
from containerjob_local.environment import down


@pytest.fixture(scope="session")
def plane(plane: TestPlane) -> Plane:
    """The bare plane itself instead of the way other tests drive it."""
    return plane.plane


@pytest.fixture
def on_engine(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Make the session's engine the one that a person's Docker would use."""
    monkeypatch.setenv("DOCKER_HOST", engine.endpoint)
    return engine


@pytest.fixture
def containers(on_engine: Engine) -> Iterator[docker.DockerClient]:
    """Ask that engine through Docker's own client library."""
    client = docker.DockerClient(base_url=on_engine.endpoint)
    yield client
    client.close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Name a state folder, and leave nothing running in it whatever the test does."""
    folder = tmp_path / "state"
    yield folder
    down(folder, print)
