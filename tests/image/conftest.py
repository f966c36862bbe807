"""The operator's image, built for real on the session's own engine."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from tools.image import context
from tools.image.making import Built, Order, make

from containerjob_local.binaries.cache import cache_folder
from containerjob_local.engine import Engine

ROOT = Path(__file__).parents[2]
LOCKED_DOWN: dict[str, Any] = {
    "read_only": True,
    "tmpfs": {"/tmp": ""},
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
}
"""As the Pod Security profile `restricted`, with a read-only root, has its containers."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let whichever test comes first wait for a build from nothing: packages, base and image."""
    for item in items:
        if item.path.is_relative_to(ROOT / "tests" / "image"):
            item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session")
def image_cache() -> Path:
    """The cache that `make image` uses too."""
    return cache_folder(os.environ) / "image"


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the image is made of, which nobody edits meanwhile."""
    folder = tmp_path_factory.mktemp("sources")
    for source in (context.DOCKERFILE, *context.SOURCES):
        (folder / source).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy2
        copy(ROOT / source, folder / source)
    return folder


@pytest.fixture(scope="session")
def built(engine: Engine, sources: Path, image_cache: Path) -> Built:
    """The default target, on the engine."""
    return make(Order(sources), engine.endpoint, image_cache, print)


@pytest.fixture(scope="session")
def client(engine: Engine) -> Iterator[docker.DockerClient]:
    """The engine through Docker's own client library."""
    client = docker.DockerClient(base_url=engine.endpoint, timeout=120)
    yield client
    client.close()


@pytest.fixture
def in_container(client: docker.DockerClient, built: Built) -> Any:
    """Run Python in the image as a cluster would, and return what it prints."""

    def run(script: str, *arguments: str) -> str:
        output: bytes = client.containers.run(
            built.image,
            ["-c", script, *arguments],
            entrypoint=["python"],
            network_mode="none",
            remove=True,
            stderr=False,
            **LOCKED_DOWN,
        )
        return output.decode()

    return run
