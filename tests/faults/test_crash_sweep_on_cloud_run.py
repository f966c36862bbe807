"""The crash sweep on Cloud Run: the operator is killed at verbs and calls, or loses their answers.

The emulator is the witness: it knows every execution that was ever begun, and the Jobs that are left.
"""

import asyncio
import dataclasses
import random
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import ClassVar

import pytest
from tests.conftest import IMAGE
from tests.contract.cloudrun_subject import place_at
from tests.emulators.cloudrun import Emulator, Options, serving
from tests.emulators.cloudrun.faults import Match
from tests.fakes.operator_rig import OperatorRig
from tests.fakes.troubles import NO_TROUBLE, CrashAt, LoseAt, Trouble, When
from tests.faults.test_crash_sweep import COUNTED, LIVES, Engine, Life, Story, lost
from tests.size import FULL

from containerjob_api.cloudrunhosts import CloudRunHost
from containerjob_api.hostparts import AnyHost
from containerjob_local.engine import Engine as DockerEngine
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.cloudrun.executor import CloudRunExecutor
from containerjob_operator.executors.renewing import Renewing

pytestmark = pytest.mark.real

SAMPLES = 2
"""Positions of each kind and life, where not all are tried."""
AT_ONCE = 12 if FULL else 6
"""Lives lived at a time: they mostly wait, for containers that start and for logs to be whole."""
SEED = 20262
PROJECT = Options(stop_grace_seconds=0.3, reconcile_seconds=0.01)
FOR_EVER = 3600.0
STOPPED = frozenset({137, None})
"""Exit codes of what was cancelled: it got SIGKILL after SIGTERM, or had not begun, for an execution is there at once
and its container some time later."""

OF_CLOUD_RUN = {
    # An image is looked for when its execution begins, so one is begun; an engine without a network can't tell an
    # image that nobody has from one that it can't get, but the emulator calls both missing.
    "no-such-image": Life(
        {"image": "localhost:1/missing"}, "Failed", frozenset({None}), frozenset({1}), "StartError"
    ),
    # Cloud Run begins an execution for what it can't start.
    "no-such-entrypoint": dataclasses.replace(LIVES["no-such-entrypoint"], starts=frozenset({1})),
    # The stop signal may come before the shell has its trap.
    "cancel-by-signal": dataclasses.replace(LIVES["cancel-by-signal"], exit_codes=STOPPED | {7}),
    "cancel-by-kill": dataclasses.replace(LIVES["cancel-by-kill"], exit_codes=STOPPED),
    "suspend-and-resume": dataclasses.replace(LIVES["suspend-and-resume"], exit_codes=STOPPED),
}
ON_CLOUD_RUN = {
    name: dataclasses.replace(life, spec={"image": IMAGE, **life.spec})
    for name, life in {**LIVES, **OF_CLOUD_RUN}.items()
}


class Witness:
    """What has happened in one emulated project."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    @property
    def starts(self) -> int:
        """How many executions were ever begun."""
        return len(self._emulator.launched)

    @property
    def containers(self) -> Collection[object]:
        """Jobs that are there, and executions that outlive theirs."""
        jobs, running = self._emulator._project.records.jobs, self._emulator._project.plays
        return [*jobs, *(path for path in running if path.partition("/executions/")[0] not in jobs)]

    def exit_code(self, container: str) -> int | None:
        """Return what the container's task has as its exit code."""
        [task] = (one for one in self._emulator._project.records.tasks.values() if one.job == container)
        result = task.last_attempt_result
        if result.term_signal:
            return int(128 + result.term_signal)
        return int(result.exit_code) or (None if result.status.code or not task.start_time else 0)


class CloudRig(OperatorRig):
    """An operator that speaks with emulators as with Google, at a pace for tests."""

    def real_executor(self, host: AnyHost) -> Executor:
        """Make the executor of a CloudRunHost."""
        assert isinstance(host, CloudRunHost)
        place = place_at(host.spec.endpoint or "")
        return Renewing(lambda _: CloudRunExecutor(place, cluster_uid=self.cluster), None)


@dataclass
class CloudStory(Story):
    """One life in a project of its own."""

    rig: ClassVar[type[OperatorRig]] = CloudRig
    emulator: Emulator = field(kw_only=True)

    def new_engine(self) -> tuple[Engine, str]:
        """Watch the emulator."""
        self.witness = Witness(self.emulator)
        return self.witness, self.emulator.address

    def add_host(self, endpoint: str) -> None:
        """Register the emulator."""
        self.kube.create_cloud_host("h1", endpoint=endpoint, **self.life.host)

    def made(self) -> int:
        """Count one Job for every execution."""
        return self.engine.starts

    def check(self) -> None:
        """Compare with how it had to end, and with what Cloud Run says of its last attempt."""
        super().check()
        assert len(set(self.emulator.launched)) == self.engine.starts, self.emulator.launched
        if self.life.phase and self.engine.containers and self.life.reason != "StartError":
            [*_, attempt] = self.kube.status()["attempts"]
            assert attempt.get("exitCode") == self.witness.exit_code(attempt["name"])


