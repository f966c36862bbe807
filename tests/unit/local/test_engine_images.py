"""Pulling, pushing and importing, against an engine that answers as it is told."""

import threading
from pathlib import Path

import pytest
from tests.fakes.socket_engine import Answer, Said, socket_engine

from containerjob_local.engine import DEMO_IMAGE, EngineError, NoAnswerError, ensure_image, images
from containerjob_local.engine.demo_image import make_demo_image
from containerjob_local.engine.images import pull_image, push_image, split_reference
from containerjob_local.engine.unix_http import Reply, progress

ABSENT = Answer(404, {"message": "No such image"})
CREATE = "POST /images/create"
BUSYBOX = f"GET /images/{DEMO_IMAGE}/json"


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("busybox", ("busybox", "latest")),
        ("busybox:1.37", ("busybox", "1.37")),
        ("127.0.0.1:5000/team/app", ("127.0.0.1:5000/team/app", "latest")),
        ("127.0.0.1:5000/app:2", ("127.0.0.1:5000/app", "2")),
        ("app@sha256:00", ("app", "sha256:00")),
    ],
)
def test_a_reference_is_split_as_the_api_wants_it(image: str, parts: tuple[str, str]) -> None:
    assert split_reference(image) == parts


def test_an_image_that_is_there_is_not_pulled(tmp_path: Path) -> None:
    with socket_engine(tmp_path / "s", **{"GET /images/app:1/json": Answer(200, {})}) as engine:
        assert ensure_image(engine.endpoint, "app:1", pytest.fail) == "present"


def test_an_image_that_is_absent_is_pulled_with_its_tag_alone(tmp_path: Path) -> None:
    done = Answer(200, b'{"status":"Pulling"}\r\n\r\n{"status":"Done","error":""}\r\n')
    reports: list[str] = []
    with socket_engine(tmp_path / "s", **{"GET /images/app/json": ABSENT, CREATE: done}) as engine:
        assert ensure_image(engine.endpoint, "app", reports.append) == "pulled"
        assert engine.requests[-1] == "POST /images/create?fromImage=app&tag=latest"
    assert reports == ["pulling app"]


@pytest.mark.parametrize(
    "refusal",
    [
        Answer(404, {"message": "pull access denied for app"}),
        Answer(200, b'{"status":"Pulling"}\n{"error":"pull access denied for app"}\n'),
    ],
)
def test_an_image_that_cannot_be_pulled_is_refused_in_the_engines_words(tmp_path: Path, refusal: Answer) -> None:
    with (
        socket_engine(tmp_path / "s", **{"GET /images/app:1/json": ABSENT, CREATE: refusal}) as engine,
        pytest.raises(EngineError, match="image app:1 cannot be pulled: pull access denied for app"),
    ):
        ensure_image(engine.endpoint, "app:1", lambda _: None)


def test_a_registry_that_stays_silent_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_SILENCE_SECONDS", 0.2)
    with socket_engine(tmp_path / "s", **{CREATE: Answer(silence=threading.Event())}) as engine:
        assert pull_image(engine.endpoint, "app:1") == "no answer within 0.2 s"


def test_a_pull_that_never_ends_is_given_up(tmp_path: Path) -> None:
    lines = Answer(200, b'{"status":"Waiting"}\n' * 3)
    with (
        socket_engine(tmp_path / "s", **{CREATE: lines}) as engine,
        pytest.raises(NoAnswerError, match="not done after -1 s"),
    ):
        progress(engine.endpoint, "/images/create", timeout=2, limit=-1)


def test_progress_that_is_no_json_is_an_error(tmp_path: Path) -> None:
    with socket_engine(tmp_path / "s", **{CREATE: Answer(200, "<html>")}) as engine:
        words = progress(engine.endpoint, "/images/create", timeout=2, limit=2)
    assert words == "unreadable progress: b'<html>'"


def test_an_engine_that_does_not_tell_its_images_is_an_error(tmp_path: Path) -> None:
    with (
        socket_engine(tmp_path / "s", **{"GET /images/app:1/json": Answer(500, {"message": "no disk"})}) as engine,
        pytest.raises(EngineError, match="does not tell whether it has app:1: no disk"),
    ):
        ensure_image(engine.endpoint, "app:1", lambda _: None)


def test_only_the_demo_image_is_made_locally(tmp_path: Path) -> None:
    no_registry = Answer(500, {"message": "lookup failed: no such host"})
    imported = Answer(200, b'{"status":"sha256:00"}\n')
    reports: list[str] = []
    answers: dict[str, Said] = {BUSYBOX: ABSENT, CREATE: [no_registry, imported]}
    with socket_engine(tmp_path / "s", **answers) as engine:
        assert ensure_image(engine.endpoint, DEMO_IMAGE, reports.append) == "made locally"
        assert engine.requests[-1].startswith("POST /images/create?fromSrc=-&repo=busybox&tag=1.37&changes=")
        assert "LABEL+containerjobs.io%2Fmade-locally%3Dtrue" in engine.requests[-1]
        assert len(engine.bodies[-1]) > 100_000
    assert "lookup failed: no such host" in reports[1]


@pytest.mark.parametrize(
    "refusal",
    [
        Answer(500, {"message": "no space left on device"}),
        Answer(200, b'{"error":"no space left on device"}\n'),
    ],
)
def test_an_import_that_fails_is_an_error_in_the_engines_words(tmp_path: Path, refusal: Answer) -> None:
    with (
        socket_engine(tmp_path / "s", **{CREATE: refusal}) as engine,
        pytest.raises(EngineError, match="does not import busybox:1: no space left on device"),
    ):
        make_demo_image(engine.endpoint, "busybox", "1")


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"POST /images/app:1/tag": ABSENT}, "app:1 cannot be named r/app:1: No such image"),
        (
            {
                "POST /images/app:1/tag": Answer(201),
                "POST /images/r/app/push": Answer(200, b'{"error":"denied"}\n'),
            },
            "app:1 cannot be pushed to r: denied",
        ),
    ],
)
def test_a_push_that_is_refused_is_an_error(tmp_path: Path, answers: dict[str, Answer], message: str) -> None:
    with (
        socket_engine(tmp_path / "s", **answers) as engine,
        pytest.raises(EngineError, match=message),
    ):
        push_image(engine.endpoint, "app:1", "r")


@pytest.mark.parametrize(
    ("body", "words"),
    [(b'{"message":"why"}', "why"), (b"plain", "plain"), (b"[]", "[]"), (b"", "status 500")],
)
def test_an_error_always_has_words(body: bytes, words: str) -> None:
    assert Reply(500, body).words == words
