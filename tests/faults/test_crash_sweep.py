"""The operator dies, or loses an answer, at every single effect of a job's life; the invariants hold each time.

I1: an attempt is executed at most once. I2: the outcome is true. I3: phases move forward only (the API server in
memory refuses anything else, so the job would never end). I4: nothing is left of a deleted job.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import pytest
from tests.fakes.fake_kube import FakeKube
from tests.fakes.operator_rig import CLUSTER, PATIENCE, OperatorRig, new_engine, until
from tests.fakes.troubles import NO_TROUBLE, CrashAt, LoseAt, Trouble, When

from containerjob_api.phases import TERMINAL
from containerjob_operator.errors import HostUnavailable, KubeUnavailable

KUBE_EFFECTS = frozenset({"get ContainerJob", "patch ContainerJob"})
ENGINE_EFFECTS = frozenset({"create", "start", "inspect", "signal_stop", "kill", "remove", "tail"})
COUNTED = KUBE_EFFECTS | ENGINE_EFFECTS
AT_ONCE = 150
"""Lives lived at a time: they mostly wait."""


class Engine(Protocol):
    """What a life is judged by."""

    @property
    def starts(self) -> int:
        """How many containers were ever started."""
        ...

    @property
    def containers(self) -> Collection[object]:
        """What is there."""
        ...


User = Callable[[FakeKube, Engine], Coroutine[Any, Any, None]]


async def nobody(_kube: FakeKube, _engine: Engine) -> None:
    """Do nothing."""


async def cancel_when_running(kube: FakeKube, engine: Engine) -> None:
    """Cancel the job once its container runs."""
    await until(lambda: engine.starts, "the container runs")
    kube.edit_job({"spec": {"cancel": True}})


async def delete_when_running(kube: FakeKube, engine: Engine) -> None:
    """Delete the job once its container runs."""
    await until(lambda: engine.starts, "the container runs")
    kube.delete_job()


async def suspend_then_resume_then_cancel(kube: FakeKube, engine: Engine) -> None:
    """Suspend the job once its container runs, resume it when it is suspended, and cancel it when it runs again."""
    await until(lambda: engine.starts, "the container runs")
    kube.edit_job({"spec": {"suspend": True}})
    await until(lambda: kube.status().get("phase") == "Suspended", "the job is suspended")
    kube.edit_job({"spec": {"suspend": False}})
    await until(lambda: engine.starts == 2, "the next container runs")
    kube.edit_job({"spec": {"cancel": True}})


async def cancel_between_attempts(kube: FakeKube, _engine: Engine) -> None:
    """Cancel the job while it waits for its next attempt."""
    await until(lambda: kube.status().get("phase") == "Retrying", "an attempt has failed")
    kube.edit_job({"spec": {"cancel": True}})


async def delete_when_bound(kube: FakeKube, _engine: Engine) -> None:
    """Delete the job once its host is written down."""
    await until(lambda: kube.status().get("attemptCount"), "the job is bound")
    kube.delete_job()


@dataclass(frozen=True)
class Life:
    """A job, what its user does, and how it has to end."""

    spec: dict[str, Any]
    phase: str = ""
    """Empty where the job is deleted."""
    exit_codes: frozenset[int | None] = frozenset()
    starts: frozenset[int] = frozenset({1})
    reason: str = ""
    user: User = nobody
    settings: dict[str, Any] = field(default_factory=dict)
    host: dict[str, Any] = field(default_factory=dict)
    attempts: int = 1


LONG = {"argv": ["sleep", "60"]}
POLITE = {"argv": ["sh", "-c", "trap 'exit 7' TERM; sleep 60 & wait"]}
LIVES = {
    "success": Life({"argv": ["true"]}, "Succeeded", frozenset({0})),
    "success-removed-at-once": Life(
        {"argv": ["true"]}, "Succeeded", frozenset({0}), host={"containerRetentionSeconds": 0}
    ),
    "failure": Life({"argv": ["sh", "-c", "echo oops >&2; sleep 0.05; exit 3"]}, "Failed", frozenset({3})),
    "no-such-image": Life({"image": "missing/app"}, "Failed", frozenset({None}), frozenset({0}), "ImageNotFound"),
    "no-such-entrypoint": Life({"argv": ["/nope"]}, "Failed", frozenset({127}), frozenset({0}), "StartError"),
    "failure-with-retries": Life(
        {"argv": ["sh", "-c", "exit 3"], "backoffLimit": 2, "retryPolicy": {"initialDelaySeconds": 0}},
        "Failed",
        frozenset({3}),
        frozenset({3}),
        "BackoffLimitExceeded",
        attempts=3,
    ),
    "failure-with-retries-removed-at-once": Life(
        {"argv": ["sh", "-c", "exit 3"], "backoffLimit": 1, "retryPolicy": {"initialDelaySeconds": 0}},
        "Failed",
        frozenset({3}),
        frozenset({2}),
        "BackoffLimitExceeded",
        host={"containerRetentionSeconds": 0},
        attempts=2,
    ),
    "suspend-and-resume": Life(
        LONG,
        "Cancelled",
        frozenset({137}),
        frozenset({2}),
        "Cancelled",
        user=suspend_then_resume_then_cancel,
        attempts=2,
    ),
    "cancel-between-attempts": Life(
        {"argv": ["sh", "-c", "exit 3"], "backoffLimit": 2, "retryPolicy": {"initialDelaySeconds": 60}},
        "Cancelled",
        frozenset({3}),
        user=cancel_between_attempts,
    ),
    "cancel-by-kill": Life(LONG, "Cancelled", frozenset({137}), user=cancel_when_running),
    "cancel-by-signal": Life(
        POLITE, "Cancelled", frozenset({7}), user=cancel_when_running, settings={"termination_grace_seconds": 30}
    ),
    "deadline": Life(
        {**LONG, "activeDeadlineSeconds": 1},
        "TimedOut",
        frozenset({137, None}),
        frozenset({0, 1}),
        "DeadlineExceeded",
    ),
    "delete-while-running": Life(LONG, user=delete_when_running),
    "delete-while-launching": Life(LONG, starts=frozenset({0, 1}), user=delete_when_bound),
}


@dataclass
class Story:
    """One life on parts of its own."""

    rig: ClassVar[type[OperatorRig]] = OperatorRig
    life: Life
    kube: FakeKube = field(default_factory=FakeKube)
    cluster: str = CLUSTER
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine, endpoint = self.new_engine()
        self.add_host(endpoint)
        self.kube.create_job(**self.life.spec)

    def new_engine(self) -> tuple[Engine, str]:
        """Return where it runs; a fake engine that is nobody else's."""
        return new_engine()

    def add_host(self, endpoint: str) -> None:
        """Register where it runs."""
        self.kube.create_host("h1", endpoint, **self.life.host)

    def operator(self, trouble: Trouble = NO_TROUBLE) -> OperatorRig:
        """Start an operator over what there is."""
        self.kube.fake.trouble = trouble
        return self.rig(self.kube, trouble=trouble, cluster=self.cluster, **self.life.settings)

    def over(self) -> bool:
        """Say whether everything is as it shall be."""
        if ("ContainerJob", "team-a", "hello") not in self.kube.fake.objects:
            return not self.engine.containers
        ended = bool(self.life.phase) and self.kube.status().get("phase") in TERMINAL
        removed = self.life.host.get("containerRetentionSeconds") != 0 or not self.engine.containers
        return ended and removed

    async def live(self, trouble: Trouble, *, lagging: bool = False) -> None:
        """Live through it with one operator, and after a crash with another one."""
        user = asyncio.create_task(self.life.user(self.kube, self.engine))
        crashed = trouble.crashed if isinstance(trouble, CrashAt) else asyncio.Event()
        async with self.operator(trouble).working():
            await until(lambda: self.over() or crashed.is_set(), "the job is over, or the operator")
        if crashed.is_set():
            self.kube.fake.lagging = lagging
            deaf = LoseAt(frozenset({"get ContainerJob"}), 1, When.BEFORE, lost)
            successor = self.operator(deaf if lagging else NO_TROUBLE)
            async with successor.working():
                await until(self.over, "the job is over after all")
                await asyncio.wait_for(successor.settled(), PATIENCE)
        await user

    def made(self) -> int:
        """Count the containers that were not removed before they ran; one that cannot be started was made too."""
        return self.engine.starts + (self.life.reason == "StartError")

    def check(self) -> None:
        """Compare with how it had to end."""
        assert self.engine.starts in self.life.starts
        kept = self.made() if self.life.host.get("containerRetentionSeconds") != 0 else 0
        assert not self.life.phase or len(self.engine.containers) == kept
        if not self.life.phase:
            return
        status = self.kube.status()
        assert (status["phase"], status.get("exitCode") in self.life.exit_codes) == (self.life.phase, True), status
        assert status["attemptCount"] == len(status["attempts"]) == self.life.attempts
        if self.life.reason:
            assert self.kube.condition("Finished")["reason"] == self.life.reason


