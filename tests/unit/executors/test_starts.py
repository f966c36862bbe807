"""Which containers may be started without running one twice."""

import pytest

from containerjob_operator.decide.observations import ABSENT, Observation, RunState
from containerjob_operator.errors import LaunchDelayed
from containerjob_operator.executors.docker.starts import Starts

CREATED = Observation(RunState.CREATED)


async def test_only_a_container_just_created_here_needs_no_look_and_only_once() -> None:
    starts = Starts(grace_seconds=0)
    assert not starts.is_new("a")
    starts.created("a")
    assert starts.is_new("a")
    assert not starts.is_new("a")


async def test_what_is_remembered_of_new_containers_is_bounded() -> None:
    starts = Starts(grace_seconds=0)
    for number in range(5000):
        starts.created(str(number))
    assert not starts.is_new("0")
    assert starts.is_new("4999")


@pytest.mark.parametrize(
    "seen",
    [
        ABSENT,
        Observation(RunState.RUNNING),
        Observation(RunState.EXITED),
        Observation(RunState.CREATED, exit_code=127),
    ],
)
async def test_only_a_container_that_was_never_started_is(seen: Observation) -> None:
    assert not Starts(grace_seconds=0).allowed("a", seen)


async def test_a_start_without_an_answer_is_repeated_only_after_a_grace() -> None:
    starts = Starts(grace_seconds=3600)
    starts.asked("a")
    for _ in range(2):
        with pytest.raises(LaunchDelayed):
            starts.allowed("a", CREATED)
    assert starts.allowed("b", CREATED)
    starts.forget("a")
    assert starts.allowed("a", CREATED)


async def test_a_start_that_was_answered_leaves_nothing_behind() -> None:
    starts = Starts(grace_seconds=3600)
    starts.asked("a")
    starts.answered("a")
    assert starts.allowed("a", CREATED)
