"""The state folder: ours, private, locked, and removed whole."""

import stat
import threading
from pathlib import Path

import pytest

from containerjob_local.errors import StateError
from containerjob_local.state import EngineRecord, PlaneRecord, State, default_folder, locked


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    with locked(state.folder):
        state.create()
    return state


def test_the_folder_is_its_owners_alone(state: State) -> None:
    assert stat.S_IMODE(state.folder.stat().st_mode) == 0o700
    assert state.exists()


def test_creating_it_again_closes_a_folder_that_was_opened(state: State) -> None:
    state.folder.chmod(0o755)
    state.create()
    assert stat.S_IMODE(state.folder.stat().st_mode) == 0o700


def test_removing_it_leaves_nothing(state: State) -> None:
    (state.folder / "etcd").mkdir()
    state.remove()
    assert not state.folder.exists()


def test_a_folder_of_somebody_elses_is_neither_used_nor_removed(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StateError, match="--state-dir"):
        State(tmp_path).create()
    with pytest.raises(StateError, match="not removed"):
        State(tmp_path).remove()
    assert (tmp_path / "thesis.txt").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StateError, match=r"file/state cannot be used: Not a directory"),
        locked(tmp_path / "file/state"),
    ):
        pass


def test_what_is_remembered_comes_back(state: State) -> None:
    assert state.plane() is None
    assert state.engine() is None
    state.remember_plane(PlaneRecord(1, 2, "v1", "uid"))
    state.remember_engine(EngineRecord("unix:///run/docker.sock"))
    assert state.plane() == PlaneRecord(1, 2, "v1", "uid")
    assert state.engine() == EngineRecord("unix:///run/docker.sock")


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"colour": "red"}'])
def test_a_memory_that_is_not_whole_counts_as_none(state: State, content: str) -> None:
    for name in ("plane", "engine"):
        (state.folder / f"{name}.json").write_text(content)
    assert state.plane() is None
    assert state.engine() is None


def test_the_default_folder_follows_the_xdg_variables() -> None:
    assert default_folder({"XDG_STATE_HOME": "/s", "HOME": "/h"}) == Path("/s/containerjob/local")
    assert default_folder({"HOME": "/h"}) == Path("/h/.local/state/containerjob/local")


def test_one_process_at_a_time_changes_an_environment(tmp_path: Path) -> None:
    folder, order = tmp_path / "state", list[str]()
    held = threading.Event()

    def second() -> None:
        held.wait(10)
        with locked(folder):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with locked(folder):
        held.set()
        thread.join(0.1)  # it cannot pass meanwhile, however long this is
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_who_waited_while_the_folder_was_removed_gets_a_new_one(state: State) -> None:
    found = list[bool]()
    waiting = threading.Event()

    def late() -> None:
        waiting.set()
        with locked(state.folder):
            found.append(state.exists())

    thread = threading.Thread(target=late)
    with locked(state.folder):
        thread.start()
        waiting.wait(10)
        thread.join(0.1)
        state.remove()
    thread.join(10)
    assert found == [False]
    assert state.folder.is_dir()
