"""Where an engine of our own keeps its sockets."""

import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from containerjob_local.engine import bridge
from containerjob_local.engine.layout import make_layout, read_layout
from containerjob_local.engine.leftovers import remove_folder
from containerjob_local.engine.own_daemon import running_engine, stop_engine


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder with a short path, whatever the path of the tests' own folders is."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder).resolve()


def test_sockets_are_beside_the_data_while_their_paths_are_short(short_folder: Path) -> None:
    link = short_folder / "link"
    (short_folder / "s").mkdir()
    link.symlink_to(short_folder / "s")
    layout = make_layout(link, bridge_was_there=True)

    assert layout.sockets == layout.folder == short_folder / "s" / "engine"
    assert read_layout(short_folder / "s") == layout
    assert stat.S_IMODE(layout.folder.stat().st_mode) == 0o700


def test_a_long_state_folder_gets_a_short_folder_for_sockets(tmp_path: Path) -> None:
    state = tmp_path / ("x" * 100)
    layout = make_layout(state, bridge_was_there=False)
    try:
        assert len(layout.endpoint) < 60
        assert stat.S_IMODE(layout.sockets.stat().st_mode) == 0o700
        assert read_layout(state) == layout
    finally:
        remove_folder(layout.sockets)


@pytest.mark.parametrize("content", ["", "{}", "[]", "null"])
def test_a_record_that_is_not_whole_is_no_record(short_folder: Path, content: str) -> None:
    layout = make_layout(short_folder, bridge_was_there=True)
    (layout.folder / "layout.json").write_text(content)

    assert read_layout(short_folder) is None
    assert running_engine(short_folder) is None
    stop_engine(short_folder)
    assert not layout.folder.exists()


def test_stopping_where_nothing_was_started_is_fine(tmp_path: Path) -> None:
    stop_engine(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_bridge_that_was_there_before_us_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "remove", pytest.fail)
    layout = make_layout(tmp_path, bridge_was_there=True)

    stop_engine(tmp_path)
    assert not layout.folder.exists()
    assert not layout.sockets.exists()
