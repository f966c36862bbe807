"""A real Docker daemon of our own: started, found again, crashed, hung, and gone without a trace."""

import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from tests.fakes.programs import is_running, write_program

from containerjob_local import processes
from containerjob_local.engine import (
    DEMO_IMAGE,
    Engine,
    EngineError,
    bridge,
    containers,
    ensure_image,
    find_engine,
    images,
    own_daemon,
    packages,
    remove_containers,
    stop_engine,
)
from containerjob_local.engine.layout import read_layout
from containerjob_local.engine.leftovers import of_engine
from containerjob_local.errors import LocalError

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a short path, so that the sockets stay in it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder).resolve()


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[Engine]:
    """An engine of our own with the demo image, shared by the tests that leave it running."""
    started = find_engine(folder / "shared", lambda _: None, own=True, network=False)
    ensure_image(started.endpoint, DEMO_IMAGE, lambda _: None)
    yield started
    stop_engine(folder / "shared")


@pytest.fixture
def client(engine: Engine) -> Iterator[docker.DockerClient]:
    oracle = docker.DockerClient(base_url=engine.endpoint)
    yield oracle
    oracle.close()


def start_sleeper(endpoint: str) -> int:
    """Run a container that does not heed SIGTERM and return the pid of its first process."""
    oracle = docker.DockerClient(base_url=endpoint)
    try:
        container = oracle.containers.run(
            DEMO_IMAGE, ["sleep", "1000"], detach=True, network_mode="none", labels={"kind": "sleeper"}
        )
        container.reload()
        return int(container.attrs["State"]["Pid"])
    finally:
        oracle.close()


def started_with_image(state_dir: Path) -> Engine:
    engine = find_engine(state_dir, lambda _: None, own=True, network=False)
    ensure_image(engine.endpoint, DEMO_IMAGE, lambda _: None)
    return engine


def daemon_of(state_dir: Path) -> processes.StartedProcess:
    layout = read_layout(state_dir)
    assert layout is not None
    process = processes.recorded(layout.process)
    assert process is not None
    return process


def wait_until_ended(process: processes.StartedProcess) -> None:
    deadline = time.monotonic() + 60
    while processes.is_alive(process):
        assert time.monotonic() < deadline, f"{process} does not end"
        time.sleep(0.01)


def assert_nothing_is_left(state_dir: Path, sockets: Path) -> None:
    assert of_engine(sockets) == []
    mounts = Path("/proc/self/mountinfo").read_text()
    assert f" {state_dir}/" not in mounts
    assert f" {sockets}/" not in mounts
    assert not (state_dir / "engine").exists()
    assert not sockets.exists()


def test_a_second_search_finds_the_engine_that_runs(engine: Engine, folder: Path) -> None:
    again = find_engine(folder / "shared", pytest.fail)

    assert again == engine
    assert again.started_by_us
    assert ensure_image(again.endpoint, DEMO_IMAGE, pytest.fail) == "present"


def test_the_engine_is_not_the_machines_own(client: docker.DockerClient, folder: Path) -> None:
    info = client.info()

    assert info["DockerRootDir"] == str(folder / "shared" / "engine" / "data")
    if int(info["ServerVersion"].split(".")[0]) < 23:  # later ones keep their identity in the data folder anyway
        assert json.loads((folder / "shared" / "engine" / "key.json").read_text())["kid"] == info["ID"]


def test_a_container_runs_from_the_demo_image(client: docker.DockerClient) -> None:
    script = "id -un; /usr/bin/env echo hello; touch /tmp/x && ls /bin | wc -l"
    output = client.containers.run(DEMO_IMAGE, ["sh", "-c", script], remove=True, network_mode="none")

    user, hello, programs = output.decode().split()
    assert (user, hello) == ("root", "hello")
    assert int(programs) > 100


def test_the_demo_image_is_made_where_no_registry_answers(
    engine: Engine, client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "pull_image", lambda *_: "no registry answers")
    client.images.remove(DEMO_IMAGE, force=True)
    reports: list[str] = []

    assert ensure_image(engine.endpoint, DEMO_IMAGE, reports.append) == "made locally"
    image = client.images.get(DEMO_IMAGE)
    assert image.labels == {"containerjobs.io/made-locally": "true"}
    assert image.attrs["Config"]["Cmd"] == ["sh"]
    assert "no registry answers" in reports[1]


