"""How the image comes to an engine: built once, then found or loaded; and what is said when it cannot be."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import docker
import pytest
from tests.image.conftest import ROOT
from tools.image import context, engine
from tools.image.errors import ImageError
from tools.image.making import Built, Order, make

from containerjob_local.engine import Engine

IMPOSSIBLE = "127.0.0.1:1/no/such:image"


def test_an_image_of_the_same_sources_is_not_built_again(
    own: Engine, built: Built, sources: Path, image_cache: Path
) -> None:
    said: list[str] = []
    assert make(Order(sources), own.endpoint, image_cache, said.append) == built
    assert f"{built.image} is there already" in said


def test_an_engine_without_it_gets_it_from_the_archive(
    own: Engine, built: Built, sources: Path, image_cache: Path, client: docker.DockerClient
) -> None:
    before = client.images.get(built.image).id
    for name in (built.image, built.base):
        client.images.remove(name)
    said: list[str] = []
    assert make(Order(sources), own.endpoint, image_cache, said.append) == built
    assert f"loading {built.image} from {built.archive}" in said
    assert client.images.get(built.image).id == before
    assert client.images.get(built.base)


def test_the_archive_is_what_other_engines_load(built: Built) -> None:
    with tarfile.open(built.archive) as archive:
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        names = {name for image in json.load(manifest) for name in image["RepoTags"] or ()}
    assert built.image in names


def test_the_command_prints_the_name_and_saves_the_archive(
    own: Engine, built: Built, sources: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, "DOCKER_HOST": own.endpoint, "XDG_STATE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "tools.image", "--save", str(tmp_path / "image.tar")]
    done = subprocess.run(command, cwd=sources, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, built.image), done.stderr
    assert (tmp_path / "image.tar").stat().st_size == built.archive.stat().st_size


def test_the_command_says_in_one_line_what_is_wrong(own: Engine, tmp_path: Path) -> None:
    environment = {**os.environ, "DOCKER_HOST": own.endpoint, "XDG_STATE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "tools.image", "--base", IMPOSSIBLE]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: the base image {IMPOSSIBLE} cannot be pulled: ")
    assert done.stderr.count("\n") == 1


def test_a_base_that_does_not_tell_its_python_is_refused(own: Engine, image_cache: Path) -> None:
    with pytest.raises(ImageError, match=r"busybox:1\.37 does not set PYTHON_VERSION"):
        make(Order(ROOT, base="busybox:1.37"), own.endpoint, image_cache, print)


def test_a_target_that_is_not_there_is_refused(own: Engine, image_cache: Path) -> None:
    with pytest.raises(ImageError, match="there is no target moon: choose one of operator, cloudrun"):
        make(Order(ROOT, target="moon"), own.endpoint, image_cache, print)


def test_a_step_that_fails_says_why(own: Engine, tmp_path: Path, built: Built) -> None:
    for source in context.SOURCES:
        (tmp_path / source).mkdir(parents=True)
    (tmp_path / "wheels").mkdir()
    recipe = f"FROM {built.base} AS operator\nRUN echo the cause; exit 7\n"
    (tmp_path / context.DOCKERFILE).write_text(recipe)
    sent = tmp_path / "context.tar"
    with sent.open("wb") as file:
        context.write(tmp_path, tmp_path / "wheels", file)
    with pytest.raises(ImageError, match=r"the image does not build: .*returned a non-zero code: 7.*the cause"):
        engine.build(own.endpoint, sent, "operator", "never:1", {})


def test_what_is_no_archive_is_refused_in_the_engines_words(own: Engine, tmp_path: Path) -> None:
    (tmp_path / "broken.tar").write_text("no archive")
    with pytest.raises(ImageError, match=r"the engine does not load .*broken.tar: "):
        engine.load(own.endpoint, tmp_path / "broken.tar")
    with pytest.raises(ImageError, match="the engine does not save never:1: "):
        engine.save(own.endpoint, ["never:1"], tmp_path / "saved.tar")


def test_an_engine_that_is_gone_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ImageError, match=r"the connection to unix:.*/nobody failed: "):
        engine.load(f"unix://{tmp_path}/nobody", tmp_path / "file")


@pytest.fixture
def own(engine: Engine) -> Engine:
    """The session's engine, where a module of ours is called `engine`."""
    return engine
