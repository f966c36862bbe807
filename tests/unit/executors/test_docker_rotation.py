"""When a follow of a rotated log is not to be trusted."""

from typing import Any

import pytest

from containerjob_operator.executors.docker.entries import Entry
from containerjob_operator.executors.docker.rotation import OTHER_SIZE, Vigil, file_bytes
from containerjob_operator.executors.outputs import STDOUT
from containerjob_operator.executors.stamps import stamp_of

MS = 10**6


def entries(*times: int, text: bytes = b"x\n") -> list[Entry]:
    return [(STDOUT, stamp_of(time * MS), text) for time in times]


def vigil(newest: int, size: int = 10_000_000) -> Vigil:
    return Vigil(size, stamp_of(newest * MS))


@pytest.mark.parametrize(
    ("config", "size"),
    [
        ({"Type": "json-file", "Config": {}}, None),
        ({"Type": "json-file", "Config": None}, None),
        ({"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}, 10_000_000),
        ({"Type": "json-file", "Config": {"max-size": "1.5KB"}}, 1500),
        ({"Type": "json-file", "Config": {"max-size": "500"}}, 500),
        ({"Type": "json-file", "Config": {"max-size": "-1"}}, None),
        ({"Type": "local", "Config": {"max-size": "1g"}}, 1_000_000_000),
        ({"Type": "local", "Config": {}}, OTHER_SIZE),
        ({"Type": "journald"}, OTHER_SIZE),
        ({}, OTHER_SIZE),
    ],
)
def test_the_size_of_a_file_is_the_drivers(config: dict[str, Any], size: int | None) -> None:
    assert file_bytes(config) == size


def test_what_stood_in_the_log_before_is_trusted_whatever_its_times() -> None:
    assert vigil(3000).trusted(stamp_of(0), entries(1000, 2000, 500, 3000), 0) == 4


def test_a_pause_in_which_a_file_may_have_been_written_is_not_trusted() -> None:
    watch = vigil(0)
    assert watch.trusted(b"", entries(0, 50, 100), 0) == 3
    assert watch.trusted(stamp_of(100 * MS), entries(150, 300, 310), 0) == 1


def test_a_pause_in_which_the_engine_was_waited_for_is_trusted() -> None:
    watch = vigil(0)
    assert watch.trusted(b"", entries(0), 0) == 1
    assert watch.trusted(b"", entries(5000), 4.95) == 1
    assert watch.trusted(stamp_of(0), entries(5000), 4.95) == 1
    assert watch.trusted(stamp_of(0), entries(5000), 4.8) == 0


def test_of_small_files_no_waiting_is_long_enough() -> None:
    watch = vigil(0, size=100_000)
    assert watch.trusted(b"", entries(0), 0) == 1
    assert watch.trusted(stamp_of(0), entries(100), 0.1) == 0


def test_what_comes_twice_is_not_trusted() -> None:
    watch = vigil(0)
    assert watch.trusted(b"", entries(0, 1, 2, 1, 2), 0) == 3
    assert watch.trusted(b"", entries(3, 3), 0) == 1


def test_the_parts_of_a_long_line_have_one_time() -> None:
    assert vigil(0).trusted(b"", entries(0, 3, 3, text=b"part"), 0) == 3


def test_the_first_entry_of_an_empty_log_is_trusted() -> None:
    assert Vigil(10_000_000, b"").trusted(b"", entries(9000), 0) == 1
