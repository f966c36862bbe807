"""A real registry on loopback and a real daemon that pushes to it and pulls from it."""

import os
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from tests.fakes.programs import write_program

from containerjob_local.engine import DEMO_IMAGE, Engine, EngineError, ensure_image, find_engine, stop_engine
from containerjob_local.engine.demo_image import is_static, static_busybox
from containerjob_local.engine.images import push_image
from containerjob_local.engine.registry import Registry, start_registry, stop_registry
from containerjob_local.errors import LocalError

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder).resolve()


@pytest.fixture(scope="module")
def registry(folder: Path) -> Iterator[Registry]:
    yield start_registry(folder, lambda _: None)
    stop_registry(folder)


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[Engine]:
    started = find_engine(folder, lambda _: None, own=True, network=False)
    ensure_image(started.endpoint, DEMO_IMAGE, lambda _: None)
    yield started
    stop_engine(folder)


def test_an_image_that_was_pushed_is_pulled_again(registry: Registry, engine: Engine) -> None:
    image = push_image(engine.endpoint, DEMO_IMAGE, registry.address)
    oracle = docker.DockerClient(base_url=engine.endpoint)
    try:
        oracle.images.remove(image)

        assert ensure_image(engine.endpoint, image, lambda _: None) == "pulled"
        assert oracle.containers.run(image, ["echo", "hello"], remove=True, network_mode="none") == b"hello\n"
    finally:
        oracle.close()
    assert image == f"{registry.address}/{DEMO_IMAGE}"


def test_an_image_the_registry_does_not_know_is_refused_in_the_engines_words(
    registry: Registry, engine: Engine
) -> None:
    with pytest.raises(EngineError, match=r"nothing:1 cannot be pulled: .*(not found|manifest unknown)"):
        ensure_image(engine.endpoint, f"{registry.address}/nothing:1", lambda _: None)


def test_a_registry_is_on_loopback_alone(registry: Registry) -> None:
    assert registry.address.startswith("127.0.0.1:")
    with urllib.request.urlopen(f"http://{registry.address}/v2/_catalog") as reply:
        assert reply.status == 200


def test_a_second_start_replaces_the_first_and_stopping_leaves_nothing(folder: Path, registry: Registry) -> None:
    state = folder / "again"
    first = start_registry(state, lambda _: None)
    second = start_registry(state, pytest.fail)  # the program is there: nothing to report

    assert not is_answering(first)
    assert is_answering(second)
    stop_registry(state)
    assert not is_answering(second)
    assert list(state.iterdir()) == []


def test_a_registry_that_does_not_come_up_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_program(tmp_path / "programs", "docker-registry", "echo no storage; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}:{os.environ['PATH']}")

    with pytest.raises(LocalError, match="no storage"):
        start_registry(tmp_path / "state", pytest.fail)
    stop_registry(tmp_path / "state")


def test_a_static_busybox_is_fetched_where_the_system_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_program(tmp_path / "programs", "busybox", "a script is no static program")
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}:{os.environ['PATH']}")
    program = static_busybox(tmp_path)

    assert program.is_relative_to(tmp_path / "package")
    assert is_static(program)


def is_answering(registry: Registry) -> bool:
    try:
        with urllib.request.urlopen(f"http://{registry.address}/v2/", timeout=2):
            return True
    except OSError:
        return False