def test_containers_of_a_label_are_removed_and_others_stay(engine: Engine, client: docker.DockerClient) -> None:
    for value in ("ours", "ours", "theirs"):
        client.containers.run(
            DEMO_IMAGE, ["sleep", "1000"], detach=True, network_mode="none", labels={"owner": value}
        )
    client.containers.create(DEMO_IMAGE, labels={"owner": "ours"}, network_mode="none")

    assert remove_containers(engine.endpoint, "owner=ours") == 3
    assert [container.labels["owner"] for container in client.containers.list(all=True)] == ["theirs"]
    assert remove_containers(engine.endpoint, "owner") == 1


def test_an_engine_that_is_stopped_leaves_nothing(folder: Path) -> None:
    state = folder / "stopped"
    engine = started_with_image(state)
    sleeper = start_sleeper(engine.endpoint)
    daemon = daemon_of(state)
    assert is_running(sleeper)

    stop_engine(state)

    assert not processes.is_alive(daemon)
    assert not is_running(sleeper)
    assert_nothing_is_left(state, state / "engine")


def test_a_daemon_that_crashed_is_started_again_over_its_data(folder: Path) -> None:
    state = folder / "crashed"
    started_with_image(state)
    daemon = daemon_of(state)
    os.kill(daemon.pid, signal.SIGKILL)
    wait_until_ended(daemon)

    engine = find_engine(state, lambda _: None, own=True, network=False)
    try:
        assert ensure_image(engine.endpoint, DEMO_IMAGE, pytest.fail) == "present"
    finally:
        stop_engine(state)


def test_what_a_crashed_daemon_left_is_removed_with_it(folder: Path) -> None:
    state = folder / "killed"
    engine = started_with_image(state)
    sleeper = start_sleeper(engine.endpoint)
    daemon = daemon_of(state)
    os.kill(daemon.pid, signal.SIGKILL)
    wait_until_ended(daemon)
    assert is_running(sleeper)

    stop_engine(state)

    assert not is_running(sleeper)
    assert_nothing_is_left(state, state / "engine")


def test_a_daemon_that_hangs_is_stopped_with_its_containers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "_LIST_SECONDS", 0.2)
    state = folder / "hung"
    engine = started_with_image(state)
    sleeper = start_sleeper(engine.endpoint)
    os.kill(daemon_of(state).pid, signal.SIGSTOP)

    stop_engine(state)

    assert not is_running(sleeper)
    assert_nothing_is_left(state, state / "engine")


def test_a_daemon_that_hangs_is_not_taken_for_an_engine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "_LIST_SECONDS", 0.2)
    monkeypatch.setattr(own_daemon, "_READY_SECONDS", 0.5)
    state = folder / "silent"
    find_engine(state, lambda _: None, own=True, network=False)
    os.kill(daemon_of(state).pid, signal.SIGSTOP)
    try:
        with pytest.raises(EngineError, match="dockerd does not answer: no answer within"):
            find_engine(state, lambda _: None, own=True, network=False)
    finally:
        stop_engine(state)


def test_a_long_state_folder_works_as_a_short_one(folder: Path) -> None:
    state = folder / ("x" * 100)
    engine = started_with_image(state)
    layout = read_layout(state)
    assert layout is not None
    sleeper = start_sleeper(engine.endpoint)
    assert is_running(sleeper)
    assert not layout.sockets.is_relative_to(state)

    stop_engine(state)

    assert not is_running(sleeper)
    assert_nothing_is_left(state, layout.sockets)


def test_a_bridge_that_another_engine_uses_is_left_to_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "in_use", lambda: True)
    reports: list[str] = []
    state = folder / "taken"
    try:
        find_engine(state, reports.append, own=True)
    finally:
        stop_engine(state)

    assert "another engine uses the bridge docker0" in reports[0]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ('test "$1" = --version && echo version 20.10 || { echo no graphdriver; exit 1; }', "no graphdriver"),
        ("echo what", "does not name a version: 'what"),
    ],
)
def test_a_daemon_that_does_not_come_up_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    write_program(tmp_path / "programs", "dockerd", script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}:{os.environ['PATH']}")

    with pytest.raises(LocalError, match=message):
        find_engine(tmp_path / "state", lambda _: None, own=True)
    stop_engine(tmp_path / "state")


def test_dockerd_is_installed_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "programs"
    for name in ("sh", "test", "touch"):
        programs.mkdir(exist_ok=True)
        (programs / name).symlink_to(f"/bin/{name}" if name == "sh" else f"/usr/bin/{name}")
    write_program(programs, "apt-get", f"touch {tmp_path}/asked")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(packages, "SYSTEM_FOLDERS", ())
    reports: list[str] = []

    with pytest.raises(EngineError, match=r"package docker\.io brought no dockerd"):
        find_engine(tmp_path / "state", reports.append, own=True)
    stop_engine(tmp_path / "state")
    assert (tmp_path / "asked").exists()
    assert "installing the system package docker.io" in reports[0]
