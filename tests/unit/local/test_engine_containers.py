"""Removing containers, against an engine that answers as it is told."""

from pathlib import Path

import pytest
from tests.fakes.socket_engine import Answer, Said, socket_engine

from containerjob_local.engine import EngineError, containers, remove_containers

LIST = "GET /containers/json"
BUSY = Answer(409, {"message": "removal of container a is already in progress"})


def test_all_containers_of_a_label_are_removed_by_force(tmp_path: Path) -> None:
    listed = Answer(200, [{"Id": "a"}, {"Id": "b"}])
    answers = {LIST: listed, "DELETE /containers/a": Answer(204), "DELETE /containers/b": Answer(204)}
    with socket_engine(tmp_path / "s", **answers) as engine:
        assert remove_containers(engine.endpoint, "x=y") == 2
        assert "filters=%7B%22label%22%3A+%5B%22x%3Dy%22%5D%7D" in engine.requests[0]
        assert engine.requests[1] == "DELETE /containers/a?force=true&v=true"


def test_a_container_that_somebody_else_is_removing_is_waited_for(tmp_path: Path) -> None:
    answers: dict[str, Said] = {LIST: Answer(200, [{"Id": "a"}]), "DELETE /containers/a": [BUSY, BUSY, Answer(404)]}
    with socket_engine(tmp_path / "s", **answers) as engine:
        assert remove_containers(engine.endpoint, "x") == 1
        assert engine.requests.count("DELETE /containers/a?force=true&v=true") == 3


def test_a_container_that_stays_is_an_error_in_the_engines_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "_REMOVAL_SECONDS", 0.0)
    with (
        socket_engine(tmp_path / "s", **{LIST: Answer(200, [{"Id": "a"}]), "DELETE /containers/a": BUSY}) as engine,
        pytest.raises(EngineError, match="container a cannot be removed: removal of container a is already"),
    ):
        remove_containers(engine.endpoint, "x")


def test_an_engine_that_does_not_list_is_an_error(tmp_path: Path) -> None:
    with (
        socket_engine(tmp_path / "s", **{LIST: Answer(500, {"message": "broken"})}) as engine,
        pytest.raises(EngineError, match="does not list its containers: broken"),
    ):
        remove_containers(engine.endpoint, "x")


def test_without_a_label_nothing_is_removed() -> None:
    with pytest.raises(EngineError, match="a label is needed"):
        remove_containers("unix:///nowhere", "")
