"""Taking down what is half there, without a control plane."""

import threading
from pathlib import Path

import pytest

from containerjob_local import processes
from containerjob_local.environment import down, running, status
from containerjob_local.errors import LocalError
from containerjob_local.state import EngineRecord, PlaneRecord, State, locked


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    state.folder.mkdir()
    state.create()
    return state


def test_an_engine_that_is_gone_does_not_keep_down_from_ending(state: State) -> None:
    state.remember_engine(EngineRecord(f"unix://{state.folder}/none.sock"))
    state.remember_plane(PlaneRecord(1, 2, "v1", "uid"))
    said: list[str] = []
    down(state.folder, said.append)
    assert said[0].startswith(f"! containers of this environment may be left at unix://{state.folder}/none.sock: ")
    assert not state.folder.exists()


def test_a_plane_that_never_said_who_it_is_has_no_containers_to_look_for(state: State) -> None:
    state.remember_engine(EngineRecord("unix:///none.sock"))
    state.remember_plane(PlaneRecord(1, 2))
    said: list[str] = []
    down(state.folder, said.append)
    assert said == [f"✔ {state.folder} removed"]


def test_whoever_waited_for_another_down_finds_nothing_to_do(state: State) -> None:
    said: list[str] = []
    thread = threading.Thread(target=down, args=(state.folder, said.append))
    with locked(state.folder):
        thread.start()
        thread.join(0.1)
        state.remove()
    thread.join(10)
    assert said == [f"• nothing to take down: no local environment in {state.folder}"]
    assert not state.folder.exists()


def test_an_environment_without_a_plane_is_not_up(state: State) -> None:
    state.remember_plane(PlaneRecord(1, 2, "v1", "uid"))
    state.remember_engine(EngineRecord(f"unix://{state.folder}/none.sock"))
    assert [(part.name, part.running) for part in status(state.folder)] == [
        ("control plane", False),
        ("engine", False),
        ("operator", False),
    ]
    with pytest.raises(LocalError, match="kubectl containerjob local up"):
        running(state.folder)


def test_an_operator_that_runs_is_seen_and_taken_down(state: State) -> None:
    operator = processes.start(
        "operator", ["/bin/sleep", "300"], log=state.log("operator"), record=state.record("operator")
    )
    assert status(state.folder)[-1].detail == f"pid {operator.pid}"
    said: list[str] = []
    down(state.folder, said.append)
    assert said[0] == "✔ operator stopped"
    assert not processes.is_alive(operator)