Plant = Callable[[Emulator], Trouble]
"""Prepares what goes wrong in one life."""
Make = Callable[[int, When], Plant]
"""From a position and a side of it."""


def killed_at_verb(number: int, when: When) -> Plant:
    """Kill the operator at one of its effects."""
    return lambda _: CrashAt(COUNTED, number, when)


def lost_at_verb(number: int, when: When) -> Plant:
    """Have the operator not hear of one of its effects."""
    return lambda _: LoseAt(COUNTED, number, when, lost)


def killed_at_call(number: int, when: When) -> Plant:
    """Kill the operator while Cloud Run deals with one of its calls: within a verb there may be several."""

    def plant(emulator: Emulator) -> Trouble:
        killed = CrashAt(frozenset(), 0, when)
        is_it = is_number(number, killed.crashed.set)
        emulator.faults.delay("*", FOR_EVER, 1, is_it, after=when is When.AFTER)
        return killed

    return plant


def lost_at_call(number: int, when: When) -> Plant:
    """Have Cloud Run not take one call, or break the connection before its answer."""

    def plant(emulator: Emulator) -> Trouble:
        if when is When.BEFORE:
            emulator.faults.refuse("*", matching=is_number(number))
        else:
            emulator.faults.lose_answer("*", matching=is_number(number))
        return NO_TROUBLE

    return plant


def is_number(wanted: int, then: Callable[[], None] = lambda: None) -> Match:
    """Match one call of all; `then` is called when it comes."""
    numbers = count(1)

    def matches(_: object) -> bool:
        found = next(numbers) == wanted
        if found:
            then()
        return found

    return matches


async def live(life: Life, engine: DockerEngine, plant: Plant) -> CloudStory:
    """Live once, and check how it went."""
    async with serving(engine.endpoint, PROJECT) as emulator:
        story = CloudStory(life, emulator=emulator)
        await story.live(plant(emulator))
        story.check()
    return story


def positions(effects: int, dice: random.Random) -> list[tuple[int, When]]:
    """Choose where it strikes; a disturbed life may have a few effects more."""
    found = [(number, when) for number in range(1, effects + 5) for when in When]
    return found if FULL else dice.sample(found[:-8], SAMPLES)


def sweeps(verbs: int, calls: int, dice: random.Random) -> Iterator[tuple[str, Plant]]:
    """Yield everything that goes wrong in lives of so many effects and calls, by what it is called."""
    makes: list[tuple[Make, int]] = [
        (killed_at_verb, verbs),
        (lost_at_verb, verbs),
        (killed_at_call, calls),
        (lost_at_call, calls),
    ]
    for make, effects in makes:
        for number, when in positions(effects, dice):
            yield f"{make.__name__} {when} {number} of {effects}", make(number, when)


@pytest.mark.timeout(3600 if FULL else 300)
@pytest.mark.parametrize("name", ON_CLOUD_RUN)
async def test_a_kill_or_a_lost_answer_changes_nothing_of_a_jobs_fate_on_cloud_run(
    name: str, engine: DockerEngine
) -> None:
    life = ON_CLOUD_RUN[name]
    counting = LoseAt(COUNTED, 0, When.BEFORE, lost, length=0)
    golden = await live(life, engine, lambda _: counting)
    dice = random.Random(f"{SEED} {name}")  # noqa: S311 - the same sample each time
    free = asyncio.Semaphore(AT_ONCE)
    failed: list[str] = []

    async def once(what: str, plant: Plant) -> None:
        async with free:
            try:
                await live(life, engine, plant)
            except AssertionError as problem:
                failed.append(f"{what}: {problem}")

    wrong = sweeps(counting.count, golden.emulator.calls.total(), dice)
    await asyncio.gather(*(once(what, plant) for what, plant in wrong))
    assert not failed, "\n".join(failed)


LOST = [
    ("CreateJob", "success"),
    ("CreateJob", "failure-with-retries"),
    ("UpdateJob", "failure"),
    ("UpdateJob", "failure-with-retries-removed-at-once"),
    ("UpdateJob", "cancel-by-kill"),
    ("CancelExecution", "cancel-by-signal"),
    ("CancelExecution", "delete-while-running"),
    ("DeleteJob", "success-removed-at-once"),
    ("DeleteJob", "delete-while-running"),
]


@pytest.mark.parametrize(("call", "name"), LOST)
async def test_a_lost_answer_of_google_is_one_execution_and_the_right_result(
    call: str, name: str, engine: DockerEngine
) -> None:
    async with serving(engine.endpoint, PROJECT) as emulator:
        story = CloudStory(ON_CLOUD_RUN[name], emulator=emulator)
        planted = emulator.faults.lose_answer(call)
        await story.live(NO_TROUBLE)
        story.check()
        assert planted.met == 1