async def golden(life: Life) -> int:
    """Live undisturbed; return how many effects there were."""
    counting = LoseAt(COUNTED, 0, When.BEFORE, lost, length=0)
    story = Story(life)
    await story.live(counting)
    story.check()
    return counting.count


def lost(what: str) -> BaseException:
    """Return what the caller of an effect gets where its answer is lost."""
    return KubeUnavailable("no answer") if what in KUBE_EFFECTS else HostUnavailable("no answer")


async def sweep(life: Life, make: Callable[[int, When], Trouble], *, lagging: bool = False) -> None:
    """Live once for each side of each effect, and a few more, since a disturbed life may have more of them."""
    effects = await golden(life)
    free = asyncio.Semaphore(AT_ONCE)
    failed: list[str] = []

    async def once(number: int, when: When) -> None:
        async with free:
            story = Story(life)
            try:
                await story.live(make(number, when), lagging=lagging)
                story.check()
            except AssertionError as problem:
                failed.append(f"{when} effect {number} of {effects}: {problem}")

    await asyncio.gather(*(once(number, when) for number in range(1, effects + 5) for when in When))
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("name", LIVES)
async def test_a_crash_at_any_effect_changes_nothing_of_a_jobs_fate(name: str) -> None:
    await sweep(LIVES[name], lambda number, when: CrashAt(COUNTED, number, when))


@pytest.mark.parametrize("name", LIVES)
async def test_a_lost_answer_of_any_effect_changes_nothing_of_a_jobs_fate(name: str) -> None:
    await sweep(LIVES[name], lambda number, when: LoseAt(COUNTED, number, when, lost))


@pytest.mark.parametrize("name", LIVES)
async def test_an_outage_from_any_effect_on_changes_nothing_of_a_jobs_fate(name: str) -> None:
    await sweep(LIVES[name], lambda number, when: LoseAt(COUNTED, number, when, lost, length=2))


@pytest.mark.parametrize("name", LIVES)
async def test_an_old_list_and_a_read_that_fails_after_a_crash_change_nothing_of_a_jobs_fate(name: str) -> None:
    await sweep(LIVES[name], lambda number, when: CrashAt(COUNTED, number, when), lagging=True)
