"""The order of the ladder, and why each rung is passed over."""

import hashlib
import json
import os
import socket
import threading
from pathlib import Path

import pytest
from tests.fakes.socket_engine import DROP, VERSION, Answer, socket_engine

from containerjob_local.engine import EngineError, NoAnswerError, find_engine, packages
from containerjob_local.engine import candidates as places
from containerjob_local.engine.answers import ask
from containerjob_local.engine.candidates import Candidate, candidates
from containerjob_local.engine.ladder import first_answering, obstacle_to_own


def write_context(folder: Path, name: str, metadata: object, current: str = "") -> None:
    (folder / "config.json").write_text(json.dumps({"currentContext": current or name}))
    meta = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps(metadata))


def test_places_are_tried_in_the_order_of_dockers_own_client(tmp_path: Path) -> None:
    write_context(tmp_path, "build", {"Endpoints": {"docker": {"Host": "unix:///c.sock"}}})
    environ = {"DOCKER_HOST": "unix:///h.sock", "DOCKER_CONFIG": str(tmp_path), "XDG_RUNTIME_DIR": "/run/user/7"}

    assert [(place.name, place.endpoint) for place in candidates(environ)] == [
        ("DOCKER_HOST", "unix:///h.sock"),
        ("Docker context 'build'", "unix:///c.sock"),
        ("Docker", "unix:///var/run/docker.sock"),
        ("Podman", "unix:///run/podman/podman.sock"),
        ("Podman of this user", "unix:///run/user/7/podman/podman.sock"),
    ]


def test_a_context_of_the_environment_wins_over_the_configured_one(tmp_path: Path) -> None:
    write_context(tmp_path, "one", {"Endpoints": {"docker": {"Host": "unix:///1.sock"}}}, current="two")
    environ = {"DOCKER_CONTEXT": "one", "DOCKER_CONFIG": str(tmp_path)}

    assert next(candidates(environ)) == Candidate("Docker context 'one'", "unix:///1.sock")


def test_the_home_folder_holds_the_configuration_by_default(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    write_context(tmp_path / ".docker", "one", {"Endpoints": {"docker": {"Host": "unix:///1.sock"}}})

    assert next(candidates({"HOME": str(tmp_path)})).endpoint == "unix:///1.sock"


@pytest.mark.parametrize("content", ["{", "[]", '{"currentContext": 7}', '{"currentContext": "default"}', "{}"])
def test_a_configuration_without_a_context_adds_no_place(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)

    assert next(candidates({"DOCKER_CONFIG": str(tmp_path)})).name == "Docker"


def test_a_context_without_an_endpoint_is_passed_over_with_a_reason(tmp_path: Path) -> None:
    write_context(tmp_path, "empty", {"Endpoints": {}})
    reports: list[str] = []

    assert first_answering([next(candidates({"DOCKER_CONFIG": str(tmp_path)}))], reports.append) is None
    assert "Docker context 'empty'" in reports[0]
    assert "not a unix:// socket" in reports[0]


def test_the_first_that_answers_is_taken_and_all_before_it_say_why_not(tmp_path: Path) -> None:
    stale = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(stale))
    old = VERSION | {"ApiVersion": "1.40", "Version": "19.03.1"}
    reports: list[str] = []
    with (
        socket_engine(tmp_path / "old.sock", **{"GET /version": Answer(200, old)}) as too_old,
        socket_engine(tmp_path / "good.sock") as good,
        socket_engine(tmp_path / "later.sock") as later,
    ):
        engine = first_answering(
            [
                Candidate("remote", "tcp://192.0.2.1:2376"),
                Candidate("missing", f"unix://{tmp_path}/missing.sock"),
                Candidate("stale", f"unix://{stale}"),
                Candidate("long", "unix:///" + "x" * 120),
                Candidate("old", too_old.endpoint),
                Candidate("good", good.endpoint),
                Candidate("later", later.endpoint),
            ],
            reports.append,
        )

    assert engine is not None
    assert (engine.endpoint, engine.kind, engine.version) == (good.endpoint, "docker", "20.10.24")
    assert (engine.api_version, engine.started_by_us) == ("1.41", False)
    assert later.requests == []
    assert [line.partition(": ")[2] for line in reports] == [
        "tcp://192.0.2.1:2376 is not a unix:// socket",
        "there is no such socket",
        "the socket is stale, nobody listens on it",
        "the connection failed: AF_UNIX path too long",
        "version 19.03.1 speaks API 1.40, 1.41 or newer is needed",
    ]


@pytest.mark.parametrize(
    ("route", "answer", "reason"),
    [
        ("GET /_ping", Answer(500, {"message": "starting"}), "/_ping answered 500: starting"),
        ("GET /_ping", Answer(502), "/_ping answered 502: status 502"),
        ("GET /version", Answer(404, "what?"), "/version answered 404: what?"),
        ("GET /version", Answer(200, "<html>"), "not what a container engine says"),
        ("GET /version", Answer(200, {"Version": "1"}), "not what a container engine says"),
        ("GET /version", Answer(200, VERSION | {"ApiVersion": "new"}), "speaks API new"),
        ("GET /_ping", Answer(DROP), "the connection failed"),
    ],
)
def test_something_else_on_the_socket_is_no_engine(tmp_path: Path, route: str, answer: Answer, reason: str) -> None:
    with (
        socket_engine(tmp_path / "s", **{route: answer}) as engine,
        pytest.raises(NoAnswerError, match=reason),
    ):
        ask(engine.endpoint)


@pytest.mark.parametrize("route", ["GET /_ping", "GET /version"])
def test_an_engine_that_stays_silent_is_given_up_in_time(tmp_path: Path, route: str) -> None:
    silent = Answer(200, silence=threading.Event())
    with (
        socket_engine(tmp_path / "s", **{route: silent}) as engine,
        pytest.raises(NoAnswerError, match="no answer within"),
    ):
        ask(engine.endpoint, seconds=0.2)


def test_podman_is_known_by_its_components(tmp_path: Path) -> None:
    podman = {"Version": "4.3.1", "ApiVersion": "1.41", "Components": [{"Name": "Podman Engine"}]}
    with socket_engine(tmp_path / "s", **{"GET /version": Answer(200, podman)}) as engine:
        assert ask(engine.endpoint).kind == "podman"


def test_docker_host_is_taken_when_it_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket_engine(tmp_path / "s") as engine:
        monkeypatch.setenv("DOCKER_HOST", engine.endpoint)
        found = find_engine(tmp_path / "state", pytest.fail)

    assert (found.endpoint, found.started_by_us) == (engine.endpoint, False)
    assert not (tmp_path / "state").exists()


def test_where_nothing_answers_and_nothing_may_be_started_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "DOCKER_SOCKET", f"unix://{tmp_path}/docker.sock")
    monkeypatch.setattr(places, "PODMAN_SOCKET", f"unix://{tmp_path}/podman.sock")
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    reports: list[str] = []

    with pytest.raises(EngineError, match=r"install and start Docker or Podman \(.*only by root"):
        find_engine(tmp_path / "state", reports.append)
    assert [line.partition(" ")[0] for line in reports] == ["Docker", "Podman"]


def test_a_machine_without_dockerd_and_apt_cannot_get_an_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert obstacle_to_own(is_root=True) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(packages, "SYSTEM_FOLDERS", ())

    assert "only on Debian" in (obstacle_to_own(is_root=True) or "")
